#ifndef WASMOTE_PORT_EXCEPTIONS_H
#define WASMOTE_PORT_EXCEPTIONS_H

// Vector of every exception that must not happen: prints the registers, then resets.
void fault_handler(void);

#endif
