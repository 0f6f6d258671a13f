// Whether bytes are text. (MicroPython's own check changes its name from release to release.)
#ifndef AGENTVM_UTF8_H
#define AGENTVM_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Well-formed UTF-8: nothing cut, overlong, beyond U+10FFFF or of the surrogates.
bool avm_utf8_check(const uint8_t *bytes, size_t length);

#endif
