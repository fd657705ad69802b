"""The vendor's installer, kept inside `.engine`: no profile is edited and the user's home stays as it is."""

import shutil
from pathlib import Path

from engine import process
from engine.pins import Pins
from engine.report import Unavailable, say

LABEL = "vendor's installer"
SCRIPT = "https://get.pulumi.com/install.sh"
CONNECT = 5  # seconds to get through to the vendor
FETCH = 30  # seconds to fetch the script
INSTALL = 900  # seconds to fetch and unpack a release


def install(pins: Pins, work: Path) -> Path:
    """Install the pinned release into the work folder and return the folder of its programs."""
    curl = shutil.which("curl")
    if curl is None:
        raise Unavailable(f"{LABEL}: curl, which it needs, is not on PATH")
    script = work / "install.sh"
    _fetch(curl, script)
    say(f"{LABEL}: fetching Pulumi {pins.release}")
    target = work / "vendor"
    _run(["sh", script, "--version", pins.release, "--install-root", target, "--no-edit-path"], work, INSTALL)
    if not (target / "bin" / "pulumi").exists():
        raise Unavailable(f"{LABEL}: it ended without a pulumi")
    return target / "bin"


def _fetch(curl: str, script: Path) -> None:
    limits = ["--connect-timeout", str(CONNECT), "--max-time", str(FETCH)]
    try:
        _run([curl, "-fsSL", *limits, "-o", script, SCRIPT], script.parent, FETCH * 2)
    except Unavailable as problem:
        raise Unavailable(f"{LABEL}: cannot be fetched ({str(problem).splitlines()[-1].strip()})") from None


def _run(command: process.Command, work: Path, limit: float) -> None:
    process.work(
        command,
        cwd=work,
        env=process.environment(TMPDIR=str(work)),
        label=LABEL,
        progress=lambda _: "",
        limit=limit,
    )
