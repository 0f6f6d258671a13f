# What a board does before boot.py and main.py: its agent store at /store; and where it is locked
# (SPEC.md 10.5), the node and nothing else, for good. MicroPython runs this part, _boot.py, with
# Ctrl-C off and comes to a prompt only when it has ended.
import gc
import sys
import time

from micropython import const

from . import storefs

_PAUSE_S = const(10)  # before a node that has ended starts again


def begin():
    before = set(sys.modules)
    problem = None
    try:
        storefs.mount()
        shut = _is_locked()
    except BaseException as e:
        # What cannot be looked at stays shut.
        shut, problem = True, "%s: %s" % (type(e).__name__, e)
    if shut:
        _serve(problem)
    # Programs that are no nodes have all of the heap.
    package = sys.modules["wasmote"]
    for name in set(sys.modules) - before:
        del sys.modules[name]
        delattr(package, name.rsplit(".", 1)[-1])
    gc.collect()


# Imports no more than it takes.
def _is_locked():
    try:
        import flash
    except ImportError:
        return False
    from .trustrecord import is_locked

    return is_locked(flash.Partition())


def _serve(problem):
    import machine

    # Nothing may get past here: behind it there is a prompt.
    try:
        _console_up(machine)
        print("wasmote: locked")
        if problem:
            print("wasmote: error: %s; nothing is taken or run until its flash is erased" % problem)
        from .main import run

        run("/wasmote.json")
    except BaseException as e:
        sys.print_exception(e)
    time.sleep(_PAUSE_S)
    machine.reset()


# Where the console is a USB device of MicroPython's, that comes up only behind boot.py. One that
# is made here has no driver at first, and must not be active then.
def _console_up(machine):
    if hasattr(machine, "USBDevice"):
        usb = machine.USBDevice()
        usb.builtin_driver = usb.BUILTIN_DEFAULT
        usb.active(True)
