"""Number, names, sizes and frames of generated jobs are those that a second implementation finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.frame_truth.checked_jobs import CheckedJobs
from emulator.frame_truth.outputs import Layout
from emulator.frame_truth.reference import JobRequest
from emulator.frame_truth.requests import (
    SMALL,
    Requests,
    averages,
    layouts,
    lists,
    of,
    reproducible,
    sequences,
    singles,
)

KINDS = [
    (singles, "{FileName}/{SnapshotTime}.jpg"),
    (sequences, "{ExtName}/{Count}.jpg"),
    (averages, "{Count}.jpg"),
    (lists, "{Count}.jpg"),
]


@pytest.mark.parametrize(("requests", "template"), KINDS, ids=lambda one: getattr(one, "__name__", None))
def test_frames(jobs: CheckedJobs, requests: Requests, template: str) -> None:
    @reproducible
    @given(of(requests))
    def check(asked: tuple[str, JobRequest]) -> None:
        jobs.run(*asked, template)

    check()


@reproducible
@given(st.data())
def test_sheets(jobs: CheckedJobs, data: st.DataObject) -> None:
    asked: tuple[str, JobRequest] = data.draw(of(sequences, SMALL) | of(lists, SMALL))
    layout: Layout = data.draw(layouts())
    jobs.run_sheets(*asked, layout)
