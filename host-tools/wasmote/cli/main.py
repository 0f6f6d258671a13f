"""The command `wasmote`: its verbs, and errors turned into exit codes.

Exit codes: 0 ok, 1 a check failed, 2 usage, 3 something missing, 4 device not found or lost,
5 agent or bundle invalid, 6 build failed, 7 timed out, 130 interrupted.
"""

import functools
from collections.abc import Callable
from typing import Any

import typer

from wasmote.cli import (
    agent,
    agent_run,
    agent_serve,
    agent_sign,
    bench,
    bench_deadlines,
    bench_nn,
    bench_nn_host,
    bench_sign,
    boards,
    bridge,
    broker,
    build,
    calibrate,
    convert,
    demo,
    deps,
    dist,
    doctor,
    flash,
    inspect,
    keys,
    keys_provision,
    keys_stamp,
    keyset,
    monitor,
    provision,
    record,
    sim,
    size,
)
from wasmote.cli.output import complain
from wasmote.errors import EXIT_CODES, EXIT_FAILED, EXIT_INTERRUPTED, WasmoteError

Verb = Callable[..., None]

VERBS: dict[str, Verb] = {
    "doctor": doctor.doctor,
    "deps": deps.deps,
    "boards": boards.boards,
    "build": build.build,
    "flash": flash.flash,
    "dist": dist.dist,
    "sim": sim.sim,
    "inspect": inspect.inspect,
    "convert": convert.convert,
    "provision": provision.provision,
    "monitor": monitor.monitor,
    "record": record.record,
    "replay": record.replay,
    "bridge": bridge.bridge,
    "demo": demo.demo,
    "calibrate": calibrate.calibrate,
    "bench": bench.bench,
    "bench-deadlines": bench_deadlines.bench_deadlines,
    "bench-nn": bench_nn.bench_nn,
    "bench-nn-host": bench_nn_host.bench_nn_host,
    "bench-sign": bench_sign.bench_sign,
    "size": size.size,
}

AGENT_VERBS: dict[str, Verb] = {
    "new": agent.new,
    "build": agent.build,
    "check": agent.check,
    "sign": agent_sign.sign,
    "verify": agent_sign.verify,
    "upload": agent.upload,
    "serve": agent_serve.serve,
    "ls": agent.ls,
    "rm": agent.rm,
    "run": agent_run.run,
}

KEY_VERBS: dict[str, Verb] = {
    "new": keys.new,
    "ls": keys.ls,
    "init": keyset.init,
    "allow": keyset.allow,
    "floor": keyset.floor,
    "rotate": keyset.rotate,
    "revoke": keyset.revoke,
    "roots": keyset.roots,
    "draft": keyset.draft,
    "sign-set": keyset.sign_set,
    "finish": keyset.finish,
    "verify": keys.verify,
    "provision": keys_provision.provision,
    "stamp": keys_stamp.stamp,
}

BROKER_VERBS: dict[str, Verb] = {
    "init": broker.init,
    "add-node": broker.add_node,
    "rm-node": broker.rm_node,
    "check": broker.check,
}

EPILOG = "Exit codes: " + ", ".join(f"{code} {text}" for code, text in EXIT_CODES.items()) + "."


def guarded(verb: Verb) -> Verb:
    """`verb`, with errors reported and turned into exit codes instead of tracebacks."""

    @functools.wraps(verb)
    def call(*args: Any, **kwargs: Any) -> None:
        wants_json = bool(kwargs.get("json"))
        try:
            verb(*args, **kwargs)
        except WasmoteError as error:
            complain(str(error), error.exit_code, wants_json)
            raise typer.Exit(error.exit_code) from None
        except OSError as error:
            complain(str(error), EXIT_FAILED, wants_json)
            raise typer.Exit(EXIT_FAILED) from None
        except KeyboardInterrupt:
            complain("interrupted", EXIT_INTERRUPTED, wants_json)
            raise typer.Exit(EXIT_INTERRUPTED) from None

    return call


def make_app() -> typer.Typer:
    """The whole command line."""
    settings: dict[str, Any] = {
        "no_args_is_help": True,
        "pretty_exceptions_enable": False,
        "add_completion": False,
    }
    app = typer.Typer(help="Sandboxed inference agents on microcontrollers.", **settings)
    agents = typer.Typer(help="Make, check and put agents on devices.", **settings)
    signing = typer.Typer(help="Make keys, and say who may sign what.", **settings)
    brokers = typer.Typer(help="mosquitto for a site: users, rights, limits.", **settings)
    tables = ((VERBS, app), (AGENT_VERBS, agents), (KEY_VERBS, signing), (BROKER_VERBS, brokers))
    for table, target in tables:
        for name, verb in table.items():
            target.command(name, epilog=EPILOG)(guarded(verb))
    app.add_typer(agents, name="agent", epilog=EPILOG)
    app.add_typer(signing, name="keys", epilog=EPILOG)
    app.add_typer(brokers, name="broker", epilog=EPILOG)
    app.callback(epilog=EPILOG)(lambda: None)
    return app


app = make_app()


def main() -> None:
    """The entry point of the installed command."""
    app()


if __name__ == "__main__":
    main()
