// Best fit over one chain of blocks that lie behind each other without gaps. A walk over
// the chain is the only search: an agent makes some dozens of blocks and makes them at
// load, so speed does not matter and a second structure would only cost memory.
#include "pool.h"

#include <string.h>

typedef struct {
    uint32_t size; // of the whole block, a multiple of 8
    avm_owner_t owner; // 0: free
} block_t;

// A rest smaller than this stays with its block: it could hold nothing.
#define SMALLEST (AVM_POOL_HEADER_BYTES + 8)

static block_t *first_block(const avm_pool_t *pool) {
    return (block_t *)(void *)pool->base;
}

static block_t *after(block_t *block) {
    return (block_t *)(void *)((uint8_t *)block + block->size);
}

static block_t *end_of(const avm_pool_t *pool) {
    return (block_t *)(void *)(pool->base + pool->size);
}

static block_t *block_of(const void *bytes) {
    return (block_t *)(void *)((uint8_t *)(uintptr_t)bytes - AVM_POOL_HEADER_BYTES);
}

static void *bytes_of(block_t *block) {
    return (uint8_t *)block + AVM_POOL_HEADER_BYTES;
}

// 0 when the request cannot be met by any pool.
static uint32_t block_size(size_t bytes) {
    if (bytes == 0 || bytes > UINT32_MAX - AVM_POOL_HEADER_BYTES - 7) {
        return 0;
    }
    return ((uint32_t)bytes + AVM_POOL_HEADER_BYTES + 7) & ~(uint32_t)7;
}

static void count(avm_pool_t *pool, uint32_t added, uint32_t removed) {
    pool->used = pool->used + added - removed;
    if (pool->used > pool->peak) {
        pool->peak = pool->used;
    }
}

// Joins the free blocks that lie right behind `block`, which may be in use.
static void absorb_free(avm_pool_t *pool, block_t *block) {
    while (after(block) != end_of(pool) && after(block)->owner == 0) {
        block->size += after(block)->size;
    }
}

static void join_free(avm_pool_t *pool) {
    for (block_t *block = first_block(pool); block != end_of(pool); block = after(block)) {
        if (block->owner == 0) {
            absorb_free(pool, block);
        }
    }
}

// Cuts `block` down to `size`; the rest becomes a free block.
static void split(block_t *block, uint32_t size) {
    if (block->size - size < SMALLEST) {
        return;
    }
    block_t *rest = (block_t *)(void *)((uint8_t *)block + size);
    rest->size = block->size - size;
    rest->owner = 0;
    block->size = size;
}

static block_t *best_fit(const avm_pool_t *pool, uint32_t size) {
    block_t *best = NULL;
    for (block_t *block = first_block(pool); block != end_of(pool); block = after(block)) {
        if (block->owner == 0 && block->size >= size && (best == NULL || block->size < best->size)) {
            best = block;
        }
    }
    return best;
}

bool avm_pool_init(avm_pool_t *pool, void *base, size_t bytes) {
    size_t skip = (size_t)(-(uintptr_t)base & 7);
    memset(pool, 0, sizeof(*pool));
    if (base == NULL || bytes < skip + SMALLEST) {
        return false;
    }
    bytes = (bytes - skip) & ~(size_t)7;
    pool->base = (uint8_t *)base + skip;
    pool->size = bytes > UINT32_MAX ? UINT32_MAX & ~(uint32_t)7 : (uint32_t)bytes;
    first_block(pool)->size = pool->size;
    first_block(pool)->owner = 0;
    return true;
}

static block_t *take(avm_pool_t *pool, avm_owner_t owner, size_t bytes) {
    uint32_t size = block_size(bytes);
    block_t *block = size && pool->base ? best_fit(pool, size) : NULL;
    if (block == NULL) {
        return NULL;
    }
    split(block, size);
    block->owner = owner;
    count(pool, block->size, 0);
    return block;
}

void *avm_pool_open(avm_pool_t *pool, size_t bytes) {
    block_t *block = take(pool, 1, bytes);
    if (block == NULL) {
        return NULL;
    }
    // The offset of its first block (never 0) tells owners apart as long as that block lives.
    block->owner = (avm_owner_t)((uint8_t *)bytes_of(block) - pool->base);
    return bytes_of(block);
}

avm_owner_t avm_pool_owner(const void *block) {
    return block_of(block)->owner;
}

void *avm_pool_alloc(avm_pool_t *pool, avm_owner_t owner, size_t bytes) {
    block_t *block = take(pool, owner, bytes);
    return block == NULL ? NULL : bytes_of(block);
}

static void *move(avm_pool_t *pool, block_t *block, size_t bytes) {
    void *to = avm_pool_alloc(pool, block->owner, bytes);
    if (to == NULL) {
        return NULL;
    }
    memcpy(to, bytes_of(block), block->size - AVM_POOL_HEADER_BYTES);
    avm_pool_free(pool, bytes_of(block));
    return to;
}

void *avm_pool_resize(avm_pool_t *pool, void *bytes, size_t wanted) {
    block_t *block = block_of(bytes);
    uint32_t size = block_size(wanted);
    if (size == 0) {
        return NULL;
    }
    uint32_t before = block->size;
    absorb_free(pool, block);
    if (block->size < size) {
        // Give back what it took: the copy may need it.
        split(block, before);
        return move(pool, block, wanted);
    }
    split(block, size);
    count(pool, block->size, before);
    return bytes;
}

void avm_pool_free(avm_pool_t *pool, void *bytes) {
    block_t *block = block_of(bytes);
    block->owner = 0;
    count(pool, 0, block->size);
    join_free(pool);
}

void avm_pool_release(avm_pool_t *pool, avm_owner_t owner) {
    for (block_t *block = first_block(pool); block != end_of(pool); block = after(block)) {
        if (block->owner == owner) {
            block->owner = 0;
            count(pool, 0, block->size);
        }
    }
    join_free(pool);
}

uint32_t avm_pool_held(const avm_pool_t *pool, avm_owner_t owner) {
    uint32_t held = 0;
    for (block_t *block = first_block(pool); block != end_of(pool); block = after(block)) {
        held += block->owner == owner ? block->size : 0;
    }
    return held;
}

uint32_t avm_pool_free_bytes(const avm_pool_t *pool) {
    return pool->size - pool->used;
}

uint32_t avm_pool_largest(const avm_pool_t *pool) {
    uint32_t largest = 0;
    for (block_t *block = first_block(pool); block != end_of(pool); block = after(block)) {
        if (block->owner == 0 && block->size > largest) {
            largest = block->size;
        }
    }
    return largest ? largest - AVM_POOL_HEADER_BYTES : 0;
}

static bool block_ok(const avm_pool_t *pool, const block_t *block, size_t offset, bool after_free) {
    if (block->size < SMALLEST || block->size % 8 != 0 || block->size > pool->size - offset) {
        return false;
    }
    return !(after_free && block->owner == 0);
}

bool avm_pool_check(const avm_pool_t *pool) {
    uint32_t used = 0;
    bool after_free = false;
    for (size_t offset = 0; offset < pool->size;) {
        const block_t *block = (const block_t *)(const void *)(pool->base + offset);
        if (!block_ok(pool, block, offset, after_free)) {
            return false;
        }
        after_free = block->owner == 0;
        used += after_free ? 0 : block->size;
        offset += block->size;
    }
    return used == pool->used && pool->used <= pool->peak;
}
