"""What `videosnap review` predicts of a change is what the change does: calls, pictures and gaps.

The changes are made: by the real engine, against an emulator that counts calls and cuts pictures. What is
expected comes from the documents, what is predicted from the command, what happened from the emulator.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.review import job_changes, room_changes
from integration.review.changes import (
    NOT_DECLARED,
    Change,
    Program,
    changed_fields,
    fields_of,
    program_after,
    program_before,
)
from integration.review.comparison import (
    compare_job,
    compare_names,
    compare_room,
    compare_secrets,
    compare_total_calls,
    compare_total_jobs,
    compare_total_rates,
    compare_unchanged,
)
from integration.review.conftest import Stack
from integration.review.drift_changes import (
    as_it_is,
    befallen_jobs,
    befallen_rooms,
    come_back,
    leave,
    refused_changes,
)
from integration.review.proof import (
    HOUR,
    JobMoments,
    Json,
    Ledger,
    Moments,
    Runs,
    Window,
    admitted,
    advance,
    job_seen,
    jobs_by_folder,
    now,
    pictures,
    room_seen,
    runs,
)
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.cli.review import main
from pulumi_videosnap.core.schema import Effect, FieldFacts
from pulumi_videosnap.review.model import Outcome
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs, Stream
from support.emulator import Emulator
from support.jobs import store_of
from support.layers import COUNTED

Review = Callable[[Path], Json]
Note = Callable[[Ledger], None]
STREAM_LIST = {"target_streams.stream_list": Stream}
SHOW_SAMES = "--show-sames"
"""Without it a preview does not list what stays as it is."""
JUST_BEFORE = 0.05
"""Seconds before the next picture falls due: a change at that moment makes the longest gap."""


@pytest.fixture
def review(capsys: pytest.CaptureFixture[str]) -> Review:
    """What the command says of a preview."""

    def reviewed(preview: Path) -> Json:
        capsys.readouterr()
        code = main([str(preview), "--json", "--no-measure"])
        told = capsys.readouterr()
        assert told.out, f"the review said nothing: {told.err}"
        said: Json = json.loads(told.out)
        assert code == (2 if said["problem"] else 0)
        return said

    return reviewed


@pytest.fixture
def note(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Note:
    """Count what agreed, and fail with everything that did not."""

    def noted(ledger: Ledger) -> None:
        counts = f"{ledger.cases} changes made, {ledger.agreed} statements hold, {len(ledger.wrong)} do not"
        record_property(COUNTED, f"{request.node.name.removeprefix('test_')}: {counts}")
        assert not ledger.wrong, "\n".join([f"{len(ledger.wrong)} disagreements", *ledger.wrong])

    return noted


def test_every_field_of_a_live_room_has_a_change() -> None:
    changes = [*(found.change for found in befallen_rooms("app")), *room_changes.room_changes("app")]
    _assert_covered(changes, dict(fields_of(SnapshotTaskInputs, STREAM_LIST)), Outcome.RESTART)


def test_every_field_of_a_job_has_a_change() -> None:
    changes = [*(found.change for found in befallen_jobs()), *job_changes.job_changes()]
    _assert_covered(changes, dict(fields_of(SnapshotJobInputs, {})), Outcome.NEW_JOB)


def _assert_covered(changes: list[Change], fields: dict[str, FieldFacts], replacing: Outcome) -> None:
    """Each field has a change that does what the model says of it; a program declares all but a few."""
    shown = {change.proves: change for change in changes if change.proves}
    assert set(shown) == set(fields)
    for name, leaf in fields.items():
        assert (shown[name].outcome is replacing) == (leaf.effect is Effect.REPLACE), name
        declared = name.partition("[")[0] in changed_fields(shown[name])
        assert declared == (name not in NOT_DECLARED), name


def test_changes_of_live_rooms(
    stack: Stack, emulator: Emulator, app: str, review: Review, note: Note
) -> None:
    changes = room_changes.room_changes(app)
    screen = next(c for c in changes if c.proves.endswith("stream_type"))
    emulator.request("PUT", f"/rooms/{app}/{screen.name}/users/user0", {"camera": True, "screen": True})
    begin = now(emulator)
    stack.up(program_before(changes, "room")).ok()
    advance(emulator, HOUR - JUST_BEFORE)
    forced = ("--replace", stack.urn(room_changes.FORCED))
    said = review(stack.preview(program_after(changes, "room"), SHOW_SAMES, *forced))
    was, last = runs(emulator), emulator.last_call()
    stack.up(program_after(changes, "room"), *forced).ok()
    seen = _after_an_hour(emulator, begin, was, last)
    ledger = Ledger()
    _compare_rooms(ledger, changes, seen, said)
    compare_total_calls(ledger, said["totals"]["calls"], seen.calls)
    compare_names(ledger, changes, said["tasks"])
    compare_unchanged(ledger, changes, said["unchanged"])
    compare_secrets(ledger, json.dumps(said))
    note(ledger)


def test_changes_of_jobs(stack: Stack, emulator: Emulator, review: Review, note: Note) -> None:
    changes = job_changes.job_changes()
    _put_videos(emulator)
    stack.up(program_before(changes, "job")).ok()
    known = jobs_by_folder(emulator)
    said = review(stack.preview(program_after(changes, "job")))
    last = emulator.last_call()
    stack.up(program_after(changes, "job")).ok()
    ledger = Ledger()
    _compare_jobs(ledger, changes, _jobs_made(emulator, known, last), said)
    compare_total_calls(ledger, said["totals"]["calls"], admitted(emulator.calls(last)))
    compare_names(ledger, changes, said["tasks"])
    note(ledger)


def test_changes_of_what_ended_drifted_or_is_protected(
    stack: Stack, emulator: Emulator, app: str, review: Review, note: Note
) -> None:
    befallen, refused = [*befallen_rooms(app), *befallen_jobs()], refused_changes(app)
    rooms = [*(found.change for found in befallen_rooms(app)), *map(as_it_is, refused)]
    jobs = [found.change for found in befallen_jobs()]
    _put_videos(emulator)
    after = {**program_after(rooms, "room"), **program_after(jobs, "job")}
    stack.up({**program_before(rooms, "room"), **program_before(jobs, "job")}).ok()
    for found in befallen:
        found.befall(emulator)
    known = jobs_by_folder(emulator)
    advance(emulator, HOUR)  # for those to end that nobody publishes for
    begin = now(emulator)
    advance(emulator, HOUR - JUST_BEFORE)
    stack.project.run("refresh", "--yes", "--skip-preview").ok()
    said = review(stack.preview(after, SHOW_SAMES))
    was, last = runs(emulator), emulator.last_call()
    for found in befallen:
        if found.mishap is leave:
            come_back(emulator, found.change)
    stack.up(after).ok()
    ledger = Ledger()
    _compare_jobs(ledger, jobs, _jobs_made(emulator, known, last), said)
    seen = _after_an_hour(emulator, begin, was, last)
    _compare_rooms(ledger, rooms, seen, said)
    compare_total_calls(ledger, said["totals"]["calls"], seen.calls)
    compare_names(ledger, [*rooms, *jobs], said["tasks"])
    compare_unchanged(ledger, [*rooms, *jobs], said["unchanged"])
    _compare_refused(ledger, stack, emulator, refused, after, review)
    note(ledger)


def _put_videos(emulator: Emulator) -> None:
    """The sample under another key, and in another bucket."""
    store = store_of(emulator.environment)
    store.create_bucket(Bucket=job_changes.OTHER_BUCKET)
    for bucket, key in ((job_changes.OTHER_BUCKET, "input.mp4"), ("media", job_changes.OTHER_VIDEO)):
        store.copy_object(Bucket=bucket, Key=key, CopySource="media/input.mp4")
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})


def _after_an_hour(emulator: Emulator, begin: float, was: Runs, last: int) -> Moments:
    """Everything that was seen, an hour after a change."""
    change = now(emulator)
    calls = tuple(admitted(emulator.calls(last)))
    advance(emulator, HOUR)
    before, after = Window(begin, change), Window(change, now(emulator))
    return Moments(before, after, was, runs(emulator), calls, pictures(emulator))


def _jobs_made(emulator: Emulator, known: dict[str, list[Json]], last: int) -> JobMoments:
    ids = [job["jobId"] for jobs in known.values() for job in jobs]
    left = _objects(emulator)
    return JobMoments(known, jobs_by_folder(emulator, ids), tuple(admitted(emulator.calls(last))), left)


def _objects(emulator: Emulator) -> frozenset[str]:
    pages = store_of(emulator.environment).get_paginator("list_objects_v2")
    buckets = ("frames", job_changes.OTHER_BUCKET)
    return frozenset(
        f"{bucket}/{found['Key']}"
        for bucket in buckets
        for page in pages.paginate(Bucket=bucket)
        for found in page.get("Contents", [])
    )


def _compare_rooms(ledger: Ledger, changes: list[Change], moments: Moments, said: Json) -> None:
    tasks = {task["name"]: task for task in said["tasks"]}
    seen = {change.name: room_seen(change, moments) for change in changes}
    for change in changes:
        compare_room(ledger, change, seen[change.name], tasks)
    compare_total_rates(ledger, changes, seen, said["totals"])


def _compare_jobs(ledger: Ledger, changes: list[Change], moments: JobMoments, said: Json) -> None:
    tasks = {task["name"]: task for task in said["tasks"]}
    seen = {change.name: job_seen(change, moments) for change in changes}
    for change in changes:
        compare_job(ledger, change, seen[change.name], tasks.get(change.name))
    compare_total_jobs(ledger, said["tasks"], said["totals"])


def _compare_refused(
    ledger: Ledger, stack: Stack, emulator: Emulator, refused: list[Change], others: Program, review: Review
) -> None:
    """Protected tasks: the review says so, `up` fails, and the tasks go on without a call."""
    names = [change.name for change in refused]
    left_alone = {name: task for name, task in others.items() if name not in names}
    program = {**left_alone, **program_after(refused, "room")}
    said = review(stack.preview(program))
    tasks = {task["name"]: task for task in said["tasks"]}
    was, last = runs(emulator), emulator.last_call()
    assert stack.up(program).code
    for name in names:
        ledger.cases += 1
        ledger.same(name, "outcome", name in tasks and tasks[name]["outcome"], Outcome.REFUSED.value)
        ledger.same(name, "calls", name in tasks and tasks[name]["calls"], emulator.calls(last))
    ledger.true("protected", "problem", said["problem"], "a failed preview", bool(said["problem"]))
    ledger.same("protected", "tasks that run, by the documents", runs(emulator), was)
