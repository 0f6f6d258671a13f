// Raspberry Pi Pico 2: RP2350, 520 KiB of RAM, 4 MiB of flash.
#define MICROPY_HW_BOARD_NAME           "RPI_PICO2"

// The file system, at the end of the flash.
#define MICROPY_HW_FLASH_STORAGE_BYTES  (1024 * 1024)

// Reserved whether the configuration asks for it or not.
#define WASM3_POOL_BYTES                (256 * 1024)
