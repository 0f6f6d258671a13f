// The runner of the C tests: cases, each of which passes when none of its checks failed.
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Begins a case; the one before is over.
void check_case(const char *name);

// Says what was wrong (printf) when it was; returns `ok`.
bool check(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Both as text.
bool check_text(const char *got, const char *want);
// That `text` holds `part`.
bool check_holds(const char *text, const char *part);

// Notes a case that cannot run here, and why.
void check_skip(const char *name, const char *why);

// Prints "N passed, N failed, N skipped"; what main returns.
int check_end(void);

#endif
