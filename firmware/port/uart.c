#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/interrupt_char.h"

#include "cortexm.h"
#include "ticks.h"
#include "uart.h"

// CMSDK APB UART (Arm DDI 0479, section 4.4).
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

// One slot stays free. Written by the interrupt handler at `head`, read at `tail`.
static uint8_t ring[UART_RX_BYTES];
static volatile uint32_t ring_head, ring_tail;
static volatile bool rx_waits;

static uint32_t ring_next(uint32_t index) {
    return (index + 1) % UART_RX_BYTES;
}

static bool ring_full(void) {
    return ring_next(ring_head) == ring_tail;
}

void uart_init(void) {
    UART->bauddiv = BOARD_CLOCK_HZ / BAUD;
    UART->ctrl = CTRL_TX | CTRL_RX | CTRL_RX_IRQ;
    // Reading makes QEMU look for input; being enabled does not, and what is typed first
    // would wait until QEMU has something else to do.
    (void)UART->data;
    cortexm_irq_enable(BOARD_UART0_RX_IRQ);
}

static void uart_received(int c) {
    if (c == mp_interrupt_char) {
        mp_sched_keyboard_interrupt();
    } else if (!ring_full()) {
        ring[ring_head] = c;
        ring_head = ring_next(ring_head);
    }
}

// Takes what the UART holds. While the ring is full the last character stays in the UART,
// which makes the sender wait: nothing is lost. Only while Ctrl-C counts, a full ring loses
// characters instead, because Ctrl-C must get through to a program that reads nothing.
static void uart_take(void) {
    rx_waits = UART->state & STATE_RX_FULL && ring_full() && mp_interrupt_char == -1;
    if (!rx_waits && UART->state & STATE_RX_FULL) {
        uart_received(UART->data);
    }
}

void uart_rx_irq(void) {
    UART->intstatus = INT_RX; // before taking it, or a character that comes now is forgotten
    uart_take();
    ticks_event();
}

bool uart_rx_any(void) {
    return ring_head != ring_tail;
}

int uart_rx(void) {
    if (!uart_rx_any()) {
        return -1;
    }
    uint8_t c = ring[ring_tail];
    ring_tail = ring_next(ring_tail);
    // A character that had to wait in the UART makes no second interrupt.
    if (rx_waits) {
        uint32_t state = cortexm_mask();
        uart_take();
        cortexm_unmask(state);
    }
    return c;
}

void uart_tx(const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; ++i) {
        while (UART->state & STATE_TX_FULL) {
        }
        UART->data = data[i];
    }
}
