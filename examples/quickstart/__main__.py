"""One snapshot task: a frame of every user in a live room, every five seconds, into a bucket."""

import pulumi

from pulumi_videosnap import volcengine

config = pulumi.Config()

lobby = volcengine.SnapshotTask(
    "lobby",
    app_id=config.get("appId") or "661e000000000000000543cf",
    room_id=config.get("roomId") or "Room1",
    image_config=volcengine.ImageConfigArgs(interval=config.get_int("interval") or 5, width=640, height=360),
    storage_config=volcengine.StorageConfigArgs(
        tos_config=volcengine.TosConfigArgs(
            account_id=config.get("accountId") or "2100000000", bucket=config.get("bucket") or "frames"
        )
    ),
    max_idle_time=200,
    # The vendor documents no keys. Where others write to the bucket too, this tells the frames apart.
    frame_prefix=config.get("framePrefix"),
)

pulumi.export("task", lobby.id)
pulumi.export("status", lobby.status)
pulumi.export("startTime", lobby.start_time)
