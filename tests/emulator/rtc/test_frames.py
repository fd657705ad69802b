"""Frames: the control API's list of them, and the frames over the S3 protocol."""

from __future__ import annotations

import boto3
from botocore.config import Config

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


def test_frames_are_s3_objects_with_metadata(emulator: Emulator) -> None:
    emulator.rtc.start()
    client = boto3.client(
        "s3",
        endpoint_url=emulator.environment["VOLCENGINE_TOS_ENDPOINT"],
        aws_access_key_id=emulator.environment["VOLCENGINE_ACCESS_KEY"],
        aws_secret_access_key=emulator.environment["VOLCENGINE_SECRET_KEY"],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    listed = client.list_objects_v2(Bucket="frames")["Contents"]
    assert len(listed) == 2
    frame = emulator.show("/frames")["frames"][0]
    head = client.head_object(Bucket="frames", Key=frame["key"])
    assert head["Metadata"]["captured-at"] == frame["time"]
    assert head["ContentLength"] == frame["size"]
    assert client.head_object(Bucket="media", Key="input.mp4")["ContentType"] == "video/mp4"
    emulator.request("POST", "/reset")
    assert "Contents" not in client.list_objects_v2(Bucket="frames")
    assert client.head_object(Bucket="media", Key="input.mp4")["ContentLength"] > 1000
