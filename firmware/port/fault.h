#ifndef WASMOTE_PORT_FAULT_H
#define WASMOTE_PORT_FAULT_H

void fault_init(void);

// Vector of every exception that must not happen: prints the registers, then resets.
void fault_handler(void);

// Prints `what` and resets: for errors after which nothing can go on.
__attribute__((noreturn)) void fault_stop(const char *what);

#endif
