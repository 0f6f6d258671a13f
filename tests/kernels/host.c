// This machine counts no instructions.
#include <stdint.h>

uint32_t instructions(void);

uint32_t instructions(void) {
    return 0;
}
