# Read after the rp2 port's CMakeLists.txt.

# The C stack, 16 KiB (the port's: 8 or 12): wasm3 nests on it. It begins in the two scratch
# banks, which follow the RAM; the rest is taken from the heap's end. Of its last bytes MicroPython
# does not know: the port leaves 256 to interrupts and to C functions that do not look, USB's take
# more, and nothing catches an overrun. And a linker script that refuses firmware which would
# reach into the agent store.
set(RP2_STACK_IN_RAM 8192)
set(RP2_STACK_MARGIN 1792)
function(replace_all text from to)
    string(FIND "${${text}}" "${from}" at)
    if(at EQUAL -1)
        message(FATAL_ERROR "MicroPython's linker script has no \"${from}\" any more")
    endif()
    string(REPLACE "${from}" "${to}" ${text} "${${text}}")
    set(${text} "${${text}}" PARENT_SCOPE)
endfunction()

get_target_property(port_script ${MICROPY_TARGET} PICO_TARGET_LINKER_SCRIPT)
file(READ ${port_script} script)
if(PICO_RP2040)
    replace_all(script "LENGTH = 2048k" "LENGTH = ${RP2_FIRMWARE_BYTES}")
    replace_all(script "ORIGIN(RAM) + LENGTH(RAM);" "ORIGIN(RAM) + LENGTH(RAM) - ${RP2_STACK_IN_RAM};")
    replace_all(script "__StackTop - SIZEOF(.stack_dummy);" "__GcHeapEnd + ${RP2_STACK_MARGIN};")
else()
    replace_all(script "LENGTH = 4096k" "LENGTH = ${RP2_FIRMWARE_BYTES}")
    replace_all(script "- __micropy_extra_stack__;" "- ${RP2_STACK_IN_RAM};")
    replace_all(script "__StackBottom = __GcHeapEnd;" "__StackBottom = __GcHeapEnd + ${RP2_STACK_MARGIN};")
endif()
# The mathematical functions stay in flash: 24 KiB that the port's own do not have.
replace_all(script "*libm.a:" "")
file(WRITE ${CMAKE_BINARY_DIR}/firmware.ld "${script}")
pico_set_linker_script(${MICROPY_TARGET} ${CMAKE_BINARY_DIR}/firmware.ld)

# Floats as the compiler's library computes them, which is what Wasm prescribes: those of the
# RP2040's boot ROM take subnormal numbers for zero, and nothing relies on what the RP2350's
# coprocessor does with them.
pico_set_float_implementation(${MICROPY_TARGET} compiler)
pico_set_double_implementation(${MICROPY_TARGET} compiler)
