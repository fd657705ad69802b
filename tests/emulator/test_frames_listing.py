"""The control API's list of frames tells whose stream, and which one, a picture shows."""

from __future__ import annotations

from support.emulator import Emulator
from support.rtc_client import BODY


def test_camera_and_screen_of_one_user_are_told_apart(emulator: Emulator) -> None:
    emulator.request("PUT", "/rooms/661e/Room1/users/user0", {"camera": True, "screen": True})
    both = [{"UserId": "user0", "Index": 0}, {"UserId": "user0", "Index": 1, "StreamType": 1}]
    emulator.rtc.call("StartSnapshot", {**BODY, "TargetStreams": {"StreamList": both}})
    frames = emulator.request("GET", "/frames?app=661e&room=Room1&task=Task1&limit=10")["frames"]
    assert {(frame["userId"], frame["streamType"]) for frame in frames} == {
        ("user0", "camera"),
        ("user0", "screen"),
    }
