# Chance for TLS on a board that has no source of it: the file /entropy.seed, which whoever set the
# board up filled. Each start uses it up: what the next start gets is written before the first key
# is made. For tests: who reads the flash knows what comes.
import os
import time

import emulated

_PATH = "/entropy.seed"


def _stirred(label, data):
    from hashlib import sha256

    return sha256(label + data + time.ticks_cpu().to_bytes(4, "little")).digest()


def seed():
    try:
        with open(_PATH, "rb") as f:
            old = f.read(64)
    except OSError:
        return
    if len(old) < 16 or not hasattr(emulated, "seed"):
        return
    try:
        with open(_PATH + ".new", "wb") as f:
            f.write(_stirred(b"next", old))
        os.rename(_PATH + ".new", _PATH)
    except OSError as e:
        # The same seed twice would be the same keys twice.
        print("entropy.seed: cannot be replaced, so there is no TLS:", e)
        return
    emulated.seed(_stirred(b"now", old))
