#ifndef WASMOTE_NET_ARCH_CC_H
#define WASMOTE_NET_ARCH_CC_H

// What lwIP wants to know about the compiler: nothing, beyond where its complaints go.
void net_assert_failed(const char *what);

#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) net_assert_failed(x)
#define LWIP_NO_CTYPE_H         1

#endif
