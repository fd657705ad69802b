"""A program that breaks every policy of the pack."""

import os

import pulumi

from pulumi_videosnap import alibaba, volcengine

KEY = os.environ["CANARY"]


def storage(bucket):
    return {"tos_config": {"account_id": "2100000000", "bucket": bucket}}


class OwnTask(volcengine.SnapshotTask):
    """A subclass has another type token, and the same provider."""


def declare(name, opts=None, kind=volcengine.SnapshotTask, **inputs):
    defaults = {
        "app_id": "app",
        "room_id": name,
        "business_id": "team-a",
        "storage_config": storage("frames"),
    }
    return kind(name, **{**defaults, "image_config": {"interval": 5}, **inputs}, opts=opts)


def plain_keys(args):  # what the resource class makes secrets of, a transformation can undo
    keys = {"access_key": KEY, "secret_key": KEY}
    props = {**args.props, "storage_config": {"custom_config": {"bucket": "frames", **keys}}}
    return pulumi.ResourceTransformationResult(props, args.opts)


first = declare("bucket", storage_config=storage("private"))
declare("hidden", storage_config=storage(pulumi.Output.secret(KEY)))
declare("interval", image_config={"interval": 1})
declare("later", image_config={"interval": first.start_time.apply(len)})
declare("nameless", business_id=None)
declare("subclass", kind=OwnTask, storage_config=storage("private"))
declare("keys", opts=pulumi.ResourceOptions(transformations=[plain_keys]))
keys = {"access_key": pulumi.Config().get("key"), "secret_key_env": "SECRET"}
declare("clear", storage_config={"custom_config": {"bucket": "frames", **keys}})
alibaba.SnapshotJob(
    "job",
    input={"location": "oss-cn-hangzhou", "bucket": "media", "object": "input.mp4"},
    snapshot_config={
        "output_file": {"location": "oss-cn-hangzhou", "bucket": "frames", "object": "{Count}.jpg"},
        "tile_output_file": {"location": "oss-cn-hangzhou", "bucket": "tiles", "object": "{TileCount}.jpg"},
        "time": 0,
        "interval": 1,
    },
)
