"""Generated jobs: moments on and beside the edges of frames, sizes at which a frame can still be read.

Number, names, sizes and frames are those that a second implementation finds.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from emulator.frame_truth.checked_jobs import SAMPLE, CheckedJobs
from emulator.frame_truth.outputs import Layout
from emulator.frame_truth.reference import JobRequest, decode
from emulator.frame_truth.videos import ROTATED, SMALL, videos
from support.sampling import examples

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
