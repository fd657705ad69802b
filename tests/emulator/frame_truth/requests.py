"""Generated jobs: moments on and beside the edges of frames, sizes at which a frame can still be read."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import Phase, settings
from hypothesis import strategies as st

from emulator.frame_truth.checked_jobs import SAMPLE
from emulator.frame_truth.outputs import Layout
from emulator.frame_truth.reference import JobRequest
from emulator.frame_truth.videos import BEGIN_DARK, RECIPES, ROTATED
from support.sampling import examples

#: The examples that the seed of the run draws. Explaining a failure would cost more examples than finding it.
reproducible = settings(max_examples=examples(8, 100), phases=[Phase.generate, Phase.shrink])

Sides = st.SearchStrategy[int | None]
#: The requests that suit the video of that key.
Requests = Callable[[str], st.SearchStrategy[JobRequest]]

SMALL = [ROTATED, *(name for name in RECIPES if name not in BEGIN_DARK)]
frame_types = st.sampled_from(["normal", "intra", None])


def of(requests: Requests, sources: list[str] | None = None) -> st.SearchStrategy[tuple[str, JobRequest]]:
    """The key of a video, with a request that suits it."""
    names = st.sampled_from(sources or [SAMPLE, *SMALL])
    return names.flatmap(lambda source: st.tuples(st.just(source), requests(source)))


def _edges(source: str) -> list[int]:
    """The milliseconds in which a frame begins, or the video ends."""
    if source == SAMPLE:
        return list(range(0, 12_001, 40))
    recipe = RECIPES["portrait.mp4" if source == ROTATED else source]
    times = (recipe.pts(number) - recipe.pts(0) for number in range(recipe.frames + 1))
    return sorted({int(time * 1000 / recipe.rate) for time in times})


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


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    wide, high = _sides(ROTATED)
    return Layout(
        lines=draw(st.integers(1, 3)),
        columns=draw(st.integers(1, 4)),
        cell_width=draw(wide),
        cell_height=draw(high),
        margin=draw(st.integers(0, 9)),
        padding=draw(st.integers(0, 5)),
        step=draw(st.integers(1, 3)),
        keeps_frames=draw(st.booleans()),
    )


def _sides(source: str) -> tuple[Sides, Sides]:
    least = (200, 120) if source == SAMPLE else (40, 40)
    wide, high = (st.none() | st.integers(side, side + 120) for side in least)
    return wide, high
