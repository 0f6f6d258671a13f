// The cause of a reset is handed over in RAM that start-up leaves alone: the boards
// have no register for it.
#include <stdint.h>

#include "core.h"
#include "resetcause.h"

#define MAGIC (0x57435352)

__attribute__((section(".noinit"))) static struct {
    uint32_t magic;
    uint32_t cause;
} handed_over;

static resetcause_t resetcause;

static void hand_over(resetcause_t cause) {
    handed_over.magic = MAGIC;
    handed_over.cause = cause;
}

void resetcause_init(void) {
    resetcause = handed_over.magic == MAGIC ? (resetcause_t)handed_over.cause : RESETCAUSE_POWER_ON;
    // Nothing of ours comes before a reset button, or the watchdog's second time-out.
    hand_over(RESETCAUSE_HARD);
}

resetcause_t resetcause_get(void) {
    return resetcause;
}

void resetcause_reset(resetcause_t cause) {
    hand_over(cause);
    core_reset();
}
