"""Frames of written cases: sizes, names, the end, black beginnings, every edge of a frame."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from emulator.frame_truth.checked_jobs import SAMPLE, CheckedJobs
from emulator.frame_truth.reference import DecodedVideo, JobRequest
from emulator.frame_truth.videos import SMALL
from support.data import load
from support.sampling import sample

VIDEOS = [SAMPLE, *SMALL]
TWO = JobRequest(0, 0, 2, "normal")

#: By what they are about. `frames` and `size` are written down: reference and emulator cannot both be wrong.
CASES = [{**case, "of": of} for of, cases in load("mps/frame_cases.json").items() for case in cases]


@pytest.mark.parametrize("case", sample(CASES, 0.2, by=lambda case: case["of"]), ids=str)
def test_written_cases(jobs: CheckedJobs, case: dict[str, Any]) -> None:
    request = dict(case["request"])
    if "points" in request:
        request["points"] = tuple(request["points"])
    found = jobs.run(case["source"], JobRequest(**request), case.get("template", "{Count}.jpg"))
    if "frames" in case:
        assert [one.frame.number for one in found] == case["frames"]
    if "size" in case:
        assert [list(one.size) for one in found] == [case["size"]]


@pytest.mark.parametrize("source", sample(load("mps/input_keys.json"), 0.3))
def test_what_placeholders_stand_for(jobs: CheckedJobs, source: str) -> None:
    copied = jobs.with_copy(source, "short.mp4")
    frames = copied.run(source, TWO, "{ObjectPrefix}{FileName}{Count}.jpg")
    copied.run(source, TWO, "[{ExtName}] {FileName}+{Count}.{ExtName}")
    if source == "a/b/c.flv":  # the vendor's example
        assert [frame.key.split("/", 1)[1] for frame in frames] == ["a/b/c00001.jpg", "a/b/c00002.jpg"]


def beside(milliseconds: list[int]) -> tuple[int, ...]:
    return tuple(at + shift for at in milliseconds for shift in (-1, 0, 1) if at + shift >= 0)


def edges(video: DecodedVideo) -> list[int]:
    """Of the frames that begin in the second second, or in all of a short video; and its end.

    A frame that begins between two milliseconds has its edge after the first of them.
    """
    begin = 1 if video.end > 2 else 0
    starts = [frame.at for frame in video.frames if begin <= frame.at < begin + 1]
    return [int(at * 1000) for at in (*starts, video.end)]


@pytest.mark.parametrize("source", sample(VIDEOS, 0.3))
def test_every_edge_of_a_second(jobs: CheckedJobs, source: str) -> None:
    video = jobs.video(source)
    found = jobs.run(source, JobRequest(points=beside(edges(video)), frame_type="normal", width=200))
    assert {one.frame for one in found} >= {frame for frame in video.frames if 1 <= frame.at < 2 < video.end}


@pytest.mark.parametrize("source", sample(VIDEOS, 0.3))
def test_every_middle_between_two_key_frames(jobs: CheckedJobs, source: str) -> None:
    keys = jobs.video(source).key_frames()
    middles = [int((one.at + two.at) / 2 * 1000) for one, two in itertools.pairwise(keys)]
    points = beside(middles or [0, 999])
    found = jobs.run(source, JobRequest(points=points, frame_type="intra"))
    assert [one.frame.is_key for one in found] == [True] * len(points)


@pytest.mark.parametrize("source", sample(["scenes.mp4", "late.mp4", "uneven.mp4", SAMPLE], 0.25))
def test_where_a_key_frame_stops_being_near(jobs: CheckedJobs, source: str) -> None:
    # A sequence of two seconds whose points are a second before or after a key frame.
    for key in jobs.video(source).key_frames()[-2:]:
        for start in beside([int(key.at * 1000) % 2000 + side for side in (-1000, 1000)]):
            jobs.run(source, JobRequest(start, 2, frame_type="intra", width=200))
