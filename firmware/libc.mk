# For the mpconfigboard.mk of boards whose port links without the C library: what wasm3 takes of
# it and MicroPython has not, setjmp and the rounding of floats. The port's flags choose which.
LIBS = $(foreach library,libm.a libc.a,"$(shell $(CC) $(CFLAGS) -print-file-name=$(library))")
