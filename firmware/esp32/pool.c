// The agent pool, out of ESP-IDF's heap: as a static array it would have to fit what the linker
// calls RAM, which on some chips is less than half of it.
#include "esp_heap_caps.h"
#include "modwasm3/modwasm3.h"

#define POOL_ALIGN (8)

// Internal memory: external memory is slower by far.
bool wasm3_pool_reserve(size_t bytes, void **base) {
    static void *memory; // lasts over soft resets
    static size_t reserved;
    if (bytes > BOARD_POOL_MAX_BYTES) {
        return false;
    }
    if (bytes > reserved) {
        heap_caps_free(memory);
        memory = heap_caps_aligned_alloc(POOL_ALIGN, bytes, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
        reserved = memory == NULL ? 0 : bytes;
    }
    *base = memory;
    return memory != NULL;
}
