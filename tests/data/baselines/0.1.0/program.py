"""What the state of version 0.1.0 declares: it is from before there was `review` or `drift`."""

import pulumi

from pulumi_videosnap import alibaba, volcengine

APP = "661e000000000000000543cf"
TOS = {"tos_config": {"account_id": "2100000000", "bucket": "frames"}}
KEYS = {"access_key": "AKIADUMMY", "secret_key": "dummy-secret"}
PLACE = {"location": "oss-cn-hangzhou", "bucket": "frames"}

volcengine.SnapshotTask(
    "lobby",
    app_id=APP,
    room_id="lobby",
    image_config={"interval": 7},
    storage_config=TOS,
    frame_prefix="lobby/",
)
volcengine.SnapshotTask(
    "hall",
    app_id=APP,
    room_id="hall",
    storage_config=TOS,
    keep_running=True,
    triggers=["one", pulumi.Output.secret("two")],
    business_id="shop",
    target_streams={"stream_list": [{"user_id": "user0"}]},
)
volcengine.SnapshotTask(
    "abroad", app_id=APP, room_id="abroad", storage_config={"custom_config": {"bucket": "frames", **KEYS}}
)
volcengine.SnapshotTask("over", app_id=APP, room_id="over", storage_config=TOS, max_idle_time=60)
alibaba.SnapshotJob(
    "stills",
    input={**PLACE, "bucket": "media", "object": "input.mp4"},
    snapshot_config={
        "output_file": {**PLACE, "object": "old_{Count}.jpg"},
        "time": 2,
        "interval": 2,
        "num": 3,
        "height": 360,
        "frame_type": "normal",
    },
    triggers=[pulumi.Output.secret("again")],
)
