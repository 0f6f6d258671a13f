"""Names of agents (SPEC.md, section 2)."""

import re

# What nodes keep beside agents, by name: their key set (owners of the store), time stamps (trust
# state, key sets).
RESERVED = ("keyset", "timestamp")
AGENT_NAME = re.compile(rf"(?!(?:{'|'.join(RESERVED)})\Z)[a-z][a-z0-9-]{{0,31}}")
AGENT_RULE = f"1 to 32 of [a-z0-9-], first a letter, and not {' or '.join(RESERVED)}"
