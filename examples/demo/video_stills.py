"""Act two, examples/video-stills: two jobs' lives. Pictures, no second run, a new job, a failure, end."""

from __future__ import annotations

from PIL import Image

from examples.demo.emulator import Cloud
from examples.demo.engine import FAILED, Pulumi
from examples.demo.places import DEMO, FRAMES, ROOT, shown
from examples.demo.screen import (
    changes,
    count,
    course_of,
    diagnostics_of,
    nothing,
    outcome,
    row_of,
    say,
    step,
)

NOT_YET = "talk.mp4"
"""A video that nobody has uploaded yet."""


def tell(cloud: Cloud) -> None:
    """Two jobs on one video, from their declaration to their end."""
    pulumi = Pulumi(cloud, ROOT / "examples" / "video-stills")
    pulumi.make_stack()
    _cut(cloud, pulumi)
    _change(cloud, pulumi)
    _fail_and_mend(cloud, pulumi)
    _end(pulumi)


def _cut(cloud: Cloud, pulumi: Pulumi) -> None:
    step("The vendor's tutorial as a program: three stills of media/input.mp4; and a contact sheet of it.")
    pulumi("up", "--yes", "--skip-preview", show=course_of("stills"))

    step("The bucket holds the video at 0, 2 and 4 seconds, and twelve small pictures on one sheet:")
    _show_pictures(cloud)

    step("The same again. What succeeded does not run twice:")
    before = cloud.last_call()
    pulumi("up", "--yes", "--skip-preview", show=count)
    say(f"API calls that this took: {cloud.calls(before)}")


def _change(cloud: Cloud, pulumi: Pulumi) -> None:
    step("Four stills. A job cannot be changed, so the preview says replace: that is a new job.")
    pulumi("config", "set", "num", "4", show=nothing)
    pulumi("preview", "--diff", show=changes)
    before = cloud.last_call()
    pulumi("up", "--yes", "--skip-preview", show=outcome)
    say(f"API calls that this took: {cloud.calls(before)}")
    say("(a look whether the job is there already, one submission, then questions until it has ended)")


def _fail_and_mend(cloud: Cloud, pulumi: Pulumi) -> None:
    step(f"Now the program names {NOT_YET}, which nobody has uploaded yet. Both jobs fail, and so does `up`:")
    pulumi("config", "set", "video", NOT_YET, show=nothing)
    pulumi("up", "--yes", "--skip-preview", show=diagnostics_of("stills"), expect=FAILED)

    step("Somebody uploads it. The next `up` submits new jobs, and says why:")
    cloud.store().copy_object(Bucket="media", Key=NOT_YET, CopySource="media/input.mp4")
    pulumi("up", "--yes", "--skip-preview", show=diagnostics_of("stills"))


def _end(pulumi: Pulumi) -> None:
    step("Which pictures did they take?")
    pulumi.contact_sheet(DEMO / "video-stills.html")

    step("And the end. Jobs have ended by themselves, so there is nothing to stop:")
    pulumi("destroy", "--yes", "--skip-preview", show=row_of("stills"))


def _show_pictures(cloud: Cloud) -> None:
    """List what the jobs wrote, and fetch it."""
    store = cloud.store()
    # Act one's pictures lie in folders of the same bucket.
    for item in store.list_objects_v2(Bucket="frames", Delimiter="/")["Contents"]:
        file = FRAMES / item["Key"]
        store.download_file("frames", item["Key"], str(file))
        with Image.open(file) as picture:
            width, height = picture.size
        say(f"{item['Key']}  {width} x {height}, {item['Size'] / 1000:.0f} kB; to look at: {shown(file)}")
