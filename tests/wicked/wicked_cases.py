"""Some 700 modules that are wrong, or right and hostile, each with the reason (SPEC.md 1.4) for
which an agent of it is refused or stopped. The same ones every time."""

import wicked_agents
import wicked_binary
import wicked_contents
import wicked_functions
from wicked_case import Case


def cases() -> list[Case]:
    """All of them."""
    parts = (wicked_binary, wicked_functions, wicked_contents, wicked_agents)
    found = [case for part in parts for make in part.KINDS for case in make()]
    names = [case.name for case in found]
    assert len(set(names)) == len(names), {name for name in names if names.count(name) > 1}
    return found
