#ifndef WASMOTE_NET_LAN9118_H
#define WASMOTE_NET_LAN9118_H

// SMSC LAN9118 Ethernet controller: frames in, frames out.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Longest frame, without its checksum.
#define LAN9118_FRAME_MAX (1518)

void lan9118_init(void);
void lan9118_get_mac(uint8_t mac[6]);
bool lan9118_link_up(void);

// Sends one frame. `frame` is aligned to 4 bytes. False: no room in the controller.
bool lan9118_send(const uint32_t *frame, size_t len);

// Fetches one frame into `frame` (room for LAN9118_FRAME_MAX + 4 bytes). 0: there is none.
size_t lan9118_receive(uint32_t *frame);

// The interrupt handler masks the interrupt and calls net_wake(); this unmasks it.
void lan9118_irq_rearm(void);
void lan9118_irq(void);

#endif
