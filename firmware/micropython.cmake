# All C modules of wasmote, for ports that are built with CMake.
include(${CMAKE_CURRENT_LIST_DIR}/modwasm3/micropython.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/modflash/micropython.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/modsign/micropython.cmake)
