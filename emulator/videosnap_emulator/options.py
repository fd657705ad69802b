"""The command line."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from videosnap_emulator.alibaba_mps.readings import Readings
from videosnap_emulator.clock import Pace

DEFAULT_JOB_SECONDS = 1.0
_LONGEST_JOB_SECONDS = 86_400.0
_READINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "frame-type": ("frame_type_default", ("intra", "normal")),
    "interval": ("missing_interval", ("ten-seconds", "average")),
}


def _port(text: str) -> int:
    port = int(text)
    if port not in range(65_536):
        raise ValueError(text)
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= _LONGEST_JOB_SECONDS:
        raise argparse.ArgumentTypeError(f"{text}: not from 0 to {_LONGEST_JOB_SECONDS:g}")
    return seconds


def _reading(text: str) -> tuple[str, str]:
    """Return the field of `Readings` that ``name=value`` sets, and its value."""
    name, _, value = text.partition("=")
    field, values = _READINGS.get(name, ("", ()))
    if value not in values:
        known = ", ".join(f"{name}={'|'.join(words)}" for name, (_, words) in _READINGS.items())
        raise argparse.ArgumentTypeError(f"{text}: not one of {known}")
    return field, value


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
    for name, what in (
        ("rtc", "RTC API"),
        ("mps", "MPS API"),
        ("store", "S3 store"),
        ("page", "page and control API"),
    ):
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
    _add_mps(options)
    return options


def _add_mps(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--job-seconds",
        type=_seconds,
        metavar="SECONDS",
        help="emulated time from a snapshot job's submission to its end"
        f" ({DEFAULT_JOB_SECONDS:g}, or what --data-dir remembers)",
    )
    options.add_argument(
        "--mps-reading",
        type=_reading,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="where the vendor's documents contradict each other: frame-type=normal|intra,"
        " interval=average|ten-seconds",
    )
    options.add_argument(
        "--mps-security-token",
        default="",
        metavar="TOKEN",
        help="session token that the MPS API accepts (none)",
    )


def readings(options: argparse.Namespace) -> Readings:
    """Return the chosen readings of the documents; of repeated ones the last counts."""
    return replace(Readings(), **dict(options.mps_reading))
