#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *running;
static bool running_ok;
static unsigned passed, failed, skipped;

static void close_case(void) {
    if (running == NULL) {
        return;
    }
    passed += running_ok;
    failed += !running_ok;
    running = NULL;
}

void check_case(const char *name) {
    close_case();
    running = name;
    running_ok = true;
}

bool check(bool ok, const char *format, ...) {
    if (ok) {
        return true;
    }
    va_list values;
    va_start(values, format);
    printf("FAIL %s: ", running);
    vprintf(format, values);
    printf("\n");
    va_end(values);
    running_ok = false;
    return false;
}

bool check_text(const char *got, const char *want) {
    return check(strcmp(got, want) == 0, "\"%s\" instead of \"%s\"", got, want);
}

bool check_holds(const char *text, const char *part) {
    return check(strstr(text, part) != NULL, "\"%s\" does not say \"%s\"", text, part);
}

void check_skip(const char *name, const char *why) {
    close_case();
    skipped++;
    printf("skip %s: %s\n", name, why);
}

int check_end(void) {
    close_case();
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed == 0 && passed > 0 ? 0 : 1;
}
