#include <string.h>

#include "fault.h"
#include "uart.h"

void fault_put(const char *text) {
    uart_tx((const uint8_t *)text, strlen(text));
}

void fault_put_hex(const char *name, uint32_t value) {
    char text[10];
    for (int i = 0; i < 8; ++i) {
        text[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
    }
    text[8] = ' ';
    text[9] = 0;
    fault_put(name);
    fault_put(text);
}

void fault_begin(const char *what) {
    fault_put("\r\nFATAL: ");
    fault_put(what);
    fault_put("\r\n");
}

void fault_end(resetcause_t cause) {
    fault_put("\r\nreset\r\n");
    resetcause_reset(cause);
}

void fault_stop(const char *what) {
    fault_begin(what);
    fault_put("reset\r\n");
    resetcause_reset(RESETCAUSE_FAULT);
}
