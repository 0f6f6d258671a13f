#ifndef WASMOTE_NET_NET_H
#define WASMOTE_NET_NET_H

// The network interface of the board: lwIP over the Ethernet controller.
#include <stdbool.h>

#if MICROPY_PY_LWIP

struct netif;

void net_init(void); // once after reset
void net_begin(void); // with every start of the interpreter
void net_end(void); // with its end
struct netif *net_netif(void);

// Up with DHCP, or down.
void net_set_active(bool active);
bool net_is_active(void);
bool net_has_address(void);

// From interrupt handlers: there is work for net_poll().
void net_wake(void);

// In the main thread: moves frames and runs lwIP's timers, when there is work.
void net_poll(void);

// Vector of the periodic timer.
void net_tick_irq(void);

#else

static inline void net_init(void) {
}

static inline void net_begin(void) {
}

static inline void net_end(void) {
}

static inline void net_poll(void) {
}

#endif

#endif
