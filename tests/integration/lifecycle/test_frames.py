"""What a task is for: real frames, at the right moments, in the declared format and size."""

import io
import itertools
from datetime import datetime
from typing import Any

from PIL import Image

from support.store_support import client_of
from support.story import Story
from videosnap_emulator.media.frame_marker import read_frame_number

FRAMES_A_SECOND = 25
FRAMES_IN_SAMPLE = 12 * FRAMES_A_SECOND


def _frames_of(story: Story, user: str) -> list[tuple[datetime, Image.Image]]:
    """A user's frames with the moment at which each was stored, oldest first."""
    store = client_of(story.emulator.environment)
    listed = store.list_objects_v2(Bucket="frames", Prefix=f"{story.app}/").get("Contents", [])
    keys = sorted(item["Key"] for item in listed if f"/{user}-" in item["Key"])
    found = [store.get_object(Bucket="frames", Key=key) for key in keys]
    return [(item["LastModified"], Image.open(io.BytesIO(item["Body"].read()))) for item in found]


def _gaps(moments: list[datetime]) -> list[float]:
    return [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(moments)]


def test_frames_show_the_moments_at_which_they_were_taken_until_a_stop(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    story.emulator.advance(30)
    for user in ("user0", "user1"):
        frames = _frames_of(story, user)
        assert _gaps([moment for moment, _ in frames]) == [5] * (len(frames) - 1)
        assert len(frames) == 7
        shown = [read_frame_number(frame) for _, frame in frames]
        moved = [(b - a) % FRAMES_IN_SAMPLE for a, b in itertools.pairwise(shown)]
        assert moved == [5 * FRAMES_A_SECOND] * len(moved), "a frame shows another moment than it says"
        assert {(frame.format, frame.size) for _, frame in frames} == {("JPEG", (640, 360))}
    story.ends_settled(lobby=story.declare())
    story.emulator.advance(300)
    assert len(_frames_of(story, "user0")) == 7


def test_declared_streams_are_captured_in_their_format_and_from_a_new_interval_on(story: Story) -> None:
    streams: dict[str, Any] = {"targetStreams": {"streamList": [{"userId": "user1"}]}}
    png = {"format": "png", "width": 320, "height": 180}
    story.stack.up({"lobby": story.declare(**streams, imageConfig={"interval": 5, **png})})
    story.emulator.advance(12)
    changed = story.declare(**streams, imageConfig={"interval": 7, **png})
    story.stack.up({"lobby": changed})
    story.emulator.advance(20)
    assert _frames_of(story, "user0") == []
    frames = _frames_of(story, "user1")
    assert _gaps([moment for moment, _ in frames]) == [5, 5, 7, 7, 7], "it counts from the last frame"
    for _, frame in frames:
        assert (frame.format, frame.size) == ("PNG", (320, 180))
        frame.load()
    story.ends_settled(lobby=changed)
