// Bare metal on QEMU's MPS2 and MPS3: reset, heap, memory of cases. Files through semihosting. The
// linker script of each says where what lies.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

extern uint32_t _data_load[], _data_start[], _data_end[], _bss_start[], _bss_end[], _stack_top[];
extern char _heap_start[], _heap_end[];
extern uint8_t _linear_start[], _linear_end[], _blob_start[], _blob_end[];
void initialise_monitor_handles(void);
int main(int argc, char **argv);
void *_sbrk(ptrdiff_t bytes);
void reset(void);
void fault(void);

#define CPACR (*(volatile uint32_t *)0xE000ED88)

void *_sbrk(ptrdiff_t bytes) {
    static ptrdiff_t used;
    if (used + bytes > _heap_end - _heap_start) {
        return (void *)-1;
    }
    used += bytes;
    return _heap_start + used - bytes;
}

uint8_t *machine_memory(bool is_blob, uint32_t bytes) {
    uint8_t *end = is_blob ? _blob_end : _linear_end;
    uint32_t room = (uint32_t)(end - (is_blob ? _blob_start : _linear_start));
    return bytes <= room ? end - ((bytes + 3u) & ~3u) : malloc(bytes);
}

void machine_free(uint8_t *memory) {
    if ((char *)memory >= _heap_start && (char *)memory < _heap_end) {
        free(memory);
    }
}

void fault(void) {
    _Exit(3);
}

void reset(void) {
    CPACR |= 0xFu << 20;
    __asm volatile("dsb\n isb");
    memcpy(_data_start, _data_load, (size_t)((char *)_data_end - (char *)_data_start));
    memset(_bss_start, 0, (size_t)((char *)_bss_end - (char *)_bss_start));
    machine_begin();
    initialise_monitor_handles();
    exit(main(0, NULL));
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))_stack_top, reset, fault, fault, fault, fault, fault,
};
