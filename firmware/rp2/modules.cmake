# USER_C_MODULES of the rp2 port: wasmote's modules, and the flash of the agent store. The
# board's mpconfigboard.cmake says RP2_FIRMWARE_BYTES.
set(MODFLASH 1)
include(${CMAKE_CURRENT_LIST_DIR}/../micropython.cmake)

add_library(usermod_rp2 INTERFACE)
target_sources(usermod_rp2 INTERFACE ${CMAKE_CURRENT_LIST_DIR}/flash.c)
target_include_directories(usermod_rp2 INTERFACE ${CMAKE_CURRENT_LIST_DIR}/..)
target_compile_definitions(usermod_rp2 INTERFACE RP2_FIRMWARE_BYTES=${RP2_FIRMWARE_BYTES})
target_link_libraries(usermod INTERFACE usermod_rp2)

# What the port sets only after it has read this file.
cmake_language(EVAL CODE
    "cmake_language(DEFER CALL include [[${CMAKE_CURRENT_LIST_DIR}/finish.cmake]])")
