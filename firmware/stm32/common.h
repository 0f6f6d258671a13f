// For a board's mpconfigboard.h.

// firmware/stm32/modules/_boot.py mounts it, at /.
#define MICROPY_HW_HAS_FLASH            (1)
#define MICROPY_HW_FLASH_MOUNT_AT_BOOT  (0)
#define MICROPY_BOARD_FROZEN_BOOT_FILE  "_boot.py"

// No mass storage: the PC would take the file system, which is none that it knows, for a blank
// drive, and offer to format it.
#define MICROPY_HW_ENABLE_USB           (1)
#define MICROPY_HW_USB_FS               (1)
#define MICROPY_HW_USB_MSC              (0)
#define MICROPY_HW_USB_VBUS_DETECT_PIN  (pin_A9)
#define MICROPY_HW_USB_OTG_ID_PIN       (pin_A10)

#define MICROPY_HW_ENABLE_RNG           (1)
#define MICROPY_HW_ENABLE_RTC           (1)

// Nothing catches an overrun of the C stack, below which the heap lies, and interrupts come on it.
#define WASM3_STACK_RESERVE             (2048)
