#ifndef WASMOTE_PORT_UART_H
#define WASMOTE_PORT_UART_H

// The serial port of the REPL: CMSDK UART 0 with an interrupt-driven receive ring.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// mpremote's raw paste may have this many bytes under way.
#define UART_RX_BYTES (1024)

void uart_init(void);
bool uart_rx_any(void);
int uart_rx(void); // -1: nothing there
void uart_tx(const uint8_t *data, size_t len);
void uart_rx_irq(void);

#endif
