// MicroPython for boards that QEMU emulates; what their core decides is in mpconfigarch.h.
#include <alloca.h>
#include <stdint.h>

#include "mpconfigboard.h"
#include "mpconfigarch.h"
#include "ticks.h"

#define MICROPY_CONFIG_ROM_LEVEL                (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// Memory. The heap is in two pieces: see memory.c.
#define MICROPY_ENABLE_GC                       (1)
#define MICROPY_GC_SPLIT_HEAP                   (1)
#define MICROPY_GC_STACK_ENTRY_TYPE             uint16_t
#define MICROPY_STACK_CHECK_MARGIN              (2048) // lwIP may run at any call: see net.c
#define MICROPY_MEM_STATS                       (1)
#define MICROPY_MALLOC_USES_ALLOCATED_SIZE      (1)
#define MICROPY_PY_MICROPYTHON_HEAP_LOCKED      (1)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF  (1)
#define MICROPY_ALLOC_PATH_MAX                  (128)
#define MICROPY_QSTR_BYTES_IN_HASH              (1)
#define WASM3_PORT_POOL                         (1)

// Code
#define MICROPY_PERSISTENT_CODE_LOAD            (1)
#define MICROPY_OPT_COMPUTED_GOTO               (1)

// Language
#define MICROPY_LONGINT_IMPL                    (MICROPY_LONGINT_IMPL_MPZ)
// An f64 passes between Python and Wasm as it is; only double can hold it.
#define MICROPY_FLOAT_IMPL                      (MICROPY_FLOAT_IMPL_DOUBLE)
#define MICROPY_SCHEDULER_DEPTH                 (8)
#define MICROPY_SCHEDULER_STATIC_NODES          (1)
#define MICROPY_USE_INTERNAL_ERRNO              (1)
#define MICROPY_USE_INTERNAL_PRINTF             (1)
#define MICROPY_REPL_STDIN_BUFFER_MAX           (1024) // UART_RX_BYTES

// Modules
#define MICROPY_PY_SYS_PLATFORM                 "emulated"
#define MICROPY_EPOCH_IS_1970                   (1)
#define MICROPY_PY_OS_SYNC                      (1)
#define MICROPY_PY_OS_UNAME                     (1)
#define MICROPY_PY_RE_MATCH_GROUPS              (1)
#define MICROPY_PY_RE_MATCH_SPAN_START_END      (1)
#define MICROPY_PY_CRYPTOLIB                    (0)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS            (1)
#define MICROPY_PY_TIME_INCLUDEFILE             "port/modtime.c"
// There is no source of entropy: the seed is the time since reset. Fit for jitter, not for keys.
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC        (ticks_get_low())
#define MICROPY_PY_MACHINE                      (1)
#define MICROPY_PY_MACHINE_INCLUDEFILE          "port/modmachine.c"
#define MICROPY_PY_MACHINE_RESET                (1)
#define MICROPY_PY_MACHINE_BARE_METAL_FUNCS     (1)
#define MICROPY_PY_MACHINE_DISABLE_IRQ_ENABLE_IRQ (1)
#define MICROPY_PY_MACHINE_MEMX                 (1)
#ifdef BOARD_WATCHDOG_BASE
#define MICROPY_PY_MACHINE_WDT                  (1)
#define MICROPY_PY_MACHINE_WDT_INCLUDEFILE      "port/devices/machine_wdt_cmsdk.c"
#endif
#define MICROPY_PY_MACHINE_PIN_BASE             (0)
#define MICROPY_PY_MACHINE_SIGNAL               (0)
#define MICROPY_VFS                             (1)
#define MICROPY_READER_VFS                      (1)

#define MICROPY_PY_ONEWIRE                      (0)
#define MICROPY_PY_FRAMEBUF                     (0)

extern const struct _mp_obj_type_t machine_rtc_type;

// Network: see net/
#if MICROPY_PY_LWIP
#define MICROPY_PY_NETWORK                      (1)
#define MICROPY_PY_SOCKET                       (1)
#define MICROPY_PY_WEBSOCKET                    (0)
#define MICROPY_PY_WEBREPL                      (0)
#define MICROPY_PY_LWIP_SOCK_RAW                (0)
#ifndef MICROPY_PY_NETWORK_HOSTNAME_DEFAULT
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT     "wasmote"
#endif
// Mbed TLS takes its memory from Python's heap.
#define MICROPY_TRACKED_ALLOC                   (MICROPY_PY_SSL)
extern const struct _mp_obj_type_t network_lan_type;
#define MICROPY_PORT_NETWORK_INTERFACES \
    { MP_ROM_QSTR(MP_QSTR_LAN), MP_ROM_PTR(&network_lan_type) },
#endif

// From 1.27 on MicroPython has these itself, the same.
typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef long mp_off_t;
#define MP_SSIZE_MAX                            (0x7fffffff)
#define UINT_FMT                                "%u"
#define INT_FMT                                 "%d"

#define MP_STATE_PORT                           MP_STATE_VM
