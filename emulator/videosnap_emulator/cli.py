"""The command line of ``videosnap emulator``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from videosnap_emulator import ports, server
from videosnap_emulator.core.clock import Pace
from videosnap_emulator.core.persistence import StateError, WriteError
from videosnap_emulator.core.service import Service
from videosnap_emulator.services import load_services


def _port(text: str) -> int:
    port = int(text)
    if port not in range(65_536):
        raise ValueError(text)
    return port


def _add_ports(options: argparse.ArgumentParser, services: Iterable[type[Service[Any]]]) -> None:
    listeners = {service.name: f"{service.title} API" for service in services}
    listeners |= {server.STORAGE: "S3 store", server.PAGE: "page and control API"}
    for name, what in listeners.items():
        options.add_argument(
            f"--port-{name}",
            type=_port,
            default=0,
            metavar="PORT",
            help=f"port of the {what} (0: any free one)",
        )


def parser(services: Iterable[type[Service[Any]]]) -> argparse.ArgumentParser:
    """Return the parser of the emulator's options with those of the services."""
    options = argparse.ArgumentParser(
        prog="videosnap emulator",
        description="Run the offline emulator. Source FILE to point a shell at it; ^C ends it.",
    )
    options.add_argument(
        "--env-file",
        type=Path,
        required=True,
        metavar="FILE",
        help="write endpoints and keys here once ready",
    )
    options.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="keep the state here, and load it at the next start"
    )
    options.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (%(default)s)")
    _add_ports(options, services)
    options.add_argument(
        "--no-signature-check", action="store_true", help="accept requests without a signature"
    )
    options.add_argument(
        "--pace",
        choices=[pace.value for pace in Pace],
        default=Pace.REAL.value,
        help="real: emulated time runs; manual: it moves only when advanced (%(default)s)",
    )
    options.add_argument(
        "--service",
        action="append",
        metavar="MODULE:CLASS",
        help="emulate one more service, such as one of your own (may be repeated)",
    )
    for service in services:
        service.add_options(options)
    return options


def _services(argv: Sequence[str]) -> list[type[Service[Any]]]:
    """Return the services, with those that ``--service`` adds: they bring options of their own."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--service", action="append", default=[])
    try:
        return load_services(first.parse_known_args(argv)[0].service)
    except ValueError as error:
        raise ports.StartError(str(error)) from error


def main(argv: Sequence[str] | None = None) -> int:
    """Run the emulator until a signal ends it; return the exit status, 2 if it cannot start."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        services = _services(argv)
        options = parser(services).parse_args(argv)
        options.host = ports.loopback(options.host)
        server.serve(services, options)
    except (ports.StartError, StateError, WriteError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0
