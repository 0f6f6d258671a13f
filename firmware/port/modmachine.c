// Included by MicroPython's extmod/modmachine.c: what `machine` is on this port.
#include "py/mphal.h"

#include "identity.h"
#include "resetcause.h"

#define MICROPY_PY_MACHINE_EXTRA_GLOBALS \
    { MP_ROM_QSTR(MP_QSTR_RTC), MP_ROM_PTR(&machine_rtc_type) }, \
    { MP_ROM_QSTR(MP_QSTR_PWRON_RESET), MP_ROM_INT(RESETCAUSE_POWER_ON) }, \
    { MP_ROM_QSTR(MP_QSTR_HARD_RESET), MP_ROM_INT(RESETCAUSE_HARD) }, \
    { MP_ROM_QSTR(MP_QSTR_WDT_RESET), MP_ROM_INT(RESETCAUSE_WATCHDOG) }, \
    { MP_ROM_QSTR(MP_QSTR_FAULT_RESET), MP_ROM_INT(RESETCAUSE_FAULT) }, \

static mp_obj_t mp_machine_unique_id(void) {
    uint8_t id[IDENTITY_MAX_BYTES];
    return mp_obj_new_bytes(id, identity_get(id));
}

static void mp_machine_reset(void) {
    resetcause_reset(RESETCAUSE_HARD);
}

static mp_int_t mp_machine_reset_cause(void) {
    return resetcause_get();
}

static mp_obj_t mp_machine_get_freq(void) {
    return MP_OBJ_NEW_SMALL_INT(BOARD_CLOCK_HZ);
}

// Finished: the emulated machines' clock is fixed, and MicroPython's ports whose clock is fixed
// raise this for machine.freq(hz).
static void mp_machine_set_freq(size_t n_args, const mp_obj_t *args) {
    mp_raise_NotImplementedError(MP_ERROR_TEXT("the clock is fixed"));
}

static void mp_machine_idle(void) {
    mp_event_wait_ms(1);
}

static void mp_machine_lightsleep(size_t n_args, const mp_obj_t *args) {
    if (n_args == 0) {
        mp_event_wait_indefinite();
    } else {
        mp_hal_delay_ms(mp_obj_get_int(args[0]));
    }
}

static void mp_machine_deepsleep(size_t n_args, const mp_obj_t *args) {
    mp_machine_lightsleep(n_args, args);
    mp_machine_reset();
}
