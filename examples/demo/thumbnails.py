"""Act three, examples/thumbnails: a workflow. Thumbnails of uploads, a failed run, a change in place."""

from __future__ import annotations

from platformdirs import user_cache_path

from examples.demo.emulator import Cloud
from examples.demo.engine import AS_EXPECTED_OR_NOT, Pulumi
from examples.demo.screen import DEMO, FRAMES, ROOT, count, everything, nothing, outcome, say, shown, step
from videosnap_emulator.media.samples import Library

SHEET = DEMO / "thumbnails.html"
UNTIL_RUNS_END = 10
"""Seconds of the emulator's time: each run takes about two."""


def run(cloud: Cloud) -> None:
    """One workflow, from its declaration to its end."""
    pulumi = Pulumi(cloud, ROOT / "examples" / "thumbnails")
    pulumi.make_stack()
    _upload_two(cloud, pulumi)
    _upload_broken(cloud, pulumi)
    _change(cloud, pulumi)
    _end(cloud, pulumi)


def _upload_two(cloud: Cloud, pulumi: Pulumi) -> None:
    step("A pipeline and a workflow: a thumbnail of every video that is uploaded below media/videos/.")
    pulumi("up", "--yes", "--skip-preview", show=outcome)

    step("Two videos are uploaded, with any S3 client. Nobody runs Pulumi, and their thumbnails are there:")
    for name, sample in (("hall", "camera0"), ("stage", "camera1")):
        _upload(cloud, name, _video(sample))
    pulumi.contact_sheet(SHEET)
    _download(cloud)


def _upload_broken(cloud: Cloud, pulumi: Pulumi) -> None:
    step("A third upload is cut short. `videosnap drift` lists the failed run, its cause and what to do:")
    _upload(cloud, "talk", _video("camera1")[:9000])
    pulumi.drift(expect=(0,), show=everything)


def _change(cloud: Cloud, pulumi: Pulumi) -> None:
    step("The frame at 5 seconds would be a better thumbnail. The workflow stays, but is inactive meanwhile:")
    pulumi("config", "set", "moment", "5000", show=nothing)
    pulumi.review()
    before = cloud.last_call()
    pulumi("up", "--yes", "--skip-preview", show=nothing)
    say(f"API calls of this `up`: {cloud.calls(before)}")

    step("The third video is uploaded again, in full. Its thumbnail is the frame at 5 seconds:")
    _upload(cloud, "talk", _video("camera1"))
    pulumi.contact_sheet(SHEET, expect=AS_EXPECTED_OR_NOT)
    say("(The missing one is that of the upload that was cut short.)")
    _download(cloud)


def _end(cloud: Cloud, pulumi: Pulumi) -> None:
    step("Act three ends. The thumbnails stay; what made them is deleted:")
    pulumi("destroy", "--yes", "--skip-preview", show=count)
    left = [one for one in cloud.control("GET", "/workflows")["workflows"] if one["state"] != "Deleted"]
    say(f"Workflows left: {len(left)}.")
    if left:
        raise SystemExit("demo: a workflow is left; this should not happen")


def _video(sample: str) -> bytes:
    """One of the emulator's sample videos."""
    return Library(user_cache_path("videosnap-emulator")).read(sample)


def _upload(cloud: Cloud, name: str, body: bytes) -> None:
    """Upload a video, and let its run end."""
    cloud.store().put_object(Bucket="media", Key=f"videos/{name}.mp4", Body=body)
    say(f"Uploaded: media/videos/{name}.mp4  {len(body) / 1000:.0f} kB")
    cloud.advance(UNTIL_RUNS_END)


def _download(cloud: Cloud) -> None:
    """Download the newest thumbnail of each video."""
    store = cloud.store()
    found = store.list_objects_v2(Bucket="frames", Prefix="thumbnails/")["Contents"]
    for item in sorted(found, key=lambda item: item["LastModified"]):
        file = FRAMES / f"thumbnail-{item['Key'].split('/')[1]}.jpg"
        store.download_file("frames", item["Key"], str(file))
        say(f"Downloaded: {shown(file)}")
