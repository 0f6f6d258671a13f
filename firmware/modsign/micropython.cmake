# The module `sign` for MicroPython's CMake-based ports: USER_C_MODULES=<the folder above>.
# MONOCYPHER_DIR is the folder of Monocypher's sources.
if(NOT MONOCYPHER_DIR)
    get_filename_component(MONOCYPHER_DIR ${CMAKE_CURRENT_LIST_DIR}/../../third_party/monocypher ABSOLUTE)
endif()

file(GLOB MODSIGN_SOURCES ${CMAKE_CURRENT_LIST_DIR}/*.c)
file(GLOB MODSIGN_MONOCYPHER_SOURCES ${CMAKE_CURRENT_LIST_DIR}/monocypher_*.c)
add_library(usermod_sign INTERFACE)
target_sources(usermod_sign INTERFACE ${MODSIGN_SOURCES})
target_include_directories(usermod_sign INTERFACE
    ${CMAKE_CURRENT_LIST_DIR} ${MONOCYPHER_DIR}/src ${MONOCYPHER_DIR}/src/optional)
target_link_libraries(usermod INTERFACE usermod_sign)
