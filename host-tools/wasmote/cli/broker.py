"""`wasmote broker`: mosquitto for a site, with a user and rights for each node."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from wasmote.broker.site import Settings, Site
from wasmote.cli.output import JsonOption, Output
from wasmote.errors import WasmoteError

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the site's broker.")]
NodeName = Annotated[str, typer.Argument(metavar="SITE/NODE", help="Also the user's name.")]
File = typer.Option(metavar="FILE")
RELOAD = "mosquitto reads it when it is sent SIGHUP"


def init(
    folder: Folder,
    cert: Annotated[str, File] = "",
    key: Annotated[str, File] = "",
    ca: Annotated[str, typer.Option(metavar="FILE", help="The certificate's chain.")] = "",
    port: Annotated[int, typer.Option(help="For TLS.")] = 8883,
    plain_port: Annotated[int, typer.Option(help="MQTT in clear there; 0: nowhere.")] = 0,
    bind: Annotated[str, typer.Option(help="The address to listen on; all without.")] = "",
    prefix: Annotated[str, typer.Option(help="Of all topics.")] = "wasmote",
    gateway: Annotated[list[str] | None, typer.Option(help="A user; again for more.")] = None,
    orchestrator: Annotated[list[str] | None, typer.Option(help="A user; again for more.")] = None,
    max_connections: Annotated[int, typer.Option(help="On each port.")] = 1000,
    run_as: Annotated[str, typer.Option(help="mosquitto's user of this machine; you.")] = "",
    json: JsonOption = False,
) -> None:
    """Make a folder with mosquitto's configuration, ACL and passwords; then mosquitto -c takes it.

    Everyone has a name and a password; each user has one connection at a time. Passwords are
    made here, lie in DIR/secrets, and are not shown.
    """
    out = Output(json)
    site = Site(folder)
    settings = Settings(
        prefix=prefix,
        gateways=gateway or ["gateway"],
        orchestrators=orchestrator or ["orchestrator"],
        bind=bind,
        tls_port=port,
        certificate=_absolute(cert),
        key=_absolute(key),
        authority=_absolute(ca),
        plain_port=plain_port,
        max_connections=max_connections,
        run_as=run_as or getpass.getuser(),
    )
    files = site.init(settings)
    for user, file in files.items():
        out.say(f"{user}: password in {file}")
    out.say(f"start it: mosquitto -c {site.conf}")
    names = {user: str(file) for user, file in files.items()}
    out.data({"configuration": str(site.conf), "passwords": names})


def _absolute(file: str) -> str:
    return str(Path(file).resolve()) if file else ""


def add_node(
    folder: Folder,
    node: NodeName,
    show: Annotated[bool, typer.Option("--print", help="Show it once, keep no file.")] = False,
    json: JsonOption = False,
) -> None:
    """Add a node's user, with a password in a file that wasmote provision --password-file takes."""
    out = Output(json)
    file = Site(folder).add_node(node)
    if show:
        password = file.read_text().strip()
        file.unlink()
        out.say(f"{node}: {password}")
        out.data({"user": node, "password": password})
    else:
        out.say(f"{node}: password in {file}; {RELOAD}")
        out.data({"user": node, "password_file": str(file)})


def rm_node(folder: Folder, node: NodeName, json: JsonOption = False) -> None:
    """Take a node's user away; a connection that stands ends with mosquitto's next SIGHUP."""
    out = Output(json)
    Site(folder).remove_node(node)
    out.say(f"{node}: removed; {RELOAD}")
    out.data({"user": node})


def check(folder: Folder, json: JsonOption = False) -> None:
    """Look at files, their modes and users, and try mosquitto with them on other ports."""
    out = Output(json)
    site = Site(folder)
    wrong = site.check()
    out.data({"wrong": wrong})
    if wrong:
        raise WasmoteError("; ".join(wrong))
    out.say(f"{site.folder}: in order")
