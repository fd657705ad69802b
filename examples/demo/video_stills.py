"""Act two, examples/video-stills: two snapshot jobs. Frames, no second run, a new job, a failure, end."""

from __future__ import annotations

from PIL import Image

from examples.demo.emulator import Cloud
from examples.demo.engine import FAILED, Pulumi
from examples.demo.screen import (
    DEMO,
    FRAMES,
    ROOT,
    changes,
    count,
    diagnostics_of,
    nothing,
    outcome,
    progress_of,
    row_of,
    say,
    shown,
    step,
)

NOT_YET = "talk.mp4"
"""A video that nobody has uploaded yet."""


def run(cloud: Cloud) -> None:
    """Two snapshot jobs on one video, from their declaration to their end."""
    pulumi = Pulumi(cloud, ROOT / "examples" / "video-stills")
    pulumi.make_stack()
    _cut(cloud, pulumi)
    _change(cloud, pulumi)
    _fail_and_fix(cloud, pulumi)
    _end(pulumi)


def _cut(cloud: Cloud, pulumi: Pulumi) -> None:
    step("The vendor's tutorial as a program: three stills of media/input.mp4, and a sheet of twelve.")
    pulumi("up", "--yes", "--skip-preview", show=progress_of("stills"))

    step("The bucket holds the frames at 0, 2 and 4 seconds, and a sheet of twelve small frames:")
    _show_frames(cloud)

    step("`up` again. A job that succeeded does not run twice:")
    before = cloud.last_call()
    pulumi("up", "--yes", "--skip-preview", show=count)
    say(f"API calls of this `up`: {cloud.calls(before)}")


def _change(cloud: Cloud, pulumi: Pulumi) -> None:
    step("Four stills instead of three. A job cannot be changed, so the preview says replace: a new job.")
    pulumi("config", "set", "num", "4", show=nothing)
    pulumi("preview", "--diff", show=changes)
    before = cloud.last_call()
    pulumi("up", "--yes", "--skip-preview", show=outcome)
    say(f"API calls of this `up`: {cloud.calls(before)}")
    say("(a query whether the job exists already, one submission, then queries until it has ended)")


def _fail_and_fix(cloud: Cloud, pulumi: Pulumi) -> None:
    step(f"The program names {NOT_YET}, which nobody has uploaded yet. Both jobs fail, and so does `up`:")
    pulumi("config", "set", "video", NOT_YET, show=nothing)
    pulumi("up", "--yes", "--skip-preview", show=diagnostics_of("stills", "sheet"), expect=FAILED)

    step("Somebody uploads it. The next `up` submits new jobs and says why:")
    cloud.store().copy_object(Bucket="media", Key=NOT_YET, CopySource="media/input.mp4")
    pulumi("up", "--yes", "--skip-preview", show=diagnostics_of("stills"))


def _end(pulumi: Pulumi) -> None:
    step("Which frames did they take?")
    pulumi.contact_sheet(DEMO / "video-stills.html")

    step("Act two ends. The jobs have ended by themselves, so there is nothing to stop:")
    pulumi("destroy", "--yes", "--skip-preview", show=row_of("stills"))


def _show_frames(cloud: Cloud) -> None:
    """List and download what the jobs wrote."""
    store = cloud.store()
    # The frames of act one are in folders of the same bucket.
    for item in store.list_objects_v2(Bucket="frames", Delimiter="/")["Contents"]:
        file = FRAMES / item["Key"]
        store.download_file("frames", item["Key"], str(file))
        with Image.open(file) as image:
            width, height = image.size
        say(f"{item['Key']}  {width} x {height}, {item['Size'] / 1000:.0f} kB; downloaded: {shown(file)}")
