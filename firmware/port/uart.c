#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/runtime/interrupt_char.h"

#include "core.h"
#include "ticks.h"
#include "uart.h"

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
    uart_device_init();
    core_irq_enable(BOARD_UART0_RX_IRQ);
}

static void uart_received(int c) {
    if (c == mp_interrupt_char) {
        mp_sched_keyboard_interrupt();
    } else if (!ring_full()) {
        ring[ring_head] = c;
        ring_head = ring_next(ring_head);
    }
}

// Takes what the device holds. While the ring is full the rest stays in the device, which
// makes the sender wait: nothing is lost. Only while Ctrl-C counts, a full ring loses
// characters instead, because Ctrl-C must get through to a program that reads nothing.
static void uart_take(void) {
    bool waits = false;
    while (uart_device_holds() && !waits) {
        waits = ring_full() && mp_interrupt_char == -1;
        if (!waits) {
            uart_received(uart_device_get());
        }
    }
    if (waits != rx_waits) {
        uart_device_listen(!waits);
        rx_waits = waits;
    }
}

void uart_rx_irq(void) {
    uart_device_acknowledge();
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
    // What had to wait in the device makes no second interrupt.
    if (rx_waits) {
        uint32_t state = core_mask();
        uart_take();
        core_unmask(state);
    }
    return c;
}

void uart_tx(const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; ++i) {
        uart_device_put(data[i]);
    }
}
