// Physical memory protection: both stacks grow down to memory that is forbidden even to machine
// mode, by entries that are locked until the next reset.
#include <stdint.h>

#include "core.h"
#include "guard.h"

extern uint32_t _stack_bottom, _handler_guard;

// A naturally aligned power of two, no permission, locked
#define PMPCFG_FORBID   (1u << 7 | 3u << 3)
#define PMPADDR(address, bytes) ((address) >> 2 | ((bytes) / 8 - 1))

void guard_stacks(void) {
    CSR_WRITE(pmpaddr0, PMPADDR((uint32_t)&_stack_bottom - CORE_GUARD_BYTES, CORE_GUARD_BYTES));
    CSR_WRITE(pmpaddr1, PMPADDR((uint32_t)&_handler_guard, CORE_HANDLER_GUARD_BYTES));
    CSR_WRITE(pmpcfg0, PMPCFG_FORBID << 8 | PMPCFG_FORBID);
}
