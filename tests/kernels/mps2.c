// CMSDK timer 0: 25 MHz, and -icount shift=0 makes an instruction 1 ns.
#include "machine.h"

#define TIMER0_CTRL (*(volatile uint32_t *)0x40000000)
#define TIMER0_VALUE (*(volatile uint32_t *)0x40000004)
#define TIMER0_RELOAD (*(volatile uint32_t *)0x40000008)
#define INSTRUCTIONS_PER_TICK 40u

void machine_begin(void) {
    TIMER0_RELOAD = 0xFFFFFFFFu;
    TIMER0_VALUE = 0xFFFFFFFFu;
    TIMER0_CTRL = 1;
}

uint32_t instructions(void) {
    return (0xFFFFFFFFu - TIMER0_VALUE) * INSTRUCTIONS_PER_TICK;
}
