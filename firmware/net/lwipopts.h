#ifndef WASMOTE_NET_LWIPOPTS_H
#define WASMOTE_NET_LWIPOPTS_H

// lwIP for MicroPython's sockets on a board with 256 KiB of RAM: IPv4, TCP, UDP, DHCP, DNS.
#include <stdint.h>

#define NO_SYS                          1
#define SYS_LIGHTWEIGHT_PROT            0 // lwIP runs in the main thread only: see net.c
#define LWIP_NETCONN                    0
#define LWIP_SOCKET                     0
#define LWIP_STATS                      0
#define LWIP_IPV4                       1
#define LWIP_IPV6                       0
#define LWIP_ARP                        1
#define LWIP_ETHERNET                   1
#define LWIP_RAW                        1
#define LWIP_DHCP                       1
#define LWIP_DHCP_DOES_ACD_CHECK        0 // it would delay the address by seconds
#define LWIP_DNS                        1
#define LWIP_IGMP                       1
#define LWIP_NETIF_HOSTNAME             1
#define LWIP_NETIF_LINK_CALLBACK        0
#define LWIP_CHKSUM_ALGORITHM           3
#define SO_REUSE                        1
#define TCP_LISTEN_BACKLOG              1
#define LWIP_TESTMODE                   1 // MicroPython from 1.26 on walks lwIP's list of timers

// Memory: about 35 KB in all.
#define MEM_ALIGNMENT                   4
#define MEM_SIZE                        (12 * 1024) // what is being sent
#define PBUF_POOL_SIZE                  (24)        // what has been received
#define PBUF_POOL_BUFSIZE               (528)
#define TCP_MSS                         (1460)
#define TCP_WND                         (4 * TCP_MSS)
#define TCP_SND_BUF                     (4 * TCP_MSS)
#define MEMP_NUM_TCP_SEG                (32)
#define MEMP_NUM_TCP_PCB                (8)
#define MEMP_NUM_TCP_PCB_LISTEN         (4)
#define MEMP_NUM_UDP_PCB                (6)
// The interface looks at its link with a timer of its own: see net.c.
#define MEMP_NUM_SYS_TIMEOUT            (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1)
#define MEMP_NUM_SYS_TIMEOUT            (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1) // net.c's poll_link

typedef uint32_t sys_prot_t; // MicroPython's modlwip defines the lock functions all the same

uint32_t net_random(void);
#define LWIP_RAND()                     net_random()

#endif
