# lwIP and the driver of the emulated board's Ethernet, which NETWORK names. Included by the
# port's Makefile.
CFLAGS_EXTMOD += -DMICROPY_PY_LWIP=1
INC += -I$(FIRMWARE_DIR)/net -I$(LWIP_DIR)/src/include

SRC_NET_C = \
	net/$(NETWORK).c \
	net/net.c \
	net/network_lan.c \

SRC_LWIP_C = \
	core/def.c core/dns.c core/inet_chksum.c core/init.c core/ip.c core/mem.c core/memp.c \
	core/netif.c core/pbuf.c core/raw.c core/stats.c core/sys.c core/tcp.c core/tcp_in.c \
	core/tcp_out.c core/timeouts.c core/udp.c \
	core/ipv4/acd.c core/ipv4/dhcp.c core/ipv4/etharp.c core/ipv4/icmp.c core/ipv4/igmp.c \
	core/ipv4/ip4.c core/ipv4/ip4_addr.c core/ipv4/ip4_frag.c \
	netif/ethernet.c

LWIP_O = $(addprefix $(BUILD)/lwip/,$(SRC_LWIP_C:.c=.o))

$(BUILD)/lwip/%.o: CFLAGS += -Wno-address

$(BUILD)/lwip/%.o: $(LWIP_DIR)/src/%.c
	$(call compile_c)
