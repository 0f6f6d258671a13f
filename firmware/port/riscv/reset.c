// Reset: from power-on to startup().
#include "startup.h"

void Reset_Handler(void);

// The first instruction of the image, where the emulator begins.
__attribute__((naked, used, section(".isr_vector"))) void Reset_Handler(void) {
    __asm volatile (
        ".option push\n"
        ".option norelax\n" // gp is what relaxing relies on
        "la gp, __global_pointer$\n"
        ".option pop\n"
        "la sp, _stack_top\n"
        "tail startup\n");
}
