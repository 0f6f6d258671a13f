#ifndef WASMOTE_PORT_STARTUP_H
#define WASMOTE_PORT_STARTUP_H

// From a core that has a stack, and nothing more, to main().
__attribute__((noreturn)) void startup(void);

#endif
