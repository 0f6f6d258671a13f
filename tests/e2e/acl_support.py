"""What SPEC.md, 5.4, allows: its table, read, and topics to try it with."""

import re
from itertools import product

from wasmote.paths import TOP

GATEWAY, ORCHESTRATOR = "gateway", "orchestrator"
NODES = ("lab/n1", "lab/n10", "lab/n", "lab-2/n1", "n1/lab", "lab/cmd")
ROLES = ("node", GATEWAY, ORCHESTRATOR)
BELOW = "wasmote/v1/([^/]*/[^/]*)/"  # whatever stands for site and node


class Matrix:
    """May a user publish to (read) a topic?"""

    def __init__(self) -> None:
        """Reads the table."""
        section = (TOP / "SPEC.md").read_text().split("### 5.4 ")[1].split("\n## ")[0]
        rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:1] == "|"]
        self._rules: list[tuple[re.Pattern[str], dict[str, str]]] = []
        for names, *rights in rows[2:]:
            assert len(rights) == len(ROLES), names
            for name in re.findall(r"`([^`]+)`", names):
                levels = ["[^/]*" if level[0] == "<" else level for level in name.split("/")]
                pattern = re.compile(BELOW + "/".join(levels))
                self._rules.append((pattern, dict(zip(ROLES, rights, strict=True))))
        assert len(self._rules) == 12

    def allows(self, user: str, action: str, topic: str) -> bool:
        """`action`: publish, read."""
        if topic.startswith("$"):
            return (user, action) == (ORCHESTRATOR, "read") and topic.startswith("$SYS/")
        if topic.startswith(f"wasmote/v1/{user}/") and user in ROLES:
            return False  # no site has the name of a user
        if user == ORCHESTRATOR and action == "read":
            # "anything else"; the folder itself, too.
            return bool(re.fullmatch(r"wasmote/v1/[^/]*/[^/]*(/.*)?", topic))
        for pattern, rights in self._rules:
            if found := pattern.fullmatch(topic):
                role = user if user in ROLES else "node"
                return action in rights[role] and (role != "node" or found[1] == user)
        return False


def topics() -> list[str]:
    """Topics as the nodes', near them, and far from them."""
    places = [
        *NODES, "lab/n2", "lab/N1", "la/n1", "lab-2/n10", "lab/n1 ", "/n1", "lab/", "/",
        "gateway/agent", "orchestrator/n1", "%u", "$SYS/n1",
    ]  # fmt: skip
    paths = [
        "state", "meta", "cmd", "cmd/out", "desired", "reported", "agent/a/out", "agent/a/out/raw",
        "agent/b/out/77", "agent/a/stat", "agent/a/in/1", "file", "ask", "",
        "state/x", "State", "cmd/", "cmd/out/x", "desired/x", "reported/", "agent/a", "agent//out",
        "agent/a/out/", "agent/a/out/raw/x", "agent/a/in", "agent/a/in/", "agent/a/in/1/2",
        "agent/a/b/out", "agent/out", "file/0a1b", "ask/1", "file//", "out/raw",
        "cmd\u00e9", " cmd",
    ]  # fmt: skip
    found = [f"wasmote/v1/{place}/{path}" for place, path in product(places, paths)]
    heads = ("wasmote/v2", "Wasmote/v1", "wasmote/v1/", "/wasmote/v1", "other/v1", "wasmote", "v1")
    found += [f"{head}/{node}/{path}" for head in heads for node in NODES[:3] for path in paths[:7]]
    found += ["wasmote/v1/lab/n1", "wasmote/v1/lab", "wasmote/v1", "wasmote", "/", "state", "n1"]
    # Very long, in bytes and in levels.
    own = "wasmote/v1/lab/n1/"
    found += [own + "agent/" + "a" * 60000 + "/out", own + "x" * 65000, own + "a/" * 150 + "out"]
    found += ["$SYS/broker/x", "$SYS/wasmote/v1/lab/n1/cmd", "$other/v1/lab/n1/cmd"]
    return list(dict.fromkeys(found))
