"""The vendor's tutorial script, ported to Python 3 and otherwise as published."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PIPELINE = "51de0000c0de4f0a9a7e51de0c4a11ba"
"""The emulator's default pipeline."""

SCRIPT = (Path(__file__).parents[1] / "data" / "mps" / "tutorial.txt").read_text()


def run_tutorial(folder: Path, environment: Mapping[str, str]) -> str:
    """Run the script as it stands against the endpoint of an environment; returns what it printed."""
    file = folder / "snapshot.py"
    file.write_text(
        SCRIPT.format(
            key=environment["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            secret=environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            endpoint=environment["ALIBABA_CLOUD_MPS_ENDPOINT"].removeprefix("http://"),
            pipeline=PIPELINE,
        )
    )
    # The vendor's core hands every request to a proxy that is set, one to this machine too.
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    ran = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, env=clean, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
