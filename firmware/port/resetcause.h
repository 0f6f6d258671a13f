#ifndef WASMOTE_PORT_RESETCAUSE_H
#define WASMOTE_PORT_RESETCAUSE_H

// Values of machine.reset_cause(), as on other ports of MicroPython.
typedef enum {
    RESETCAUSE_POWER_ON = 1,
    RESETCAUSE_HARD = 2,
    RESETCAUSE_WATCHDOG = 3,
    RESETCAUSE_FAULT = 4,
} resetcause_t;

// Why this run began; call it once, first, at start.
void resetcause_init(void);
resetcause_t resetcause_get(void);

// Resets the board; the next run finds `cause`.
__attribute__((noreturn)) void resetcause_reset(resetcause_t cause);

#endif
