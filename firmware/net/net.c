// lwIP runs in the main thread alone. Interrupts (a frame has come, 100 ms have passed) only
// say that there is work; it is done at the next bytecode that looks for pending events, or in
// whatever waits. So nothing of lwIP needs a lock, and native code is never held up by it.
#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/modnetwork.h"

#include "lwip/dhcp.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/netif.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

#include "core.h"
#include "port/fault.h"
#include "lan9118.h"
#include "net.h"

// lwIP's finest timer is TCP's, 250 ms.
#define TICK_MS         (100)
#define LINK_POLL_MS    (1000)

static struct netif net;
static bool net_polling;
static volatile bool net_work;
static mp_sched_node_t net_node;

// One frame on its way between controller and lwIP, in either direction.
static uint32_t frame[(LAN9118_FRAME_MAX + 4 + 3) / 4];

u32_t sys_now(void) {
    return mp_hal_ticks_ms();
}

// Only spreads ports and ids; the board has no entropy to offer.
uint32_t net_random(void) {
    static uint32_t state;
    state = (state ^ ticks_get_low()) * 1664525 + 1013904223;
    return state ^ state >> 16;
}

void net_assert_failed(const char *what) {
    fault_stop(what);
}

static err_t net_output(struct netif *netif, struct pbuf *p) {
    if (p->tot_len > LAN9118_FRAME_MAX) {
        return ERR_BUF;
    }
    pbuf_copy_partial(p, frame, p->tot_len, 0);
    return lan9118_send(frame, p->tot_len) ? ERR_OK : ERR_MEM;
}

static err_t net_setup(struct netif *netif) {
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->mtu = 1500;
    netif->hwaddr_len = 6;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP;
    netif->hostname = mod_network_hostname_data;
    netif->output = etharp_output;
    netif->linkoutput = net_output;
    lan9118_get_mac(netif->hwaddr);
    return ERR_OK;
}

void net_init(void) {
    lwip_init();
    lan9118_init();
    netif_add_noaddr(&net, NULL, net_setup, ethernet_input);
    netif_set_default(&net);
    SYSTICK_RELOAD = BOARD_CLOCK_HZ / 1000 * TICK_MS - 1;
}

void net_begin(void) {
    mod_network_init();
}

void net_end(void) {
    mod_network_deinit();
}

struct netif *net_netif(void) {
    return &net;
}

static void poll_link(void *arg) {
    if (lan9118_link_up()) {
        netif_set_link_up(&net);
    } else {
        netif_set_link_down(&net);
    }
    sys_timeout(LINK_POLL_MS, poll_link, NULL);
}

void net_set_active(bool active) {
    if (active == net_is_active()) {
        return;
    }
    if (active) {
        netif_set_up(&net);
        poll_link(NULL);
        dhcp_start(&net);
    } else {
        sys_untimeout(poll_link, NULL);
        dhcp_release_and_stop(&net);
        netif_set_addr(&net, NULL, NULL, NULL);
        netif_set_down(&net);
    }
    SYSTICK_VALUE = 0;
    SYSTICK_CTRL = active ? 7 : 0; // core clock, interrupt, on
}

bool net_is_active(void) {
    return netif_is_up(&net);
}

bool net_has_address(void) {
    return net_is_active() && netif_is_link_up(&net) && !ip4_addr_isany(netif_ip4_addr(&net));
}

static void receive_frames(void) {
    for (size_t len; (len = lan9118_receive(frame)) > 0;) {
        struct pbuf *p = net_is_active() ? pbuf_alloc(PBUF_RAW, len, PBUF_POOL) : NULL;
        if (!p) {
            continue; // dropped, as Ethernet may; its sender repeats it
        }
        pbuf_take(p, frame, len);
        if (net.input(p, &net) != ERR_OK) {
            pbuf_free(p);
        }
    }
}

void net_poll(void) {
    if (!net_work || net_polling) {
        return;
    }
    net_polling = true;
    net_work = false;
    receive_frames();
    lan9118_irq_rearm();
    sys_check_timeouts();
    net_polling = false;
}

static void poll_node(mp_sched_node_t *node) {
    net_poll();
}

void net_wake(void) {
    net_work = true;
    mp_sched_schedule_node(&net_node, poll_node);
    ticks_event();
}

void net_tick_irq(void) {
    net_wake();
}
