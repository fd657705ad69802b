"""Frames of written and of generated jobs: sizes, names, ends, black beginnings, edges; sheets; WebVTT."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from emulator.frame_truth.checked_jobs import (
    ROTATED,
    SAMPLE,
    SMALL,
    CheckedJobs,
    config_of,
    place,
    reader_of,
    tile_out_of,
    videos,
)
from emulator.frame_truth.reference import DecodedVideo, JobRequest, Layout, cues_in, decode, expected_cues
from support.data import load
from support.sampling import examples, sample

VIDEOS = [SAMPLE, *SMALL]
TWO = JobRequest(0, 0, 2, "normal")

#: By what they are about. `frames` and `size` are written down: reference and emulator cannot both be wrong.
CASES = [{**case, "of": of} for of, cases in load("mps/frame_cases.json").items() for case in cases]


WRITTEN = sample(CASES, 0.2, by=lambda case: case["of"])


@pytest.mark.parametrize("case", WRITTEN, ids=str)
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
    jobs.upload(source, jobs.videos["short.mp4"])
    frames = jobs.run(source, TWO, "{ObjectPrefix}{FileName}{Count}.jpg")
    jobs.run(source, TWO, "[{ExtName}] {FileName}+{Count}.{ExtName}")
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


#: Explaining a failure would cost more examples than finding it.
few = settings(max_examples=examples(6, 30), phases=[Phase.generate, Phase.shrink])
#: The requests that suit the video of that key.
Requests = Callable[[str], st.SearchStrategy[JobRequest]]
frame_types = st.sampled_from(["normal", "intra", None])


def of(requests: Requests, sources: list[str] | None = None) -> st.SearchStrategy[tuple[str, JobRequest]]:
    """The key of a video, with a request that suits it."""
    names = st.sampled_from(sources or [SAMPLE, *SMALL])
    return names.flatmap(lambda source: st.tuples(st.just(source), requests(source)))


def _edges(source: str) -> list[int]:
    """The milliseconds in which a frame begins, or the video ends."""
    if source == SAMPLE:
        return list(range(0, 12_001, 40))
    video = decode(videos()[source])
    return [int(at * 1000) for at in (*(frame.at for frame in video.frames), video.end)]


def moments(source: str) -> st.SearchStrategy[int]:
    """Any millisecond until after the end, most of them where one frame follows another."""
    edges = _edges(source)
    beside = st.builds(lambda edge, shift: max(0, edge + shift), st.sampled_from(edges), st.integers(-1, 2))
    return beside | st.integers(0, edges[-1] + 500)


def singles(source: str) -> st.SearchStrategy[JobRequest]:
    """Also an asynchronous one, whose interval does not matter."""
    times, intervals = moments(source), st.none() | st.integers(0, 3)
    return st.one_of(
        st.builds(JobRequest, times, st.none(), st.none(), frame_types, *_sides(source)),
        st.builds(JobRequest, times, intervals, st.just(1), frame_types, *_sides(source)),
    )


def sequences(source: str) -> st.SearchStrategy[JobRequest]:
    """Without an interval, or spread evenly without a number, it is every ten seconds."""
    times, counts, sides = moments(source), st.integers(2, 12), _sides(source)
    return st.one_of(
        st.builds(JobRequest, times, st.integers(1, 4), st.none() | counts, frame_types, *sides),
        st.builds(JobRequest, times, st.none(), counts, frame_types, *sides),
        st.builds(JobRequest, times, st.just(0), st.none(), frame_types, *sides),
    )


def averages(source: str) -> st.SearchStrategy[JobRequest]:
    return st.builds(JobRequest, st.just(0) | moments(source), st.just(0), st.integers(2, 30), frame_types)


def lists(source: str) -> st.SearchStrategy[JobRequest]:
    points = st.lists(moments(source), min_size=2, max_size=12).map(tuple)
    return st.builds(JobRequest, frame_type=frame_types, points=points)


def _sides(source: str) -> tuple[st.SearchStrategy[int | None], ...]:
    least = (200, 120) if source == SAMPLE else (40, 40)
    return tuple(st.none() | st.integers(side, side + 120) for side in least)


#: Lines, columns, the sides of a cell, margin, padding, step, whether frames are kept.
LAYOUTS = st.builds(
    Layout, st.integers(1, 3), st.integers(1, 4), *_sides(ROTATED), st.integers(0, 9), st.integers(0, 5),
    st.integers(1, 3), st.booleans(),
)  # fmt: skip
KINDS = [
    (singles, "{FileName}/{SnapshotTime}.jpg"),
    (sequences, "{ExtName}/{Count}.jpg"),
    (averages, "{Count}.jpg"),
    (lists, "{Count}.jpg"),
]


@pytest.mark.parametrize(("requests", "template"), KINDS, ids=lambda one: getattr(one, "__name__", None))
def test_frames(jobs: CheckedJobs, requests: Requests, template: str) -> None:
    @few
    @given(of(requests))
    def check(request: tuple[str, JobRequest]) -> None:
        jobs.run(*request, template)

    check()


@few
@given(of(sequences, SMALL) | of(lists, SMALL), LAYOUTS)
def test_sheets(jobs: CheckedJobs, request_: tuple[str, JobRequest], layout: Layout) -> None:
    jobs.run_sheets(*request_, layout)


@pytest.mark.parametrize(
    ("layout", "count", "sheets"),
    [
        (Layout(), 1, 1),
        (Layout(2, 3, 160, 90, margin=8, padding=4), 12, 2),
        (Layout(2, 3, 160, 90, step=2), 12, 1),
        (Layout(1, 1, 160, 90), 3, 3),
        (Layout(1, 2, cell_width=160, step=5, keeps_frames=False), 12, 2),
        (Layout(3, 1, cell_height=90, margin=1, padding=1), 7, 3),
    ],
    ids=str,
)
def test_the_sample_on_sheets(jobs: CheckedJobs, layout: Layout, count: int, sheets: int) -> None:
    request = JobRequest(480, 1 if count > 1 else None, count, "normal", width=192)
    sheets_made, result = jobs.run_sheets(SAMPLE, request, layout)
    assert len(sheets_made) == result.outputs["tileCount"] == sheets
    assert result.outputs["count"] == count
    assert bool(result.outputs["frames"]) == layout.keeps_frames


MILLISECOND = 0.001
SOURCE = "late.mp4"
GRID = Layout(1, 2, 80, 48, margin=4, padding=3)

REQUESTS = [
    JobRequest(0, 2, 3, "intra"),
    JobRequest(300, 1, None, "intra"),
    JobRequest(4700, 1, None, "normal"),
    JobRequest(0, 0, 3, "normal"),
    JobRequest(points=(300, 1700, 4999), frame_type="normal"),
    JobRequest(300, None, 1, "normal"),
]


ON_SHEETS = {"subOut": {"isSptFrag": True}}
#: A layout needs a place for sheets too, which a WebVTT does not use.
SMALL_SHEETS = {"tileOut": tile_out_of(GRID), "tileOutputFile": place("nowhere/{TileCount}.jpg")}
SPRITES: list[tuple[Layout | None, dict[str, Any]]] = [
    (None, {}),
    (Layout(), ON_SHEETS),
    (GRID, {**ON_SHEETS, **SMALL_SHEETS}),
]


@pytest.mark.parametrize("sprites", SPRITES, ids=["frames", "sheets", "small sheets"])
@pytest.mark.parametrize("asked", sample(REQUESTS, 0.3), ids=str)
def test_cues(jobs: CheckedJobs, sprites: tuple[Layout | None, dict[str, Any]], asked: JobRequest) -> None:
    layout, fields = sprites
    folder = jobs.new_folder()
    key = f"{folder}片 1/{{FileName}}+x.vtt"
    result = jobs.run_job(folder, SOURCE, {**config_of(asked, key), "format": "vtt", **fields})
    wanted = expected_cues(jobs.video(SOURCE), asked, "late+x", layout)
    assert result.outputs["vtt"] == f"{folder}片 1/late+x.vtt"
    assert set(result.stored) == {f"{folder}片 1/{cue.file}" for cue, _ in wanted}
    cues = cues_in(result.texts[result.outputs["vtt"]])
    assert [(cue.file, cue.box) for cue in cues] == [(cue.file, cue.box) for cue, _ in wanted]
    for cue, (expected, one) in zip(cues, wanted, strict=True):
        assert abs(cue.begin - expected.begin) < MILLISECOND
        assert abs(cue.end - expected.end) < MILLISECOND
        image = result.stored[f"{folder}片 1/{cue.file}"].image
        assert reader_of(SOURCE)(image.crop(cue.box) if cue.box else image) == one.frame.number
