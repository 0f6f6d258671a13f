"""The errors of the host tools; each knows the exit code that the command line ends with."""

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_MISSING = 3
EXIT_DEVICE = 4
EXIT_BUNDLE = 5
EXIT_BUILD = 6
EXIT_TIMEOUT = 7
EXIT_INTERRUPTED = 130

EXIT_CODES = {
    EXIT_OK: "ok",
    EXIT_FAILED: "a check failed",
    EXIT_USAGE: "usage: a wrong option or argument",
    EXIT_MISSING: "something is missing (tool, package)",
    EXIT_DEVICE: "device not found or lost",
    EXIT_BUNDLE: "agent or bundle invalid",
    EXIT_BUILD: "build failed",
    EXIT_TIMEOUT: "timed out",
    EXIT_INTERRUPTED: "interrupted",
}


class WasmoteError(Exception):
    """What failed, with what, and what to try; `exit_code` is one of EXIT_CODES."""

    exit_code: int = EXIT_FAILED

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        if exit_code is not None:
            self.exit_code = exit_code


class UsageError(WasmoteError):
    """A wrong option, argument or name."""

    exit_code = EXIT_USAGE


class MissingError(WasmoteError):
    """A tool, package or file that has to be there is not."""

    exit_code = EXIT_MISSING


class DeviceError(WasmoteError):
    """A device was not found, is busy, does not answer, or went away."""

    exit_code = EXIT_DEVICE


class BundleError(WasmoteError):
    """An agent or its bundle is not valid."""

    exit_code = EXIT_BUNDLE


class BuildError(WasmoteError):
    """A compiler or a build step failed."""

    exit_code = EXIT_BUILD


class TimedOutError(WasmoteError):
    """Something did not happen in the time given to it."""

    exit_code = EXIT_TIMEOUT
