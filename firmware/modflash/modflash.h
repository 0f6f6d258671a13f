#ifndef WASMOTE_MODFLASH_H
#define WASMOTE_MODFLASH_H

// What a port gives to the module `flash`: one partition that is mapped for reading and
// behaves as NOR flash does (erasing sets a block to 0xFF, writing only clears bits).
#include <stddef.h>
#include <stdint.h>

#include "py/obj.h"

typedef struct {
    const uint8_t *base; // where it is mapped as long as the firmware runs; aligned to 16
    uint32_t bytes; // a multiple of erase_bytes
    uint32_t erase_bytes; // what is erased at once
    uint32_t write_bytes; // offsets and lengths of writes are multiples of it; divides erase_bytes
    int file; // for the port's own use
} flash_partition_t;

// These return 0 or an errno. Offsets and lengths have been checked. What is written may lie
// anywhere but in the partition itself.

// `args` are those of Partition(): a port with one fixed partition takes none.
int flash_port_open(flash_partition_t *partition, size_t n_args, const mp_obj_t *args);
int flash_port_erase(const flash_partition_t *partition, uint32_t offset);
int flash_port_write(const flash_partition_t *partition, uint32_t offset, const uint8_t *data,
    size_t bytes);
// What was erased and written is to last from here on.
int flash_port_sync(const flash_partition_t *partition);

#endif
