# Read right after the rp2 port's project(), before it reads the SDK: where third-party sources
# lie, which the port looks for in MicroPython's own tree, and what is left out.
set(PICO_TINYUSB_PATH ${TINYUSB_DIR})

foreach(property INTERFACE_SOURCES INTERFACE_INCLUDE_DIRECTORIES)
    get_target_property(values micropy_lib_mbedtls ${property})
    string(REPLACE "${MICROPY_LIB_MBEDTLS_DIR}/" "${MBEDTLS_DIR}/" values "${values}")
    set_target_properties(micropy_lib_mbedtls PROPERTIES ${property} "${values}")
endforeach()
string(REPLACE "${MICROPY_LIB_MBEDTLS_DIR}/" "${MBEDTLS_DIR}/" MICROPY_INC_CORE "${MICROPY_INC_CORE}")
set(MICROPY_LIB_MBEDTLS_DIR ${MBEDTLS_DIR})

# board.mk makes the .uf2.
set(PICO_NO_PICOTOOL 1)

# The SDK links with g++ for the sake of one file, which then is empty. No C++ library is needed,
# but g++ asks for one.
add_compile_definitions(PICO_CXX_DISABLE_ALLOCATION_OVERRIDES=1)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/no-c++)
execute_process(COMMAND ${CMAKE_AR} rcs ${CMAKE_BINARY_DIR}/no-c++/libstdc++.a)
link_directories(${CMAKE_BINARY_DIR}/no-c++)
