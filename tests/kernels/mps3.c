// The system counter of SSE-300: 32 MHz, and -icount shift=0 makes an instruction 1 ns, so that
// four ticks are 125 instructions.
#include "machine.h"

#define CNTCR (*(volatile uint32_t *)0x58100000)
#define CNTCV_LOW (*(volatile uint32_t *)0x58100008)
#define CNTCV_HIGH (*(volatile uint32_t *)0x5810000C)

void machine_begin(void) {
    CNTCR = 1;
}

uint32_t instructions(void) {
    uint32_t high, low;
    do {
        high = CNTCV_HIGH;
        low = CNTCV_LOW;
    } while (high != CNTCV_HIGH);
    return (uint32_t)(((uint64_t)high << 32 | low) * 125u / 4u);
}
