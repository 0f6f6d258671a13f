# USER_C_MODULES of the esp32 port: wasmote's modules, the flash of the agent store, the pool.
set(MODFLASH 1)
if(CONFIG_IDF_TARGET_ARCH_RISCV)
    set(AGENTVM_WASM3_COPT -O2) # a third less time than -Os, measured on an emulated RV32
endif()
include(${CMAKE_CURRENT_LIST_DIR}/../micropython.cmake)

add_library(usermod_esp32 INTERFACE)
target_sources(usermod_esp32 INTERFACE ${CMAKE_CURRENT_LIST_DIR}/flash.c ${CMAKE_CURRENT_LIST_DIR}/pool.c)
target_include_directories(usermod_esp32 INTERFACE ${CMAKE_CURRENT_LIST_DIR}/..)
target_link_libraries(usermod INTERFACE usermod_esp32)

# ESP-IDF makes errors of warnings, which differ from compiler to compiler.
set_property(SOURCE ${AGENTVM_WASM3_SOURCES} ${MODSIGN_MONOCYPHER_SOURCES}
    APPEND PROPERTY COMPILE_OPTIONS -Wno-error)

# The port always takes the module `btree`, whose sources are a submodule; nothing here uses it.
# Read between the port's switching it on and its being looked at.
set(MICROPY_PY_BTREE OFF)
add_library(micropy_extmod_btree INTERFACE)
