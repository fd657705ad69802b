"""The same moment gives the same frame alone and among others, and its number is the one that it shows."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from PIL import Image

from support.layers import COUNTED
from support.mps_videos import CONTENT_BAD, take
from support.odd_videos import OddVideo, odd_video, read_number, shown_by_ffmpeg
from support.sampling import examples
from videosnap_emulator.core.service import ApiError
from videosnap_emulator.services.mps.models import RenderedObject

Taken = dict[int, RenderedObject]


def shown(frame: RenderedObject) -> int:
    return read_number(Image.open(io.BytesIO(frame.body)).convert("L").tobytes())


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


def test_generated_videos(record_property: Callable[[str, object], None]) -> None:
    count = examples(6, 500)
    first, compared, wrong = random.randrange(10**6), list[tuple[int, int]](), list[str]()
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
