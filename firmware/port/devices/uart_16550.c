// 16550 UART (National Semiconductor PC16550D), a byte a register, with its queue of 16.
#include "mpconfigboard.h"
#include "reg.h"
#include "uart.h"

#define REG(n)          REG8(BOARD_UART0_BASE + (n))
#define DATA            REG(0) // with LCR_DIVISOR: divisor, low byte
#define IER             REG(1) // with LCR_DIVISOR: divisor, high byte
#define FCR             REG(2)
#define LCR             REG(3)
#define LSR             REG(5)

#define IER_RX          (1u << 0)
// On, both queues empty; interrupt with 14 characters, or when no more come
#define FCR_ON          (3u << 6 | 7)
#define LCR_8_BITS      (3u << 0)
#define LCR_DIVISOR     (1u << 7)
#define LSR_RX          (1u << 0)
#define LSR_TX_EMPTY    (1u << 5)

void uart_device_init(void) {
    LCR = LCR_DIVISOR;
    DATA = 1; // as fast as it goes: "no more come" is four characters' time
    IER = 0;
    LCR = LCR_8_BITS;
    FCR = FCR_ON;
    IER = IER_RX;
}

bool uart_device_holds(void) {
    return LSR & LSR_RX;
}

uint8_t uart_device_get(void) {
    return DATA;
}

void uart_device_put(uint8_t c) {
    while (!(LSR & LSR_TX_EMPTY)) {
    }
    DATA = c;
}

// Characters interrupt as long as they are there: nothing to acknowledge.
void uart_device_acknowledge(void) {
}

void uart_device_listen(bool on) {
    IER = on ? IER_RX : 0;
}
