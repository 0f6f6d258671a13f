// The life of MicroPython on this port: start, run boot.py and main.py, serve the prompt,
// and all over again at a soft reset.
#include <stdint.h>

#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/objlist.h"
#include "py/objmodule.h"
#include "py/runtime.h"
#include "shared/readline/readline.h"
#include "shared/runtime/pyexec.h"
#include "net/net.h"

#include "fault.h"
#include "memory.h"
#include "resetcause.h"
#include "tls.h"

extern uint8_t _stack_bottom, _stack_top;

static void python_init(void) {
    memory_init();
    mp_init();
    mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__slash_lib));
    readline_init0();
    net_begin();
}

static void python_deinit(void) {
    mp_printf(MP_PYTHON_PRINTER, "MPY: soft reboot\n");
    net_end();
    tls_end();
    gc_sweep_all();
    mp_deinit();
}

// False: the script asked for a soft reset.
static bool run_scripts(void) {
    pyexec_frozen_module("_boot.py", false);
    int ret = pyexec_file_if_exists("boot.py");
    if (ret & PYEXEC_FORCED_EXIT) {
        return false;
    }
    if (pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL && ret != 0) {
        ret = pyexec_file_if_exists("main.py");
    }
    return !(ret & PYEXEC_FORCED_EXIT);
}

static void serve_prompt(void) {
    int ret = 0;
    while (ret == 0) {
        ret = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
    }
}

int main(void) {
    mp_cstack_init_with_top(&_stack_top, &_stack_top - &_stack_bottom);
    resetcause_init();
    net_init();
    for (;;) {
        python_init();
        if (run_scripts()) {
            serve_prompt();
        }
        python_deinit();
    }
}

void nlr_jump_fail(void *val) {
    fault_stop("uncaught exception");
}

__attribute__((noreturn)) void abort(void) {
    fault_stop("abort()");
}

// newlib's mathematics report errors here; without this they drag in all of its stdio.
int *__errno(void) {
    static int value;
    return &value;
}
