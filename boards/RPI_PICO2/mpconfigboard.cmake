set(PICO_BOARD pico2)
set(PICO_PLATFORM rp2350)
# Of 4 MiB of flash: the firmware, then the agent store, then the file system.
math(EXPR RP2_FIRMWARE_BYTES "1024 * 1024")
