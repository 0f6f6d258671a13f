#include "heap.h"

#include <string.h>

// One at a time: the interpreter runs in one thread, and calls nest.
static avm_heap_t *in_use;

static void *pool_resize(avm_heap_t *heap, void *block, size_t bytes) {
    avm_pool_heap_t *self = (avm_pool_heap_t *)heap;
    if (block == NULL) {
        return avm_pool_alloc(self->pool, self->owner, bytes);
    }
    if (bytes == 0) {
        avm_pool_free(self->pool, block);
        return NULL;
    }
    return avm_pool_resize(self->pool, block, bytes);
}

void avm_pool_heap_init(avm_pool_heap_t *heap, avm_pool_t *pool, avm_owner_t owner) {
    memset(heap, 0, sizeof(*heap));
    heap->heap.resize = pool_resize;
    heap->pool = pool;
    heap->owner = owner;
}

avm_heap_t *avm_heap_use(avm_heap_t *heap) {
    avm_heap_t *before = in_use;
    in_use = heap;
    return before;
}

static void *resize(void *block, size_t bytes) {
    void *got = in_use->resize(in_use, block, bytes);
    if (got == NULL) {
        in_use->wanted = bytes;
        if (in_use->escape != NULL) {
            longjmp(*in_use->escape, 1);
        }
    }
    return got;
}

void *avm_heap_calloc(size_t count, size_t bytes) {
    // wasm3 passes a count of bytes and 1, and asks for empty arrays too.
    size_t all = count * bytes;
    if (all == 0) {
        all = 1;
    }
    void *block = resize(NULL, all);
    if (block != NULL) {
        memset(block, 0, all);
    }
    return block;
}

void *avm_heap_realloc(void *block, size_t bytes) {
    return resize(block, bytes == 0 ? 1 : bytes);
}

void avm_heap_free(void *block) {
    if (block != NULL) {
        in_use->resize(in_use, block, 0);
    }
}
