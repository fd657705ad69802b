"""Every kind of storage, of secret and of job; STEP=1 declares the lobby as it was at first."""

import os

import pulumi

from pulumi_videosnap import alibaba, frames, volcengine

APP = "661e000000000000000390d8"
TOS = {"tos_config": {"account_id": "2100000000", "bucket": "frames"}}
PLACE = {"location": "oss-cn-hangzhou", "bucket": "frames"}
VIDEO = {**PLACE, "bucket": "media", "object": "input.mp4"}
SECRET = pulumi.Output.secret("a trigger that nobody may see")


def task(name: str, storage: dict, **more: object) -> volcengine.SnapshotTask:
    return volcengine.SnapshotTask(name, app_id=APP, room_id=name, storage_config=storage, **more)


def job(name: str, config: dict, key: str = "{Count}.jpg", **more: object) -> alibaba.SnapshotJob:
    files = {"output_file": {**PLACE, "object": f"{name}/{key}"}}
    if "tile_out" in config:
        files["tile_output_file"] = {**PLACE, "object": f"{name}/sheet_{{TileCount}}.jpg"}
    return alibaba.SnapshotJob(name, input=VIDEO, snapshot_config={**files, **config}, **more)


lobby = task("lobby", TOS, image_config={"interval": 5 if os.environ.get("STEP") == "1" else 7},
             frame_prefix=f"{APP}/lobby/")  # fmt: skip
task("hall", TOS, keep_running=True, business_id="shop", triggers=["one", SECRET], max_idle_time=600,
     image_config={"interval": 60, "format": "png", "width": 320, "height": 180},
     target_streams={"stream_list": [{"user_id": "user0"}, {"user_id": "user1", "index": 1}]})  # fmt: skip
task("vod", {"vod_config": {"account_id": "2100000000", "space": "shop", "storage_class": "archive"}})
task("images", {"ve_image_x_config": {"account_id": "2100000000", "service_id": "stills"}})
task("given", {"custom_config": {"bucket": "frames", "vendor": "aliyun", "access_key": "AKIADUMMY",
                                 "secret_key": pulumi.Output.secret("dummy-secret")}})  # fmt: skip
task("named", {"custom_config": {"bucket": "frames", "vendor": "huawei", "access_key_env": "FRAMES_KEY",
                                 "secret_key_env": "FRAMES_SECRET"}})  # fmt: skip

job("single", {"time": 2000, "frame_type": "normal"}, "only.jpg", user_data="of-the-shop")
stills = job("stills", {"time": 2, "interval": 2, "num": 3, "height": 360}, on_delete="delete-frames",
             triggers=[SECRET])  # fmt: skip
job("tiles", {"time": 0, "interval": 1, "num": 6, "tile_out": {"lines": 2, "columns": 2, "padding": 4}})
job("vtt", {"time": 0, "interval": 2, "num": 4, "format": "vtt", "sub_out": {"is_spt_frag": True},
            "tile_out": {"lines": 2, "columns": 2, "cell_width": 160, "cell_height": 90}},
    "all.vtt")  # fmt: skip

first = frames.FramesReady("first", task=lobby, count=2, timeout=600)
ready = frames.FramesReady("ready", task=stills)
pulumi.export("first", first.frames)
pulumi.export("stills", ready.frames)
pulumi.export("lobby", lobby.task_id)
