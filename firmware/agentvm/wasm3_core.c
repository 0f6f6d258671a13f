// wasm3's m3_core.c, unmodified, but its memory comes from heap.h.
#include "wasm3_config.h"

#include "heap.h"

#include <stdlib.h>

#define calloc avm_heap_calloc
#define realloc avm_heap_realloc
#define free avm_heap_free

#include "m3_core.c"
