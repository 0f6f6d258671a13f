// Monocypher's curve, unmodified; the linker leaves out what is not called.
#include "monocypher.c"
