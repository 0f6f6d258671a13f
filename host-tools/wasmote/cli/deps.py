"""`wasmote deps`: third-party sources (make deps)."""

from wasmote import paths
from wasmote.build import deps as sources
from wasmote.cli.output import JsonOption, Output


def deps(json: JsonOption = False) -> None:
    """Bring the third-party sources that deps.toml pins into third_party/."""
    out = Output(json)
    pinned = sources.parse((paths.TOP / "deps.toml").read_text())
    brought = sources.ensure(pinned, paths.THIRD_PARTY, out.say)
    out.data({"brought": brought, "pinned": [source.name for source in pinned]})
