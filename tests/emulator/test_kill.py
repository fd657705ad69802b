"""SIGKILL in the middle of work leaves a world that goes on as if it had never happened."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import httpx

from support.emulator import Emulator


def test_killed_while_advancing(tmp_path: Path) -> None:
    options = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")
    emulator = Emulator(tmp_path, *options)
    emulator.rtc.start(ImageConfig={"Interval": 7, "Width": 333})
    before = emulator.show("/tasks"), emulator.show("/clock")["now"]

    def advance() -> None:
        try:
            emulator.advance(7 * 900)
        except httpx.HTTPError:
            return

    thread = threading.Thread(target=advance)
    thread.start()
    time.sleep(0.4)
    emulator.process.send_signal(signal.SIGKILL)
    emulator.process.wait()
    thread.join()
    emulator.close()
    again = Emulator(tmp_path, *options)
    try:
        assert (again.show("/tasks"), again.show("/clock")["now"]) == before
        again.advance(70)
        assert again.task()["frames"] == 22
        newest = again.show("/frames")["frames"]
        assert len(newest) == 22
        assert all(again.http.get(frame["url"]).status_code == 200 for frame in newest)
    finally:
        again.close()
