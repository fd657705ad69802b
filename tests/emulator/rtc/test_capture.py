"""Frames are exact at the frame boundaries, where floating-point arithmetic is not."""

from __future__ import annotations

from platformdirs import user_cache_path

from videosnap_emulator.media import samples
from videosnap_emulator.media.video import decode_frame
from videosnap_emulator.services.rtc.capture import FrameFormat, SampleRenderer

LIBRARY = samples.Library(user_cache_path("videosnap-emulator"))


def test_frame_boundaries() -> None:
    video = LIBRARY.read("camera0")
    for number in [*range(0, samples.FRAMES, 17), samples.FRAMES - 1]:
        at = number * samples.FRAME_MS
        for moment, shown in ((at - 1, number - 1), (at, number), (at + samples.FRAME_MS - 1, number)):
            if shown >= 0:
                assert decode_frame(video, moment).pts_ms == shown * samples.FRAME_MS


def test_the_video_loops_and_frames_are_the_same_each_time() -> None:
    wanted = FrameFormat("jpeg", 320, 0)
    first = SampleRenderer(LIBRARY).frame("camera1", 5_040, wanted)
    later = SampleRenderer(LIBRARY).frame("camera1", 5_079 + 7 * samples.DURATION_MS, wanted)
    assert first == later
    assert (first.source_frame, first.width, first.height) == (126, 320, 360)
