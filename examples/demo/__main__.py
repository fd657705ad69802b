"""Tells both acts. Everything that is written is under `.demo`, and every process that is started ends."""

from __future__ import annotations

import shutil
import signal
import sys
import time

from examples.demo import live_room, video_stills
from examples.demo.emulator import emulator
from examples.demo.places import DEMO, FRAMES, shown
from examples.demo.screen import say, step, title


def main() -> int:
    """Tell the story; returns the exit code."""
    began = time.monotonic()
    shutil.rmtree(DEMO, ignore_errors=True)
    FRAMES.mkdir(parents=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the emulator ends with us
    with emulator() as cloud:
        step("A stand-in for both clouds is running: it checks signatures and cuts real frames.")
        say(f"Its live page: {cloud.url}")
        title("Act one: a task on a live room (Volcengine RTC)")
        live_room.tell(cloud)
        title("Act two: jobs on a video file (Alibaba Cloud MPS)")
        video_stills.tell(cloud)
    step(f"That took {time.monotonic() - began:.0f} seconds and left nothing running.")
    say(f"The pictures are in {shown(FRAMES)}; the programs: examples/quickstart, examples/video-stills.")
    say(f"Contact sheets, for a browser: live-room.html and video-stills.html in {shown(DEMO)}.")
    say("Go on by hand: `make emulator` in one terminal; in another")
    say("    . engine/env.sh; . .emulator/env; pulumi stack init dev; pulumi up")
    say("Your own account: see “Your real account” in README.md.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
