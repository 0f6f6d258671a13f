// Included by MicroPython's extmod/machine_wdt.c: the CMSDK APB watchdog (Arm DDI 0479,
// section 4.6). Its first time-out is an NMI, which says where the board was stuck and resets
// it; should that fail, the second one resets it without a word.
#include "core.h"

#define WDT_LOAD        REG32(BOARD_WATCHDOG_BASE + 0x000)
#define WDT_CONTROL     REG32(BOARD_WATCHDOG_BASE + 0x008)
#define WDT_INTCLR      REG32(BOARD_WATCHDOG_BASE + 0x00C)
#define WDT_CONTROL_ON  (3) // interrupt and reset

// 2^32 ticks
#define WDT_TIMEOUT_MAX_MS ((mp_int_t)(0xFFFFFFFF / (BOARD_WATCHDOG_HZ / 1000)))

struct _machine_wdt_obj_t {
    mp_obj_base_t base;
};

static machine_wdt_obj_t machine_wdt = { { &machine_wdt_type } };

#if MICROPY_VERSION >= MICROPY_MAKE_VERSION(1, 29, 0)
typedef mp_obj_t wdt_id_t;
#define WDT_ID_IS_0(id) ((id) == MP_OBJ_NEW_SMALL_INT(0))
#else
typedef mp_int_t wdt_id_t;
#define WDT_ID_IS_0(id) ((id) == 0)
#endif

static machine_wdt_obj_t *mp_machine_wdt_make_new_instance(wdt_id_t id, mp_int_t timeout_ms) {
    if (!WDT_ID_IS_0(id)) {
        mp_raise_ValueError(MP_ERROR_TEXT("only WDT(0) exists"));
    }
    if (timeout_ms < 1 || timeout_ms > WDT_TIMEOUT_MAX_MS) {
        mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("timeout: %d is not in 1..%d ms"),
            (int)timeout_ms, (int)WDT_TIMEOUT_MAX_MS);
    }
    WDT_LOAD = timeout_ms * (BOARD_WATCHDOG_HZ / 1000);
    WDT_CONTROL = WDT_CONTROL_ON;
    return &machine_wdt;
}

static void mp_machine_wdt_feed(machine_wdt_obj_t *self) {
    WDT_INTCLR = 1; // loads the counter afresh
}
