# Which board this is.
import sys

from .boardclass import CLASS  # made of board.toml by firmware/Makefile

# What manifests call it: its name, and its class.
NAMES = (getattr(sys.implementation, "_build", sys.platform), CLASS)


# Why the agent of a manifest is not for it; None: it is.
def mismatch(manifest):
    boards = manifest["boards"]
    if boards and not any(name in boards for name in NAMES):
        return "it is for %s, not %s" % (", ".join(boards), " or ".join(NAMES))
    return None
