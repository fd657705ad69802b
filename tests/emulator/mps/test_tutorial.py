"""The vendor's tutorial script, ported to Python 3 and otherwise as published, run as it stands."""

from __future__ import annotations

import io
import re
from pathlib import Path

from PIL import Image

from support.emulator_client import Emulator
from support.tutorial import run_tutorial
from videosnap_emulator import strip

#: What the script asks for: from 2 ms on, every 2 s, and key frames, which the sample has every 2 s.
MOMENTS_MS = (0, 2000, 4000)


def test_the_tutorial_leaves_its_three_pictures(emulator: Emulator, tmp_path: Path) -> None:
    said = run_tutorial(tmp_path, emulator.env)
    assert re.search(r"^RequestId is: [0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$", said, re.MULTILINE)
    told = re.search(r"^JobId is: ([0-9a-f]{32})$", said, re.MULTILINE)
    assert told
    emulator.advance(1)
    job = emulator.show(f"/jobs/{told[1]}")
    assert (job["state"], job["count"]) == ("Success", 3)
    for number, moment in enumerate(MOMENTS_MS, 1):
        image = Image.open(io.BytesIO(emulator.http.get(f"/frames/media/output_{number:05d}.jpg").content))
        assert image.height == 360
        assert strip.read_frame_number(image) == moment * 25 // 1000
