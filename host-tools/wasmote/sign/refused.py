"""Why a signed document is not taken, in the words of SPEC.md 10.4."""

from wasmote.errors import EXIT_BUNDLE, WasmoteError


class Refused(WasmoteError):
    """A manifest or key set is not taken; `code` is one of SPEC.md 10.4, `reason` for people."""

    exit_code = EXIT_BUNDLE

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
