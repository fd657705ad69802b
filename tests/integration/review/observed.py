"""What really happened: an emulator's calls, tasks, jobs and pictures, in the terms of a review."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from integration.review.changes import (
    OTHER_BUCKET,
    QUERY,
    SUBMIT,
    UPDATE,
    Change,
    Declared,
    folder_of,
    jobs_by_folder,
)
from pulumi_videosnap.review.model import Outcome
from support.emulator import Emulator
from support.jobs import store_of

HOUR = 3600.0
WITHIN = 0.05
MOST_FRAMES = 10_000
_REFUSED_FOR_NOW = ("FlowLimitExceeded", "Throttling")

Json = dict[str, Any]
Stream = tuple[str, str]


class Identity(NamedTuple):
    app: str
    room: str
    task: str


class Window(NamedTuple):
    """A stretch of the emulator's time, in seconds; its end is not in it."""

    begin: float
    end: float


Runs = Mapping[Identity, str]
"""When the run of each task that goes on was started."""
Jobs = Mapping[str, list[Json]]
"""Jobs, oldest first, by the folder that they write to."""


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def now(emulator: Emulator) -> float:
    return moment(emulator.request("GET", "/clock")["now"])


def advance(emulator: Emulator, seconds: float, step: float = 600) -> None:
    """Move the clock in steps in which the emulator cuts every picture that falls due."""
    while seconds > step:
        emulator.advance(step)
        seconds -= step
    emulator.advance(seconds)


def frames_of_tasks(emulator: Emulator) -> Mapping[Identity, Mapping[Stream, list[float]]]:
    tasks = emulator.tasks()
    skipped = [task["taskId"] for task in tasks if task["skippedFrames"]]
    assert not skipped, f"the clock was moved too far at once: {skipped}"
    found: dict[Identity, dict[Stream, list[float]]] = defaultdict(lambda: defaultdict(list))
    for identity in {Identity(task["appId"], task["roomId"], task["taskId"]) for task in tasks}:
        query = urlencode({**identity._asdict(), "limit": MOST_FRAMES})
        frames = emulator.request("GET", f"/frames?{query}")["frames"]
        assert len(frames) < MOST_FRAMES, f"there may be more frames of {identity} than the emulator lists"
        for frame in reversed(frames):
            found[identity][frame["userId"], frame["streamType"]].append(moment(frame["time"]))
    return found


def runs(emulator: Emulator) -> Runs:
    running = emulator.running()
    return {Identity(task["appId"], task["roomId"], task["taskId"]): task["startTime"] for task in running}


def identity_of(declared: Declared, name: str) -> Identity:
    """What names the task of a resource, whose default is documented: <project>.<stack>.<name>."""
    return Identity(declared["app_id"], declared["room_id"], declared.get("task_id", f"stories.dev.{name}"))


@dataclass(frozen=True)
class Seen:
    """What was seen before a change, while it was made, and in the hour after it."""

    before: Window
    after: Window
    runs_before: Runs
    runs_after: Runs
    calls: tuple[Json, ...]
    frames: Mapping[Identity, Mapping[Stream, list[float]]]
    """When each task took its frames, by stream, in order."""
    jobs_before: Jobs
    jobs_made: Jobs
    left: frozenset[str]


def an_hour_later(emulator: Emulator, begin: float, was: Runs, known: Jobs, last: int) -> Seen:
    """Let an hour pass after a change, and look at everything; `last` is the last call before the change."""
    change = now(emulator)
    # Not the calls that were sent back for their number.
    calls = tuple(one for one in emulator.calls(last) if not (one["code"] or "").startswith(_REFUSED_FOR_NOW))
    advance(emulator, HOUR)
    made = jobs_by_folder(emulator, {job["jobId"] for jobs in known.values() for job in jobs})
    pages = store_of(emulator.environment).get_paginator("list_objects_v2")
    left = frozenset(
        f"{bucket}/{found['Key']}"
        for bucket in ("frames", OTHER_BUCKET)
        for page in pages.paginate(Bucket=bucket)
        for found in page.get("Contents", [])
    )
    before, after = Window(begin, change), Window(change, now(emulator))
    frames = frames_of_tasks(emulator)
    return Seen(before, after, was, runs(emulator), calls, frames, known, made, left)


@dataclass(frozen=True)
class RoomSeen:
    """What happened to one live room's task; rates are pictures an hour of each stream."""

    outcome: Outcome
    calls: Counter[str]
    before: Mapping[Stream, float]
    after: Mapping[Stream, float]
    gap: float | None
    """The longest time between two pictures of a stream over the change; None where no stream goes on."""


def room_seen(change: Change, seen: Seen) -> RoomSeen:
    old = identity_of(change.before, change.old_name) if change.before else None
    name = change.old_name if "aliases" in change.options_after else change.name
    new = identity_of(change.after, name) if change.after else None
    calls = Counter(call["action"] for call in seen.calls if _identity(call["summary"]) in (old, new))
    return RoomSeen(
        outcome=_outcome(change, seen, old, new, calls),
        calls=calls,
        before=_rates(seen.frames.get(old, {}), seen.before) if old else {},
        after=_rates(seen.frames.get(new, {}), seen.after) if new else {},
        gap=_gap(seen, old, new),
    )


def _identity(summary: Json) -> Identity:
    return Identity(*(str(summary.get(name)) for name in ("AppId", "RoomId", "TaskId")))


def _outcome(
    change: Change, seen: Seen, old: Identity | None, new: Identity | None, calls: Counter[str]
) -> Outcome:
    run_before = seen.runs_before.get(old) if old else None
    run_after = seen.runs_after.get(new) if new else None
    if old and not new:
        return Outcome.STOPS if run_before and old not in seen.runs_after else Outcome.FORGOTTEN
    if run_after is None:
        return Outcome.RECORDED
    if run_before is None:
        return Outcome.STARTS if change.was or not old else Outcome.STARTS_AGAIN
    if run_after != run_before or old != new:
        return Outcome.RESTART
    if change.was and calls:
        return Outcome.GOES_ON
    return Outcome.IN_PLACE if UPDATE in calls else Outcome.RECORDED


def _rates(streams: Mapping[Stream, list[float]], window: Window) -> dict[Stream, float]:
    per_hour = HOUR / (window.end - window.begin)
    counted = {name: sum(window.begin <= at < window.end for at in times) for name, times in streams.items()}
    return {stream: count * per_hour for stream, count in counted.items() if count}


def _gap(seen: Seen, old: Identity | None, new: Identity | None) -> float | None:
    """The longest time from the last frame of a stream before the change to its first one after it."""
    if not old or not new or (old.app, old.room) != (new.app, new.room):
        return None
    gaps = []
    before, after = seen.frames.get(old, {}), seen.frames.get(new, {})
    for stream in before.keys() & after.keys():
        earlier = [at for at in before[stream] if at < seen.after.begin]
        later = [at for at in after[stream] if at >= seen.after.begin]
        if earlier and later:
            gaps.append(min(later) - max(earlier))
    return max(gaps, default=None)


@dataclass(frozen=True)
class JobSeen:
    """What happened to one job: how many pictures and sheets the old and the new one wrote."""

    outcome: Outcome
    calls: Counter[str]
    questions: int
    """Queries that may have been about it: those that name it, and those that list."""
    deleted: int
    """Objects of the old job that are not there any more."""
    before: int
    after: int


def job_seen(change: Change, seen: Seen) -> JobSeen:
    declared = change.after or change.before or {}
    folder = folder_of(declared["snapshot_config"]["output_file"]["object"])
    old = seen.jobs_before.get(folder, [])[-1:] if change.before else []
    made = seen.jobs_made.get(folder, []) if change.after else []
    ids = {job["jobId"] for job in (*old, *made)}
    return JobSeen(
        outcome=_job_outcome(change, old, made, seen.left),
        calls=Counter(SUBMIT for call in seen.calls if change.after and _submits_to(call, folder)),
        questions=sum(_may_be_about(call, ids) for call in seen.calls),
        deleted=len(_keys(old) - seen.left),
        before=_written(old),
        after=_written(made or (old if change.after else [])),
    )


def _job_outcome(change: Change, old: list[Json], made: list[Json], left: frozenset[str]) -> Outcome:
    if change.after:
        return Outcome.NEW_JOB if made else Outcome.RECORDED
    return Outcome.FORGOTTEN if _keys(old) & left else Outcome.FRAMES_DELETED


def _keys(jobs: list[Json]) -> set[str]:
    return {f"{item['bucket']}/{item['key']}" for job in jobs for item in job["objects"]}


def _submits_to(call: Json, folder: str) -> bool:
    config = call["summary"].get("SnapshotConfig") if call["action"] == SUBMIT else None
    return config is not None and folder_of(config["OutputFile"]["Object"]) == folder


def _may_be_about(call: Json, ids: set[str]) -> bool:
    asked = str(call["summary"].get("SnapshotJobIds") or "")
    return call["action"] == QUERY and (not asked or any(name in asked for name in ids))


def _written(jobs: list[Json]) -> int:
    """Of the last one, unless it failed: nothing of a failed job is recorded."""
    done = [job for job in jobs[-1:] if job["state"] == "Success"]
    return sum(item["kind"] in ("picture", "sheet") for job in done for item in job["objects"])


@dataclass
class Tally:
    """What agreed and what did not, in the words of whoever reads a failure."""

    cases: int = 0
    agreed: int = 0
    wrong: list[str] = field(default_factory=list)

    def same(self, case: str, what: str, said: Any, real: Any) -> None:
        self.true(case, what, said, real, said == real)

    def near(self, case: str, what: str, said: float | None, real: float) -> None:
        self.true(case, what, said, real, said is not None and abs(said - real) <= WITHIN * real)

    def true(self, case: str, what: str, said: Any, real: Any, agrees: bool) -> None:
        self.agreed += agrees
        if not agrees:
            self.wrong.append(f"{case}: {what}: said {said}, was {real}")
