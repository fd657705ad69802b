"""What all resources of a process share of the account's jobs: pages, rounds of questions, lost answers."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.alibaba.api import Page, Queried, WorkflowExecutionPage
from pulumi_videosnap.alibaba.job_token import JobSearch
from pulumi_videosnap.alibaba.jobs import Jobs
from pulumi_videosnap.alibaba.models import (
    InputFile,
    OutputFile,
    SnapshotConfig,
    SnapshotJob,
    SubmitSnapshotJobBody,
)
from pulumi_videosnap.alibaba.pending_submissions import PendingSubmissions
from pulumi_videosnap.errors import CallFailed, NotFound, Rejected, TaskUnfinished, Unreachable

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)


class FakeMps:
    """Jobs that end after so many seconds of a clock which only sleeping moves."""

    def __init__(self, page_size: int = 300, runs_for: float = 0.0) -> None:
        self.page_size, self.runs_for, self.now = page_size, runs_for, 0.0
        self.made: list[SnapshotJob] = []
        self.calls: list[str] = []
        self.fail: Callable[[str], CallFailed | None] = lambda action: None
        self._rest: dict[str, list[SnapshotJob]] = {}

    def add(self, *minutes_ago: float, token: str = "", state: str = "Success") -> list[SnapshotJob]:
        first = len(self.made)
        for number, ago in enumerate(minutes_ago, first):
            created = NOON - timedelta(minutes=ago)
            job = SnapshotJob(id=f"{number:032x}", state=state, user_data=token, creation_time=created)
            self.made.append(job)
        return self.made[first:]

    def submit(self, body: SubmitSnapshotJobBody) -> SnapshotJob:
        [job] = self.add(0, token=body.user_data or "", state="Submitted")
        self._note("submit")
        return job

    def query(self, ids: Sequence[str]) -> Queried:
        self._note("query", f" {len(ids)}")
        known = {job.id: self._as_now(job) for job in self.made}
        return Queried([known[i] for i in ids if i in known], [i for i in ids if i not in known], NOON)

    def list_jobs(self, *, until: datetime | None = None, page_token: str | None = None) -> Page:
        self._note("list")
        jobs = self._rest.pop(page_token) if page_token else self._newest_first(until)
        token = f"page{len(self.calls)}" if len(jobs) > self.page_size else None
        if token:
            self._rest[token] = jobs[self.page_size :]
        return Page([self._as_now(job) for job in jobs[: self.page_size]], token, NOON)

    def list_workflow_executions(self, page_token: str | None = None) -> WorkflowExecutionPage:
        return WorkflowExecutionPage([], page_token)

    def _note(self, call: str, more: str = "") -> None:
        self.calls.append(call + more)
        if failed := self.fail(call):
            raise failed

    def _newest_first(self, until: datetime | None) -> list[SnapshotJob]:
        chosen = [job for job in self.made if until is None or _created(job) <= until]
        return sorted(chosen, key=_created, reverse=True)

    def _as_now(self, job: SnapshotJob) -> SnapshotJob:
        over = job.state == "Submitted" and self.now >= self.runs_for
        return job.model_copy(update={"state": "Success", "count": 3}) if over else job

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


def _created(job: SnapshotJob) -> datetime:
    assert job.creation_time is not None
    return job.creation_time


NOWHERE = Path("/dev/null/no-folder")
HERE = {"bucket": "media", "location": "oss-cn-hangzhou", "object": "input.mp4"}
BODY = SubmitSnapshotJobBody(
    input=InputFile(**HERE), snapshot_config=SnapshotConfig(output_file=OutputFile(**HERE)), user_data="mine"
)
DAY = 24 * 60


def shared(mps: FakeMps, notes: Path = NOWHERE, sleep: Callable[[float], None] | None = None) -> Jobs:
    clock = mps.monotonic
    return Jobs(mps, PendingSubmissions(notes, clock), monotonic=clock, sleep=sleep or mps.sleep)


def silent_submit(action: str) -> CallFailed | None:
    lost = Unreachable(action, "silence")
    lost.may_have_acted = True
    return lost if action == "submit" else None


def ignore(line: str) -> None:
    """Drop a line of progress."""


def of(jobs: Jobs, owner: str) -> list[SnapshotJob]:
    return jobs.by_owner(owner, JobSearch(owner), ignore)


def test_reading_what_was_submitted_together_costs_a_call_for_three_hundred() -> None:
    mps = FakeMps()
    made = mps.add(*(number / 60 for number in range(900)))
    jobs = shared(mps)
    for job in made[450:] + made[:450]:
        assert jobs.get(job.id, job.creation_time).id == job.id
    assert mps.calls == ["list"] * 4, "each page begins with the last second of the one before"


@pytest.mark.parametrize("others", [0, 700, 100_000])
def test_reading_an_older_stack_skips_what_came_later(others: int) -> None:
    mps = FakeMps()
    made = mps.add(*(DAY + number / 60 for number in range(200)))
    mps.add(*(number / others * DAY / 2 for number in range(others)))
    jobs = shared(mps)
    for job in made:
        assert jobs.get(job.id, job.creation_time).id == job.id
    assert len(mps.calls) <= 2


def test_a_job_amid_thousands_is_asked_for_by_its_id() -> None:
    mps = FakeMps()
    mps.add(*(number / 1000 for number in range(5000)))
    [mine] = mps.add(6)
    assert shared(mps).get(mine.id, mine.creation_time).id == mine.id
    assert mps.calls == ["list"] * 5 + ["query 1"], "the newest page, four from its own time, its id"


def test_only_the_answer_to_its_id_makes_a_job_gone() -> None:
    mps = FakeMps()
    mps.add(1)
    with pytest.raises(NotFound, match=r"job f+ does not exist"):
        shared(mps).get("f" * 32, NOON)
    assert mps.calls == ["list", "query 1"]
    mps.fail = lambda action: Unreachable(action, "dead")
    with pytest.raises(Unreachable):
        shared(mps).get("f" * 32, NOON)


def test_pages_are_believed_for_half_a_minute_and_lose_no_job_of_one_second() -> None:
    mps = FakeMps()
    [job] = mps.add(1)
    jobs = shared(mps)
    for seconds, calls in ((0, 1), (29, 1), (2, 2)):
        mps.sleep(seconds)
        jobs.get(job.id, job.creation_time)
        assert mps.calls == ["list"] * calls
    mps = FakeMps(page_size=3)
    made, jobs = mps.add(*[1.0] * 8), shared(mps)
    for job in made:
        assert jobs.get(job.id, job.creation_time).id == job.id
    assert "query 1" not in mps.calls


def test_a_hundred_creates_look_for_their_tokens_with_one_call() -> None:
    mps = FakeMps()
    mps.add(5, 4, token="mine")
    mps.add(6, token="other")
    jobs = shared(mps)
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda owner: of(jobs, owner), [*["nobody's"] * 99, "mine"]))
    assert [job.id for job in found[-1]] == [f"{1:032x}", f"{0:032x}"], "newest first"
    assert not any(found[:-1])
    assert mps.calls == ["list"]


def test_a_token_is_looked_for_through_every_page_of_three_days() -> None:
    mps = FakeMps(page_size=10)
    mps.add(*(number * 60 for number in range(100)))
    [mine] = mps.add(71 * 60, token="mine")
    mps.add(73.5 * 60, token="mine")
    assert mine in of(shared(mps), "mine")
    assert mps.calls == ["list"] * 8, "it stops behind the horizon"
    mps = FakeMps(page_size=10)
    [*_, last] = mps.add(*range(100), token="mine")
    jobs = shared(mps)
    jobs.get(f"{0:032x}", NOON)
    assert last in of(jobs, "mine"), "a page read for another job does not stand for three days"


def test_a_lost_answer_leads_to_the_job_and_to_no_earlier_failure() -> None:
    mps = FakeMps()
    mps.fail = silent_submit
    assert shared(mps).submit(BODY).user_data == "mine"
    assert mps.calls == ["submit", "list"]
    mps = FakeMps()
    mps.fail = lambda action: Unreachable(action, "connection refused") if action == "submit" else None
    with pytest.raises(Unreachable):
        shared(mps).submit(BODY)
    assert mps.calls == ["submit"], "it certainly had no effect"
    mps = FakeMps()
    mps.fail = silent_submit
    earlier = mps.add(9, token="mine", state="Fail")
    assert shared(mps).submit(BODY, earlier).id != earlier[0].id


def test_a_lost_answer_without_a_job_and_a_refusal_are_errors_and_no_second_try() -> None:
    mps = FakeMps()

    def nothing_arrives(action: str) -> CallFailed | None:
        mps.made.clear()
        return silent_submit(action)

    mps.fail = nothing_arrives
    with pytest.raises(Unreachable):
        shared(mps).submit(BODY)
    assert mps.calls.count("submit") == 1
    mps = FakeMps()
    mps.fail = lambda action: Rejected(action, "no")
    with pytest.raises(Rejected):
        shared(mps).submit(BODY)
    assert mps.calls == ["submit"]


def test_whoever_waits_shares_one_round_of_questions() -> None:
    mps, everybody = FakeMps(runs_for=1e9), threading.Barrier(64)
    made = mps.add(*[0.0] * 64, state="Submitted")

    def sleep(_seconds: float) -> None:
        everybody.wait(20)

    jobs = shared(mps, sleep=sleep)

    def awaited(number: int) -> str:
        mps.runs_for = -1
        return jobs.wait(made[number], 600, ignore).state

    with ThreadPoolExecutor(64) as threads:
        assert set(threads.map(awaited, range(64))) == {"Success"}
    assert sorted(mps.calls) == ["query 10"] * 6 + ["query 4"]


def test_waiting_reports_the_state_asks_less_often_later_and_gives_up_in_time() -> None:
    mps = FakeMps(runs_for=60)
    [job] = mps.add(0, state="Submitted")
    said: list[str] = []
    assert shared(mps).wait(job, 600, said.append).count == 3
    assert said[0] == "Submitted for 0 s"
    assert 50 <= len(mps.calls) <= 56, "every half second for 20 s, then every third second"
    mps = FakeMps(runs_for=60)
    [job] = mps.add(0, state="Submitted")
    still = r"is still Submitted after 7 s; it goes on: run `pulumi up` again"
    with pytest.raises(TaskUnfinished, match=still):
        shared(mps).wait(job, 7, ignore)
    assert mps.now == pytest.approx(7)


def test_a_new_job_may_be_unknown_for_a_while_and_one_that_vanishes_is_not_waited_for() -> None:
    mps = FakeMps(runs_for=2)
    [job] = mps.add(0, state="Submitted")
    mps.made.clear()

    def appear(seconds: float) -> None:
        mps.now += seconds
        if mps.now > 3 and not mps.made:
            mps.made.append(job)

    assert shared(mps, sleep=appear).wait(job, 600, ignore).state == "Success"
    mps = FakeMps(runs_for=1e9)
    with pytest.raises(NotFound):
        shared(mps).wait(job, 600, ignore)
    assert mps.now < 20


def test_what_was_submitted_or_awaited_need_not_be_read() -> None:
    mps = FakeMps()
    jobs = shared(mps)
    job = jobs.wait(jobs.submit(BODY), 600, ignore)
    assert jobs.get(job.id, NOON - timedelta(days=9)).state == "Success"
    assert mps.calls == ["submit", "query 1"]


def test_a_submission_that_is_still_on_its_way_is_waited_for_and_given_up_in_time(tmp_path: Path) -> None:
    """An earlier run notes what it is about to submit, and dies."""
    mps = FakeMps()
    PendingSubmissions(tmp_path, mps.monotonic).add("mine")

    def arrive(seconds: float) -> None:
        mps.now += seconds
        if mps.now >= 3 and not mps.made:
            mps.add(0, token="mine", state="Submitted")

    assert [job.user_data for job in of(shared(mps, tmp_path, arrive), "mine")] == ["mine"]
    assert mps.now == 3
    mps = FakeMps()
    PendingSubmissions(tmp_path, mps.monotonic).add("mine")
    assert of(shared(mps, tmp_path), "mine") == []
    assert 19 <= mps.now <= 21


def test_neither_the_replaced_job_nor_a_failed_one_is_taken_for_it(tmp_path: Path) -> None:
    mps = FakeMps()
    [replaced] = mps.add(5, token="mine")
    PendingSubmissions(tmp_path, mps.monotonic).add("mine")
    assert shared(mps, tmp_path).by_owner("mine", JobSearch("mine", replaced.id), ignore) == [replaced]
    assert mps.now >= 19
    mps.add(1, token="mine", state="Fail")
    PendingSubmissions(tmp_path, mps.monotonic).add("mine")
    began = mps.now
    assert len(of(shared(mps, tmp_path), "mine")) == 2
    assert mps.now - began >= 19


@pytest.mark.parametrize("refused", [None, Rejected("SubmitSnapshotJob", "no")])
def test_an_answer_settles_it(tmp_path: Path, refused: CallFailed | None) -> None:
    mps = FakeMps()
    mps.fail = lambda action: refused if action == "submit" else None
    jobs = shared(mps, tmp_path)
    if refused:
        with pytest.raises(Rejected):
            jobs.submit(BODY)
    else:
        jobs.submit(BODY)
    assert list(tmp_path.iterdir()) == []
    of(shared(mps, tmp_path), "mine")
    assert mps.now == 0


def test_a_note_that_cannot_be_written_or_read_changes_nothing(tmp_path: Path) -> None:
    notes = PendingSubmissions(tmp_path)
    notes.add("mine")
    [file] = tmp_path.iterdir()
    file.write_text("not a number")
    assert not notes.may_be_in_flight("mine")
    nowhere = PendingSubmissions(NOWHERE)
    nowhere.add("mine")
    nowhere.remove("mine")
    assert not nowhere.may_be_in_flight("mine")


@pytest.mark.parametrize(
    "ask",
    [lambda jobs, job: jobs.wait(job, 600, ignore), lambda jobs, job: jobs.get(job.id, job.creation_time)],
    ids=["round", "listing"],
)
def test_a_call_that_fails_fails_everyone_who_waited_for_it(ask: Callable[[Jobs, SnapshotJob], Any]) -> None:
    mps, waiting = FakeMps(runs_for=1e9), threading.Barrier(8)
    made, jobs = mps.add(*range(8), state="Submitted"), shared(mps)

    def fails(_: str) -> CallFailed:
        time.sleep(0.2)  # the others come to the lock meanwhile
        return Unreachable("QuerySnapshotJobList", "connection refused")

    def failure(job: SnapshotJob) -> str:
        waiting.wait(timeout=60)
        with pytest.raises(Unreachable, match="connection refused") as failed:
            ask(jobs, job)
        return failed.typename

    mps.fail = fails
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(failure, made)) == ["Unreachable"] * 8
    assert len(mps.calls) < len(made)
    mps.fail = lambda _: None
    assert jobs.get(made[0].id, made[0].creation_time).id == made[0].id, "who comes later asks again"


def test_what_was_listed_for_others_comes_with_how_far_it_goes() -> None:
    mps = FakeMps(page_size=3)
    made = mps.add(1, 2, 3, 4, 5)
    found, since = shared(mps).newest()
    assert [job.id for job in found] == [job.id for job in made[:3]]
    assert since == NOON - timedelta(minutes=3)
    mps.page_size = 300
    found, since = shared(mps).newest()
    assert (len(found), since) == (5, None)
