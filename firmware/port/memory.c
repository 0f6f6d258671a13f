// The heap has a region of its own. The flex region behind it belongs to nobody until the
// agent pool is reserved, once, with the size that the configuration asks for; what that
// leaves over goes to the heap.
#include <stdint.h>

#include "py/gc.h"
#include "py/mpstate.h"
#include "shared/runtime/gchelper.h"

#include "memory.h"

extern uint8_t _heap_start, _heap_end, _flex_start, _flex_end;

#define POOL_ALIGN      (16)
// Less than this is not worth the collector's tables for a second region.
#define REST_MIN_BYTES  (1024)

static bool pool_reserved;

void memory_init(void) {
    gc_init(&_heap_start, &_heap_end);
    pool_reserved = false;
}

// The pool lies at the end, so that the heap's two regions are neighbours.
bool wasm3_pool_reserve(size_t bytes, void **base) {
    size_t size = (bytes + POOL_ALIGN - 1) & ~(size_t)(POOL_ALIGN - 1);
    if (pool_reserved || bytes > (size_t)(&_flex_end - &_flex_start)) {
        return false;
    }
    pool_reserved = true;
    uint8_t *pool = &_flex_end - size;
    if (pool - &_flex_start >= REST_MIN_BYTES) {
        gc_add(&_flex_start, pool);
    }
    *base = pool;
    return true;
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
}
