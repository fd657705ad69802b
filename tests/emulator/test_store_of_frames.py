"""Frames over the S3 protocol."""

from __future__ import annotations

import boto3
from botocore.config import Config

from support.emulator_client import Emulator


def test_frames_are_s3_objects_with_metadata(emulator: Emulator) -> None:
    emulator.start()
    client = boto3.client(
        "s3",
        endpoint_url=emulator.env["VOLCENGINE_TOS_ENDPOINT"],
        aws_access_key_id=emulator.env["VOLCENGINE_ACCESS_KEY"],
        aws_secret_access_key=emulator.env["VOLCENGINE_SECRET_KEY"],
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
    emulator.send("POST", "/reset")
    assert "Contents" not in client.list_objects_v2(Bucket="frames")
    assert client.head_object(Bucket="media", Key="input.mp4")["ContentLength"] > 1000
