"""Some 500 bundles that lie, or are none, each with words of the error that refuses it, on a node
and on a host. The same ones every time."""

from random import Random

import wicked_folders
import wicked_manifests
from wicked_bundle import Bundle

_SEED = 20


def bundles() -> list[Bundle]:
    """All of them."""
    chance = Random(_SEED)
    parts = (wicked_manifests, wicked_folders)
    found = [each for part in parts for make in part.KINDS for each in make(chance)]
    names = [each.name for each in found]
    assert len(set(names)) == len(names), {name for name in names if names.count(name) > 1}
    return found
