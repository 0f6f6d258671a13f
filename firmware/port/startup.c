#include <stdint.h>

#include "mpconfigboard.h"
#include "core.h"
#include "fault.h"
#include "guard.h"
#include "startup.h"
#include "ticks.h"
#include "uart.h"

// What the board's memory needs before it is all there.
#ifndef BOARD_EARLY_INIT
#define BOARD_EARLY_INIT()
#endif

extern uint32_t _sidata, _sdata, _edata, _sbss, _ebss;

int main(void);

static void copy_data(void) {
    for (uint32_t *from = &_sidata, *to = &_sdata; to < &_edata;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &_sbss; to < &_ebss;) {
        *to++ = 0;
    }
}

void startup(void) {
    copy_data();
    guard_stacks();
    fault_init();
    BOARD_EARLY_INIT();
    uart_init();
    ticks_init();
    main();
    core_reset();
}
