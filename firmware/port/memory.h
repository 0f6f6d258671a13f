#ifndef WASMOTE_PORT_MEMORY_H
#define WASMOTE_PORT_MEMORY_H

// Shares RAM out between the garbage-collected heap and the agent pool: see memory.c.
#include <stdbool.h>
#include <stddef.h>

// Sets the heap up with its own region; the flex region is nobody's again.
void memory_init(void);

// Takes the agent pool out of the flex region and gives the rest to the heap. Once after
// each memory_init(). False: there is not that much, or the pool is taken already.
bool wasm3_pool_reserve(size_t bytes, void **base);

#endif
