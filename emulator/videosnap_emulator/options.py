"""The command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from videosnap_emulator.clock import Pace


def _port(text: str) -> int:
    port = int(text)
    if port not in range(65_536):
        raise ValueError(text)
    return port


def parser() -> argparse.ArgumentParser:
    """Return the parser of the emulator's options."""
    options = argparse.ArgumentParser(prog="videosnap emulator", description="Run the offline emulator.")
    options.add_argument(
        "--env-file",
        type=Path,
        required=True,
        metavar="FILE",
        help="write endpoints and keys here once ready",
    )
    options.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="keep the world here and come back with it"
    )
    options.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (%(default)s)")
    for name, what in (("rtc", "RTC API"), ("store", "S3 store"), ("page", "page and control API")):
        options.add_argument(
            f"--port-{name}",
            type=_port,
            default=0,
            metavar="PORT",
            help=f"port of the {what} (0: any free one)",
        )
    options.add_argument(
        "--no-signature-check", action="store_true", help="accept requests without a signature"
    )
    options.add_argument(
        "--pace",
        choices=[pace.value for pace in Pace],
        default=Pace.REAL.value,
        help="real: emulated time runs; manual: it moves only when advanced (%(default)s)",
    )
    return options
