// Where wasm3's allocations go: it knows only calloc, realloc and free, so the one who
// calls into it says beforehand whose memory it works with.
#ifndef AGENTVM_HEAP_H
#define AGENTVM_HEAP_H

#include "pool.h"

#include <setjmp.h>

typedef struct avm_heap avm_heap_t;

struct avm_heap {
    // Like realloc: `block` NULL makes one, `bytes` 0 frees one. What is added may hold
    // anything.
    void *(*resize)(avm_heap_t *heap, void *block, size_t bytes);
    // Where to go when memory runs out; NULL: the caller of calloc or realloc gets NULL.
    // wasm3 does not survive that while it parses or compiles, and what it has built by
    // then is thrown away with the heap in any case.
    jmp_buf *escape;
    size_t wanted; // the request that failed last
};

typedef struct {
    avm_heap_t heap;
    avm_pool_t *pool;
    avm_owner_t owner;
} avm_pool_heap_t;

void avm_pool_heap_init(avm_pool_heap_t *heap, avm_pool_t *pool, avm_owner_t owner);

// Makes `heap` (or nobody's) the one in use and returns the one before, to be put back.
avm_heap_t *avm_heap_use(avm_heap_t *heap);

// What wasm3 calls instead of the C library's.
void *avm_heap_calloc(size_t count, size_t bytes);
void *avm_heap_realloc(void *block, size_t bytes);
void avm_heap_free(void *block);

#endif
