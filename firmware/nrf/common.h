// For a board's mpconfigboard.h.
#define MICROPY_HW_ENABLE_RNG       (1)
#define MICROPY_HW_ENABLE_USBDEV    (1)
#define MICROPY_HW_USB_CDC          (1)

// Nothing catches an overrun of the C stack, below which the heap lies, and interrupts come on it.
#define WASM3_STACK_RESERVE         (2048)
