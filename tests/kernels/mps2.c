// Bare metal on QEMU's mps2-an386 and its kin: reset, heap, instruction counter. Files through
// semihosting. Code runs from 0, data and stack from SRAM, the heap from PSRAM.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern uint32_t _data_load[], _data_start[], _data_end[], _bss_start[], _bss_end[], _stack_top[];
void initialise_monitor_handles(void);
int main(int argc, char **argv);
void *_sbrk(ptrdiff_t bytes);
void reset(void);
void fault(void);
uint32_t instructions(void);

#define TIMER0_CTRL (*(volatile uint32_t *)0x40000000)
#define TIMER0_VALUE (*(volatile uint32_t *)0x40000004)
#define TIMER0_RELOAD (*(volatile uint32_t *)0x40000008)
#define CPACR (*(volatile uint32_t *)0xE000ED88)
#define INSTRUCTIONS_PER_TICK 40u // 25 MHz, and -icount shift=0 makes an instruction 1 ns

#define HEAP_START ((char *)0x21000000)
#define HEAP_BYTES 0x1000000

void *_sbrk(ptrdiff_t bytes) {
    static ptrdiff_t used;
    if (used + bytes > HEAP_BYTES) {
        return (void *)-1;
    }
    used += bytes;
    return HEAP_START + used - bytes;
}

uint32_t instructions(void) {
    return (0xFFFFFFFFu - TIMER0_VALUE) * INSTRUCTIONS_PER_TICK;
}

void fault(void) {
    _Exit(3);
}

void reset(void) {
    CPACR |= 0xFu << 20;
    __asm volatile("dsb\n isb");
    memcpy(_data_start, _data_load, (size_t)((char *)_data_end - (char *)_data_start));
    memset(_bss_start, 0, (size_t)((char *)_bss_end - (char *)_bss_start));
    TIMER0_RELOAD = 0xFFFFFFFFu;
    TIMER0_VALUE = 0xFFFFFFFFu;
    TIMER0_CTRL = 1;
    initialise_monitor_handles();
    exit(main(0, NULL));
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))_stack_top, reset, fault, fault, fault, fault, fault,
};
