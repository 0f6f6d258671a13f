# Freezes the package `wasmote`, umqtt.simple and asyncio. Every board's manifest
# includes this file. The make variable MICROPY_MANIFEST_UMQTT_DIR says where the folder
# `umqtt` of umqtt.simple lies: MicroPython's makefiles hand every variable of that
# prefix to the manifest, with the prefix taken off.
include("$(MPY_DIR)/extmod/asyncio")
package("wasmote", base_path=".")
package("umqtt", ("simple.py",), base_path="$(UMQTT_DIR)")
