set(PICO_BOARD pico)
set(PICO_PLATFORM rp2040)
# Of 2 MiB of flash: the firmware, then the agent store, then the file system.
math(EXPR RP2_FIRMWARE_BYTES "640 * 1024")
