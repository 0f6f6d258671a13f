# Freezes the package `wasmote`, umqtt.simple and asyncio. Every board's manifest
# includes this file. The make variable MICROPY_MANIFEST_UMQTT_DIR says where the folder
# `umqtt` of umqtt.simple lies, MICROPY_MANIFEST_OWN_DIR where what is made of board.toml:
# MicroPython's makefiles hand every variable of that prefix to the manifest, with the
# prefix taken off.
include("$(MPY_DIR)/extmod/asyncio")
package("wasmote", base_path=".")
package("wasmote", ("boardclass.py",), base_path="$(OWN_DIR)")
package("umqtt", ("simple.py",), base_path="$(UMQTT_DIR)")
