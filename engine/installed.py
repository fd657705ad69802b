"""Pulumi programs that are there already: is the one on PATH good enough, and does a new one run?"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine import process
from engine.pins import Pins, parse
from engine.report import Unavailable
from engine.store import NEEDED, Store

HOST = "pulumi-language-python"


@dataclass(frozen=True)
class Found:
    """What was found on PATH, as a verdict and a sentence for the user."""

    usable: bool
    sentence: str


def on_path(pins: Pins, store: Store) -> Found:
    """Judge the `pulumi` on PATH, leaving out the one that this checkout made for itself."""
    path = os.pathsep.join(p for p in os.get_exec_path() if Path(p).resolve() != store.binaries.resolve())
    program = shutil.which("pulumi", path=path)
    if program is None:
        return Found(False, "pulumi: none on PATH")
    text = version_of(Path(program))
    version, least = parse(text or ""), parse(pins.least_release)
    if text is None or version is None or least is None:
        return Found(False, f"pulumi: {program} does not tell its version")
    if version < least:
        return Found(False, f"pulumi: {program} is {text}, older than {pins.least_release}")
    if not _has_host(Path(program), path):
        return Found(False, f"pulumi: {program} is {text}, but has no {HOST} beside it or on PATH")
    return Found(True, f"pulumi: {program} is {text}, new enough: it is used")


def version_of(program: Path) -> str | None:
    """Ask a `pulumi` for its version, in a home of its own so that the user's stays untouched."""
    with tempfile.TemporaryDirectory() as home:
        env = process.environment(PULUMI_HOME=home, PULUMI_SKIP_UPDATE_CHECK="true")
        return process.ask([program, "version"], Path(home), env)


def prove(binaries: Path, pins: Pins) -> None:
    """Refuse a freshly made folder whose programs are not all there or do not run."""
    missing = [name for name in NEEDED if not os.access(binaries / name, os.X_OK)]
    if missing:
        raise Unavailable(f"engine: what was made lacks {', '.join(missing)}")
    text = version_of(binaries / "pulumi")
    if text is None or parse(text) != parse(pins.release):
        raise Unavailable(f"engine: the pulumi that was made answers {text!r}, not {pins.release}")


def _has_host(program: Path, path: str) -> bool:
    beside = (program.parent / HOST, program.resolve().parent / HOST)
    return any(os.access(host, os.X_OK) for host in beside) or shutil.which(HOST, path=path) is not None
