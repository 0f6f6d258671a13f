#ifndef WASMOTE_PORT_FLASH_IVSHMEM_H
#define WASMOTE_PORT_FLASH_IVSHMEM_H

// Brings the flash to BOARD_FLASH_BASE: see flash_ivshmem.c. After every reset.
void flash_ivshmem_map(void);

#endif
