// The cause of a reset is handed over in RAM that start-up leaves alone: AN386 has no
// register for it.
#include <stdint.h>

#include "cortexm.h"
#include "resetcause.h"

#define MAGIC (0x57435352)

__attribute__((section(".noinit"))) static struct {
    uint32_t magic;
    uint32_t cause;
} handed_over;

static resetcause_t resetcause;

void resetcause_init(void) {
    resetcause = handed_over.magic == MAGIC ? (resetcause_t)handed_over.cause : RESETCAUSE_POWER_ON;
    resetcause_arm(RESETCAUSE_HARD);
}

resetcause_t resetcause_get(void) {
    return resetcause;
}

void resetcause_arm(resetcause_t cause) {
    handed_over.magic = MAGIC;
    handed_over.cause = cause;
}

void resetcause_reset(resetcause_t cause) {
    resetcause_arm(cause);
    cortexm_reset();
}
