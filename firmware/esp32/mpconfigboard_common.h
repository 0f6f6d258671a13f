// For a board's mpconfigboard.h. Before: WASM3_POOL_BYTES, BOARD_POOL_MAX_BYTES.
#define MICROPY_PY_BLUETOOTH        (0)
// Else `network.LAN` is there, and nothing that it could drive.
#define MICROPY_PY_NETWORK_LAN      (0)

// The chip's own USB is its serial port, where it has one: it needs no driver and no software.
#define MICROPY_HW_ENABLE_USBDEV    (0)
#define MICROPY_HW_ENABLE_UART_REPL (1)

// The stack of MicroPython's task, on which wasm3 nests; boards/README.md says what for.
#if defined(__XTENSA__)
#define MICROPY_TASK_STACK_SIZE     (24 * 1024)
#else
#define MICROPY_TASK_STACK_SIZE     (16 * 1024)
#endif
// Above the 1 KiB that the port leaves below Python's limit: FreeRTOS sees an overrun only when
// it changes tasks, and an interrupt's frame comes on the stack of the task.
#define WASM3_STACK_RESERVE         (2048)

// The agent pool comes from ESP-IDF's heap (pool.c).
#define WASM3_PORT_POOL             (1)
