// CMSDK APB UART (Arm DDI 0479, section 4.4), which holds one character.
#include "mpconfigboard.h"
#include "uart.h"

typedef struct {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t ctrl;
    volatile uint32_t intstatus;
    volatile uint32_t bauddiv;
} cmsdk_uart_t;

#define UART            ((cmsdk_uart_t *)BOARD_UART0_BASE)
#define STATE_TX_FULL   (1u << 0)
#define STATE_RX_FULL   (1u << 1)
#define CTRL_TX         (1u << 0)
#define CTRL_RX         (1u << 1)
#define CTRL_RX_IRQ     (1u << 3)
#define INT_RX          (1u << 1)

#define BAUD            (115200)

void uart_device_init(void) {
    UART->bauddiv = BOARD_CLOCK_HZ / BAUD;
    UART->ctrl = CTRL_TX | CTRL_RX | CTRL_RX_IRQ;
    // Reading makes QEMU look for input; being enabled does not, and what is typed first
    // would wait until QEMU has something else to do.
    (void)UART->data;
}

bool uart_device_holds(void) {
    return UART->state & STATE_RX_FULL;
}

uint8_t uart_device_get(void) {
    return UART->data;
}

void uart_device_put(uint8_t c) {
    while (UART->state & STATE_TX_FULL) {
    }
    UART->data = c;
}

void uart_device_acknowledge(void) {
    UART->intstatus = INT_RX;
}

// A character interrupts when it comes, not as long as it is there: nothing to switch.
void uart_device_listen(bool on) {
    (void)on;
}
