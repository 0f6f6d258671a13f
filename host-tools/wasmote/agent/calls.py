"""Exported functions that are cheap to call.

wasmtime's Python package looks the function's type up, and converts each value, at every call:
ten microseconds, while a small model's inference takes twenty. Here that is done once. The C
functions underneath are documented and stable, but the package's names for them are not public:
where they are missing, calls go the public way.
"""

import ctypes
from typing import Any

from wasmtime import Func, Store, Trap, WasmtimeError

try:
    from wasmtime import _ffi
    from wasmtime._func import maybe_raise_last_exn
except ImportError:  # pragma: no cover
    _ffi = None  # type: ignore[assignment]


class Export:
    """An exported function of int32 that gives one int32.

    Raises Trap, WasmtimeError, or what a host function that it called has raised. Not for use by
    several threads at a time.
    """

    def __init__(self, store: Store, function: Func) -> None:
        self._store = store
        self._function = function
        self._is_quick = _ffi is not None and hasattr(function, "_func")
        if self._is_quick:
            self._prepare(len(function.type(store).params))

    def __call__(self, *arguments: int) -> int:
        if not self._is_quick:
            return int(self._function(self._store, *arguments))
        for value, argument in zip(self._given, arguments, strict=True):
            value.i32 = argument
        error = _ffi.wasmtime_func_call(self._store._context(), *self._call)
        if error or self._trap:
            self._raise(error)
        made: int = self._made.i32
        return made

    def _prepare(self, count: int) -> None:
        given = (_ffi.wasmtime_val_t * count)()
        made = (_ffi.wasmtime_val_t * 1)()
        for value in given:
            value.kind = _ffi.WASMTIME_I32
        self._given = [value.of for value in given]
        self._made = made[0].of
        self._trap = ctypes.POINTER(_ffi.wasm_trap_t)()
        function, trap = ctypes.byref(self._function._func), ctypes.byref(self._trap)
        self._call = (function, given, count, made, 1, trap)

    def _raise(self, error: Any) -> None:
        trap = self._trap
        self._prepare(len(self._given))  # the pointer belongs to the exception now
        maybe_raise_last_exn()
        raise WasmtimeError._from_ptr(error) if error else Trap._from_ptr(trap)
