// The UUID that QEMU was given (-uuid), by its firmware configuration device.
#include "mpconfigboard.h"
#include "reg.h"
#include "identity.h"

#define DATA            REG8(BOARD_FWCFG_BASE)
#define SELECTOR        (*(volatile uint16_t *)(BOARD_FWCFG_BASE + 8))
#define SELECT_UUID     (0x0200) // 2, big-endian

size_t identity_get(uint8_t id[IDENTITY_MAX_BYTES]) {
    SELECTOR = SELECT_UUID;
    for (size_t i = 0; i < IDENTITY_MAX_BYTES; ++i) {
        id[i] = DATA;
    }
    return IDENTITY_MAX_BYTES;
}
