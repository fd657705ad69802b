"""What `videosnap review` predicts of a change is what the change does: calls, pictures and gaps.

The changes are made: by the real engine, against an emulator that counts calls and cuts pictures. What is
expected comes from the documents, what is predicted from the command, what happened from the emulator.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.review.changes import (
    FORCED,
    NOT_DECLARED,
    OTHER_BUCKET,
    OTHER_VIDEO,
    Change,
    Program,
    as_it_is,
    changed_fields,
    fields_of,
    folder_of,
    jobs_by_folder,
    load_changes,
    program_after,
    program_before,
)
from integration.review.comparison import compare_job, compare_room, compare_totals
from integration.review.conftest import Stack
from integration.review.observed import (
    HOUR,
    Json,
    Tally,
    advance,
    an_hour_later,
    job_seen,
    now,
    room_seen,
    runs,
)
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.cli import main
from pulumi_videosnap.core.schema import Effect, FieldFacts
from pulumi_videosnap.review.model import Outcome
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs, Stream
from support.emulator import Emulator
from support.jobs import store_of
from support.layers import COUNTED
from support.sampling import sample

Review = Callable[[Path], Json]
Note = Callable[[Tally], None]
STREAM_LIST = {"target_streams.stream_list": Stream}
SAMPLE = 0.2
SHOW_SAMES = "--show-sames"
"""Without it a preview does not list what stays as it is."""
LONGEST_IDLE = HOUR
"""Seconds in which every task has ended for which nobody publishes."""
JUST_BEFORE = 0.05
"""Seconds before the next picture falls due: a change at that moment makes the longest gap."""


@pytest.fixture
def review(capsys: pytest.CaptureFixture[str]) -> Review:

    def reviewed(preview: Path) -> Json:
        capsys.readouterr()
        code = main(["review", str(preview), "--json", "--no-measure"])
        out, err = capsys.readouterr()
        assert out, f"the review printed nothing: {err}"
        found: Json = json.loads(out)
        assert code == (2 if found["problem"] else 0)
        return found

    return reviewed


@pytest.fixture
def note(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Note:
    """Count what agreed, and fail with everything that did not."""

    def noted(tally: Tally) -> None:
        counts = f"{tally.cases} changes made, {tally.agreed} statements hold, {len(tally.wrong)} do not"
        record_property(COUNTED, f"{request.node.name.removeprefix('test_')}: {counts}")
        assert not tally.wrong, "\n".join([f"{len(tally.wrong)} disagreements", *tally.wrong])

    return noted


@pytest.mark.parametrize(
    ("kind", "fields", "replacing"),
    [
        ("tasks", fields_of(SnapshotTaskInputs, STREAM_LIST), Outcome.RESTART),
        ("jobs", fields_of(SnapshotJobInputs, {}), Outcome.NEW_JOB),
    ],
)
def test_each_field_changes(kind: str, fields: Iterator[tuple[str, FieldFacts]], replacing: Outcome) -> None:
    """Each field has a change that does what the model says of it; a program declares all but a few."""
    changes = [*load_changes(f"{kind} after incidents"), *load_changes(kind)]
    known = dict(fields)
    known.pop("edition", None)  # the environment sets it: tests/integration/lifecycle/test_editions.py
    shown = {change.proves: change for change in changes if change.proves}
    assert set(shown) == set(known)
    for name, leaf in known.items():
        assert (shown[name].outcome is replacing) == (leaf.effect is Effect.REPLACE), name
        declared = name.partition("[")[0] in changed_fields(shown[name])
        assert declared == (name not in NOT_DECLARED), name


@pytest.mark.engine
@pytest.mark.rotating
def test_what_a_review_predicts_is_what_happens(
    stack: Stack, emulator: Emulator, app: str, review: Review, note: Note
) -> None:
    incidents = [
        *sample(load_changes("tasks after incidents", app), SAMPLE, by=lambda change: change.outcome),
        *load_changes("jobs after incidents"),
    ]
    refused = load_changes("protected tasks", app)
    tasks = [*some(load_changes("tasks", app)), *map(as_it_is, refused)]
    jobs = some(load_changes("jobs"))
    for found in incidents:
        (jobs if found.is_of_a_job else tasks).append(found)
    _put_videos(emulator)
    _publish_screens(emulator, tasks)
    stack.up({**program_before(tasks, "room"), **program_before(jobs, "job")}).ok()
    for found in incidents:
        found.happen(emulator, found.incident)
    advance(emulator, LONGEST_IDLE)
    begin = now(emulator)
    advance(emulator, HOUR - JUST_BEFORE)
    stack.project.run("refresh", "--yes", "--skip-preview").ok()
    after = {**program_after(tasks, "room"), **program_after(jobs, "job")}
    forced = ("--replace", stack.urn(FORCED))
    said = review(stack.preview(after, SHOW_SAMES, *forced))
    known, was, last = jobs_by_folder(emulator), runs(emulator), emulator.last_call()
    for found in incidents:
        if found.incident == "leave":
            found.happen(emulator, "come_back")
    stack.up(after, *forced).ok()
    seen = an_hour_later(emulator, begin, was, known, last)
    tally, reported = Tally(), {task["name"]: task for task in said["tasks"]}
    for change in jobs:
        compare_job(tally, change, job_seen(change, seen), reported.get(change.name))
    rooms = {change.name: room_seen(change, seen) for change in tasks}
    for change in tasks:
        compare_room(tally, change, rooms[change.name], reported)
    compare_totals(tally, tasks, jobs, rooms, seen.calls, said)
    _compare_refused(tally, stack, emulator, refused, after, review)
    note(tally)


def some(changes: list[Change]) -> list[Change]:
    """A sample with every outcome in it, what is forced, and all changes that share a room or a folder."""
    chosen = sample(changes, SAMPLE, by=lambda one: (one.outcome, one.was != "", one.name == FORCED))
    places = {_place_of(change) for change in chosen}
    return [change for change in changes if _place_of(change) in places]


def _place_of(change: Change) -> str:
    declared = change.before or change.after or {}
    if "room_id" in declared:
        return str(declared["room_id"])
    return folder_of(declared["snapshot_config"]["output_file"]["object"])


def _publish_screens(emulator: Emulator, changes: list[Change]) -> None:
    """Let a user show a screen where a change is about it."""
    for change in changes:
        if change.before and change.proves.endswith("stream_type"):
            user = f"/rooms/{change.before['app_id']}/{change.before['room_id']}/users/user0"
            emulator.request("PUT", user, {"camera": True, "screen": True})


def _put_videos(emulator: Emulator) -> None:
    """The sample under another key, and in another bucket."""
    store = store_of(emulator.environment)
    store.create_bucket(Bucket=OTHER_BUCKET)
    for bucket, key in ((OTHER_BUCKET, "input.mp4"), ("media", OTHER_VIDEO)):
        store.copy_object(Bucket=bucket, Key=key, CopySource="media/input.mp4")
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})


def _compare_refused(
    tally: Tally, stack: Stack, emulator: Emulator, refused: list[Change], others: Program, review: Review
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
        tally.cases += 1
        tally.same(name, "outcome", name in tasks and tasks[name]["outcome"], Outcome.REFUSED.value)
        tally.same(name, "calls", name in tasks and tasks[name]["calls"], emulator.calls(last))
    tally.true("protected", "problem", said["problem"], "a failed preview", bool(said["problem"]))
    tally.same("protected", "tasks that run, by the documents", runs(emulator), was)
