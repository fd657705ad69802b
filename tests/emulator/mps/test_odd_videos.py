"""The same moment gives the same frame alone and among others, and its number is the one that it shows."""

from __future__ import annotations

import io
import os
import random
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from support.data import load
from support.layers import COUNTED
from support.mps_videos import CONTENT_BAD, make_video, opened, take
from support.odd_videos import SIZE, OddRecipe, OddVideo, odd_video, read_number, shown_by_ffmpeg
from support.sampling import SEED_VARIABLE, examples
from videosnap_emulator.core.service import ApiError
from videosnap_emulator.media.video import scale
from videosnap_emulator.services.mps.models import RenderedObject

DATA = Path(__file__).parents[2] / "data" / "mps" / "odd_videos"
Taken = dict[int, RenderedObject]


def shown(frame: RenderedObject) -> int:
    return read_number(opened(frame).convert("L").resize(SIZE).tobytes())


def taken(video: bytes, **fields: Any) -> Taken:
    """The frames by the moments that they were taken for; none if the job is refused."""
    try:
        return {int(one.key): one for one in take(video, output="{SnapshotTime}", **fields).frames}
    except ApiError as refusal:
        if refusal.code == CONTENT_BAD:
            return {}
        raise


def moments_of(video: OddVideo, dice: random.Random) -> dict[int, int | None]:
    """Moments and, where the recipe tells it, the frame that is shown: the middle of each, and any others."""
    known = list(pairwise([*video.starts, video.starts[-1]])) if video.starts else []
    middles: dict[int, int | None] = {int((one + two) / 2): n for n, (one, two) in enumerate(known)}
    return {0: None, **{dice.randrange(video.frames * 50): None for _ in range(12)}, **middles}


def check(video: OddVideo, seed: int) -> tuple[int, int]:
    """Take frames of a video in all ways; how many showed their number, and how many were the same alone."""
    dice, judged = random.Random(seed), shown_by_ffmpeg(video.body)
    moments = moments_of(video, dice)
    among = taken(video.body, time_points=tuple(moments))
    keys = taken(video.body, time_points=tuple(moments), frame_type="intra")
    claims = [(frame.source_frame, shown(frame)) for frame in (*among.values(), *keys.values())]
    if judged == sorted(set(judged)):  # else the other decoder shows what has no reference
        assert bool(among) == bool(judged)
        assert [(number, judged[number or 0]) for number, _ in claims] == claims
    for at, number in moments.items():
        assert number is None or shown(among[at]) == number, at
    alone = dice.sample(sorted(moments), min(5, len(moments)))
    assert [taken(video.body, time=at).get(at) for at in alone] == [among.get(at) for at in alone]
    return len(claims), len(alone)


@pytest.mark.parametrize("seed", [922776171], ids=["two frames at one time"])
def test_generated_videos_that_were_misread(seed: int) -> None:
    assert check(odd_video(seed), seed)


def test_generated_videos(record_property: Callable[[str, object], None]) -> None:
    count = examples(6, 500)
    first, compared, wrong = int(os.environ[SEED_VARIABLE]) * 1000, list[tuple[int, int]](), list[str]()
    for seed in range(first, first + count):
        video = odd_video(seed)
        try:
            compared.append(check(video, seed))
        except (AssertionError, LookupError) as error:
            wrong.append(f"{video.name}: {error!r}")
    numbers, alone = map(sum, zip(*compared, strict=True))
    told = f"{numbers} frames show their number, {alone} are the same alone, {len(wrong)} videos are wrong"
    record_property(COUNTED, f"odd videos: {count} from seed {first}: {told}")
    assert wrong == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the encoder sets nothing")
def test_an_encoder_leaves_the_scheduling_as_it_was() -> None:
    before = os.sched_getscheduler(0)
    make_video(OddRecipe(container="webm", codec="libsvtav1", frames=1, clock=25))
    assert os.sched_getscheduler(0) == before


CASES = load("mps/odd_videos.json")


@pytest.mark.parametrize("name", CASES)
def test_files_that_were_misread(name: str) -> None:
    wanted = {int(at): number for at, number in CASES[name].items()}
    frames = taken((DATA / name).read_bytes(), time_points=tuple(wanted))
    assert {at: (shown(frame), frame.source_frame) for at, frame in frames.items()} == {
        at: (number, number) for at, number in wanted.items()
    }
    for at in wanted:
        assert taken((DATA / name).read_bytes(), time=at)[at] == frames[at]


BARS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255), (255, 255, 255)]


def bars(colorspace: Colorspace, color_range: ColorRange) -> bytes:
    """One frame of color bars, 16 pixels wide, stored as that standard has it."""
    image, file = Image.new("RGB", (192, 128)), io.BytesIO()
    for number, color in enumerate(BARS):
        image.paste(color, (number * 16, 0, number * 16 + 16, 128))
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"qp": "4"})
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = colorspace, color_range
        rgb = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
        frame = rgb.reformat(format="yuv420p", dst_colorspace=colorspace, dst_color_range=color_range)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()


COLORS = {
    "BT.709, limited": (DATA / "c709tv.mp4").read_bytes,
    "BT.709, full": lambda: bars(Colorspace.ITU709, ColorRange.JPEG),
    "BT.601, limited": lambda: bars(Colorspace.ITU601, ColorRange.MPEG),
    "BT.601, full": lambda: bars(Colorspace.ITU601, ColorRange.JPEG),
}


@pytest.mark.parametrize("video", COLORS.values(), ids=COLORS)
def test_colors(video: Callable[[], bytes]) -> None:
    with av.open(io.BytesIO(video()), "r") as container:
        image = scale(next(container.decode(video=0)), (192, 128))
    for number, color in enumerate(BARS):
        assert image.getpixel((number * 16 + 8, 64)) == pytest.approx(color, abs=4), color
