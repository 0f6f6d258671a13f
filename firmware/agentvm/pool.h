// The memory that agents live in: one region, blocks tagged with their owner, so that
// everything an agent ever took goes back in one call, whatever state it is in.
#ifndef AGENTVM_POOL_H
#define AGENTVM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Names the holder of blocks; 0 is nobody.
typedef uint32_t avm_owner_t;

typedef struct {
    uint8_t *base; // 8-byte aligned
    uint32_t size; // a multiple of 8
    uint32_t used; // with headers
    uint32_t peak; // the largest that `used` has been
} avm_pool_t;

// Each block costs this much beside its bytes, which are rounded up to 8.
#define AVM_POOL_HEADER_BYTES 8

// Takes what lies 8-byte aligned within the region; false if that is too little for a block.
bool avm_pool_init(avm_pool_t *pool, void *base, size_t bytes);

// A first block that makes its own owner; NULL when there is no room. avm_pool_owner
// tells who the owner is.
void *avm_pool_open(avm_pool_t *pool, size_t bytes);
avm_owner_t avm_pool_owner(const void *block);

// Contents are undefined (of the added part, for resize). NULL when there is no room, and
// then nothing has changed. `bytes` is at least 1.
void *avm_pool_alloc(avm_pool_t *pool, avm_owner_t owner, size_t bytes);
void *avm_pool_resize(avm_pool_t *pool, void *block, size_t bytes);
void avm_pool_free(avm_pool_t *pool, void *block);

// Frees every block of the owner.
void avm_pool_release(avm_pool_t *pool, avm_owner_t owner);

// What the owner holds, with headers.
uint32_t avm_pool_held(const avm_pool_t *pool, avm_owner_t owner);
uint32_t avm_pool_free_bytes(const avm_pool_t *pool);
// The longest block that can still be had.
uint32_t avm_pool_largest(const avm_pool_t *pool);

// For tests: false when the chain of blocks or the sums do not hold.
bool avm_pool_check(const avm_pool_t *pool);

#endif
