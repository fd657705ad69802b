"""Cut frames are exact at the frame boundaries, where floating-point arithmetic is not."""

from __future__ import annotations

from platformdirs import user_cache_path

from videosnap_emulator import sample
from videosnap_emulator.video import Cutter, Library, PictureFormat, cut_frame


def test_frame_boundaries() -> None:
    video = Library(user_cache_path("videosnap-emulator")).read("camera0")
    for number in [*range(0, sample.FRAMES, 17), sample.FRAMES - 1]:
        at = number * sample.FRAME_MS
        for moment, shown in ((at - 1, number - 1), (at, number), (at + sample.FRAME_MS - 1, number)):
            if shown >= 0:
                assert cut_frame(video, moment).pts_ms == shown * sample.FRAME_MS


def test_the_video_loops_and_pictures_are_the_same_each_time() -> None:
    library = Library(user_cache_path("videosnap-emulator"))
    wanted = PictureFormat("jpeg", 320, 0)
    first = Cutter(library).picture("camera1", 5_040, wanted)
    later = Cutter(library).picture("camera1", 5_079 + 7 * sample.DURATION_MS, wanted)
    assert first == later
    assert (first.source_frame, first.width, first.height) == (126, 320, 360)
