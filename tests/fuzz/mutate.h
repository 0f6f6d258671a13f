// Changes a module so that it mostly stays valid, for libFuzzer's targets: behind a validator
// changes of single bytes see nearly nothing.
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

// As LLVMFuzzerCustomMutator. What is not a module is changed byte by byte.
size_t mutate_module(uint8_t *bytes, size_t length, size_t most, unsigned seed);

#endif
