# The module `wasm3` for MicroPython's CMake-based ports: USER_C_MODULES=<the folder above>.
# WASM3_DIR is the folder of wasm3's sources; NN_CORE, the kernels that fit the core.
set(MODWASM3_DIR ${CMAKE_CURRENT_LIST_DIR})
get_filename_component(AGENTVM_DIR ${MODWASM3_DIR}/../agentvm ABSOLUTE)
get_filename_component(NN_DIR ${MODWASM3_DIR}/../kernels ABSOLUTE)
if(NOT WASM3_DIR)
    get_filename_component(WASM3_DIR ${MODWASM3_DIR}/../../third_party/wasm3 ABSOLUTE)
endif()
include(${NN_DIR}/kernels.cmake)

file(GLOB MODWASM3_SOURCES ${MODWASM3_DIR}/*.c)
file(GLOB AGENTVM_SOURCES ${AGENTVM_DIR}/*.c)
file(GLOB AGENTVM_WASM3_SOURCES ${AGENTVM_DIR}/wasm3_*.c)

add_library(usermod_wasm3 INTERFACE)
target_sources(usermod_wasm3 INTERFACE ${MODWASM3_SOURCES} ${AGENTVM_SOURCES} ${NN_SOURCES})
target_include_directories(usermod_wasm3 INTERFACE
    ${MODWASM3_DIR} ${AGENTVM_DIR}/.. ${WASM3_DIR} ${NN_INCLUDES})
target_link_libraries(usermod INTERFACE usermod_wasm3)

# For the reasons, see agentvm.mk.
if(NOT AGENTVM_WASM3_COPT)
    set(AGENTVM_WASM3_COPT -Os)
endif()
set_source_files_properties(${AGENTVM_WASM3_SOURCES} PROPERTIES COMPILE_OPTIONS
    "${AGENTVM_WASM3_COPT};-fno-strict-aliasing;-foptimize-sibling-calls;-fno-single-precision-constant")
set_source_files_properties(${NN_SOURCES} PROPERTIES COMPILE_OPTIONS "-O2")
