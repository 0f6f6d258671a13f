#ifndef WASMOTE_PORT_MPHALPORT_H
#define WASMOTE_PORT_MPHALPORT_H

#include <stddef.h>
#include <stdint.h>

#include "core.h"
#include "net/net.h"
#include "ticks.h"

#define MICROPY_BEGIN_ATOMIC_SECTION()      core_mask()
#define MICROPY_END_ATOMIC_SECTION(state)   core_unmask(state)
#define MICROPY_INTERNAL_WFE(timeout_ms)    ticks_wait_event(timeout_ms)

#define MICROPY_INTERNAL_EVENT_HOOK         net_poll()

#define mp_hal_ticks_cpu()                  ticks_get_low()
#define mp_hal_ticks_us()                   ((uint32_t)ticks_us())
#define mp_hal_ticks_ms()                   ((uint32_t)(ticks_us() / 1000))

void mp_hal_set_interrupt_char(int c);

#endif
