"""Runs the acts. Everything that the demo writes is under `.demo`, and every process that it starts ends."""

from __future__ import annotations

import shutil
import signal
import sys
import time

from examples.demo import live_room, thumbnails, video_stills, yaml_program
from examples.demo.emulator import emulator
from examples.demo.screen import DEMO, FRAMES, say, shown, step, title


def main() -> int:
    """Run the demo; returns the exit code."""
    began = time.monotonic()
    shutil.rmtree(DEMO, ignore_errors=True)
    FRAMES.mkdir(parents=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the emulator ends too
    with emulator() as cloud:
        step("An emulator of both clouds is running: it checks signatures and cuts real frames.")
        say(f"Its live page: {cloud.url}")
        title("Act one: a task on a live room (Volcengine RTC)")
        live_room.run(cloud)
        title("Act two: jobs on a video file (Alibaba Cloud MPS)")
        video_stills.run(cloud)
        title("Act three: a thumbnail of every upload (Alibaba Cloud MPS)")
        thumbnails.run(cloud)
        yaml_program.run(cloud)
    step(f"Done in {time.monotonic() - began:.0f} seconds; nothing is left running.")
    say(f"The frames are in {shown(FRAMES)}; the programs are in examples.")
    sheets = "live-room.html, video-stills.html and thumbnails.html"
    say(f"Contact sheets, to open in a browser: {sheets} in {shown(DEMO)}.")
    say("To go on by hand, run `make emulator` in one terminal and in another:")
    say("    . engine/env.sh; . .emulator/env; pulumi stack init dev; pulumi up")
    say("For your own account see README.md, section Your real account.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
