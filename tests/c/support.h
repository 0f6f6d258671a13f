// What the C tests share: modules from files, a host with a clock, pools, random numbers.
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include "agentvm/agent.h"

typedef struct {
    uint8_t *bytes; // a block of exactly this length, so that the sanitizer sees a step over
    size_t length;
} blob_t;

// Of the folder that prepare.py fills; ends the program when there is no such file.
blob_t blob_read(const char *name);
blob_t blob_copy(const uint8_t *bytes, size_t length);
void blob_free(blob_t *blob);

// Clock, poll and C stack limit for agentvm. support_poll is what the poll hook answers;
// support_polls counts how often it was asked.
extern avm_error_t support_poll;
extern unsigned support_polls;
void support_host(void);
uint32_t support_now_us(void);
// How far the C stack may grow below the frame that calls an agentvm function; 0: no limit.
extern size_t support_stack_bytes;

// env.log and env.now_us; what was logged last stays in support_log.
extern char support_log[129];
extern const avm_grant_t support_grants[2];

// A pool over a block of its own.
typedef struct {
    avm_pool_t pool;
    void *memory;
} test_pool_t;

test_pool_t test_pool_new(size_t bytes);
void test_pool_free(test_pool_t *pool);

// The same numbers every time (xorshift).
uint32_t random_next(uint32_t *state);

// wasm3 0.9.0 and later: modules are validated.
bool support_validates(void);

#endif
