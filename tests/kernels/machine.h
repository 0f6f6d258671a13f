// What the program needs of the machine that it runs on.
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

// Before main, on boards.
void machine_begin(void);

// Instructions since the beginning, modulo 2^32; 0 where nothing counts them.
uint32_t instructions(void);

// Memory of a case, as a rule behind whose end, rounded up to 4 bytes, an access faults. One at a
// time of either kind.
uint8_t *machine_memory(bool is_blob, uint32_t bytes);
void machine_free(uint8_t *memory);

#endif
