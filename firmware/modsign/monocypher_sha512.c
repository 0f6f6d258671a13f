// Monocypher's SHA-512, unmodified. A file of its own: both define the same static names.
#include "monocypher-ed25519.c"
