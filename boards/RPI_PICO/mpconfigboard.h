// Raspberry Pi Pico: RP2040, 264 KiB of RAM, 2 MiB of flash.
#define MICROPY_HW_BOARD_NAME           "RPI_PICO"

// The file system, at the end of the flash.
#define MICROPY_HW_FLASH_STORAGE_BYTES  (384 * 1024)

// Reserved whether the configuration asks for it or not.
#define WASM3_POOL_BYTES                (96 * 1024)
