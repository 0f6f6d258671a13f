// This machine counts no instructions; AddressSanitizer sees a step outside.
#include <stdlib.h>

#include "machine.h"

uint32_t instructions(void) {
    return 0;
}

uint8_t *machine_memory(bool is_blob, uint32_t bytes) {
    (void)is_blob;
    return malloc(bytes ? bytes : 1);
}

void machine_free(uint8_t *memory) {
    free(memory);
}
