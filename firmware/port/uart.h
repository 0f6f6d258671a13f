#ifndef WASMOTE_PORT_UART_H
#define WASMOTE_PORT_UART_H

// The serial port of the REPL: an interrupt-driven receive ring in front of a device.
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

// The device: devices/uart_*.c, one of which a board takes.
void uart_device_init(void);
bool uart_device_holds(void); // a received character
uint8_t uart_device_get(void);
void uart_device_put(uint8_t c);
// At the start of the handler: a character that comes from now on makes another interrupt.
void uart_device_acknowledge(void);
// False: characters are left in the device for a while, and must not interrupt.
void uart_device_listen(bool on);

#endif
