"""QuerySnapshotJobList: jobs by their ids, or page by page with filters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from itertools import islice
from typing import NamedTuple

from videosnap_emulator.alibaba_mps.book import Book
from videosnap_emulator.alibaba_mps.errors import service_error
from videosnap_emulator.alibaba_mps.jobs import Job, JobState
from videosnap_emulator.alibaba_mps.models import read_uuid
from videosnap_emulator.alibaba_mps.parameters import whole
from videosnap_emulator.clock import Milliseconds

MOST_IDS = 10
PAGE_SIZES = range(1, 301)
DEFAULT_PAGE_SIZE = 30
_ANY_STATE = "All"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Page(NamedTuple):
    """Some jobs, and the token of the next page when there is one."""

    jobs: list[Job]
    token: str = ""


def read_ids(text: str, name: str) -> list[str]:
    """Read up to ten ids, separated by commas."""
    ids = list(dict.fromkeys(part.strip() for part in text.split(",")))
    if len(ids) > MOST_IDS:
        raise service_error("InvalidParameter.OutOfRange", name)
    # assumption: mps-id-format
    return [read_uuid(one, name) for one in ids]


def by_ids(book: Book, ids: list[str]) -> tuple[list[Job], list[str]]:
    """Return the jobs of these ids, the latest first, and the ids of which there are none."""
    # assumption: mps-id-order
    found = {one: job for one in ids if (job := book.find(one))}
    jobs = sorted(found.values(), key=lambda job: -job.number)
    return jobs, [one for one in ids if one not in found]


def _moment(parameters: Mapping[str, str], name: str) -> Milliseconds | None:
    text = parameters.get(name, "")
    if not text:
        return None
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise service_error("InvalidParameter.Format", name) from None
    return int(at.timestamp() * 1000)


class Filter(NamedTuple):
    """Which jobs a listing wants; None and empty texts want all."""

    state: str
    pipeline_id: str
    earliest: Milliseconds | None
    latest: Milliseconds | None

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Filter:
        """Read the filters of a listing."""
        state, pipeline = parameters.get("State", ""), parameters.get("PipelineId", "")
        # assumption: mps-state-filter
        if state not in ("", _ANY_STATE, *(one.value for one in JobState)):
            raise service_error("InvalidParameter", "State")
        return cls(
            "" if state == _ANY_STATE else state,
            read_uuid(pipeline, "PipelineId") if pipeline else "",
            _moment(parameters, "StartOfJobCreatedTimeRange"),
            _moment(parameters, "EndOfJobCreatedTimeRange"),
        )

    def wants(self, job: Job) -> bool:
        """Say whether the job is among those."""
        # assumption: mps-time-range
        created = job.created // 1000 * 1000
        early = self.earliest is not None and created < self.earliest
        late = self.latest is not None and created > self.latest
        named = self.state in ("", job.state.value) and self.pipeline_id in ("", job.pipeline_id)
        return named and not early and not late


def _page_size(parameters: Mapping[str, str]) -> int:
    text = parameters.get("MaximumPageSize", "")
    size = whole(text, "MaximumPageSize") if text else DEFAULT_PAGE_SIZE
    if size not in PAGE_SIZES:
        raise service_error("InvalidParameter.OutOfRange", "MaximumPageSize")
    return size


def page(book: Book, parameters: Mapping[str, str], new_token: str) -> Page:
    """Return one page, the latest job first; `new_token` stands for the next one."""
    wanted, size = Filter.read(parameters), _page_size(parameters)
    below = book.tokens.below(parameters.get("NextPageToken", ""))
    jobs = list(islice(_matching(book, wanted, below), size + 1))
    if len(jobs) <= size:
        return Page(jobs)
    book.tokens.promise(new_token, jobs[size - 1].number)
    return Page(jobs[:size], new_token)


def _matching(book: Book, wanted: Filter, below: int | None) -> Iterator[Job]:
    return (job for job in book.newest() if (below is None or job.number < below) and wanted.wants(job))
