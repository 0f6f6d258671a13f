#ifndef WASMOTE_PORT_GUARD_H
#define WASMOTE_PORT_GUARD_H

// Makes the core stop whatever would run over the bottom of a stack: the process stack's,
// which is the bottom of RAM, and the handlers' stack's, below which a guard lies (port.ld).
void guard_stacks(void);

#endif
