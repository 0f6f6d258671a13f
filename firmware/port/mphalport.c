// What MicroPython's runtime asks of the port: serial port, time, sleeping.
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "clock.h"
#include "uart.h"

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    uintptr_t ready = poll_flags & MP_STREAM_POLL_WR;
    if (poll_flags & MP_STREAM_POLL_RD && uart_rx_any()) {
        ready |= MP_STREAM_POLL_RD;
    }
    return ready;
}

int mp_hal_stdin_rx_chr(void) {
    for (;;) {
        int c = uart_rx();
        if (c >= 0) {
            return c;
        }
        mp_event_wait_indefinite();
    }
}

mp_uint_t mp_hal_stdout_tx_strn(const char *str, size_t len) {
    uart_tx((const uint8_t *)str, len);
    return len;
}

void mp_hal_delay_ms(mp_uint_t ms) {
    uint64_t end = ticks_us() + (uint64_t)ms * 1000;
    mp_event_handle_nowait();
    for (uint64_t now; (now = ticks_us()) < end;) {
        mp_event_wait_ms((end - now + 999) / 1000);
    }
}

// Short delays spin, as their users expect of microseconds.
void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = ticks_us() + us;
    if (us > 10000) {
        mp_hal_delay_ms(us / 1000 - 1);
    }
    while (ticks_us() < end) {
    }
}

uint64_t mp_hal_time_ns(void) {
    return clock_get_us() * 1000;
}
