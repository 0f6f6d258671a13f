# The module `flash` for MicroPython's CMake-based ports that set MODFLASH: those that give the
# functions of modflash.h. Firmware without it has no agent store.
if(NOT MODFLASH)
    return()
endif()

add_library(usermod_flash INTERFACE)
target_sources(usermod_flash INTERFACE ${CMAKE_CURRENT_LIST_DIR}/modflash.c)
target_include_directories(usermod_flash INTERFACE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(usermod INTERFACE usermod_flash)
