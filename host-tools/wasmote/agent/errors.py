"""What goes wrong with agents, in the words of SPEC.md 1.4, the same on every host."""

from wasmote.errors import BundleError

CODES = {
    -1: "input-length",
    -2: "not-ready",
    -3: "model",
    -4: "argument",
    -5: "internal",
    -6: "unsupported",
}


def code_reason(code: int) -> str:
    """The reason word for the negative `code` that an agent returned."""
    if -1999 <= code <= -1000:
        return "own"
    return CODES.get(code, "unknown")


class AgentStopped(BundleError):
    """An agent did not load, was stopped, or answered with an error code.

    `reason` is a word of SPEC.md 1.4; `code` is what the agent returned, where it did.
    """

    def __init__(self, agent: str, reason: str, text: str, code: int | None = None) -> None:
        super().__init__(f"{agent}: {reason}: {text}")
        self.agent = agent
        self.reason = reason
        self.code = code


class LoadError(AgentStopped):
    """The agent does not load."""


class Trap(AgentStopped):
    """The host stopped the agent; it must be loaded again."""


class AgentError(AgentStopped):
    """The agent answered with an error code; it can be called again."""


class AgentBusy(BundleError):
    """The agent was called while it was running."""
