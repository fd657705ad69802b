"""Compares what the documents say, what the review said, and what happened."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from integration.review.changes import DELETE, QUERY, SECRET, Change, Declared, changed_fields, leaves
from integration.review.observed import HOUR, WITHIN, JobSeen, Json, RoomSeen, Stream, Tally
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.core.properties import dotted
from pulumi_videosnap.core.schema import Effect, Inputs, Mark, facts
from pulumi_videosnap.review.model import Outcome
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs

LEAST_RATE = 20
"""Pictures an hour of the slowest task: totals that leave one out are further off."""
STOP_AND_START = 1.0
"""Seconds that stopping and starting take, in a gap that is predicted."""


def compare_room(tally: Tally, change: Change, seen: RoomSeen, tasks: Mapping[str, Json]) -> None:
    """One live room's task; where it goes on under another name, the old name has an entry too."""
    said, old = tasks.get(change.name), tasks.get(change.old_name)
    tally.cases += 1
    if change.was and old and old is not said:
        _compare_old_name(tally, change, seen, old)
    _room_by_the_documents(tally, change, seen)
    if not _listed(tally, change, said):
        return
    assert said is not None
    tally.same(change.name, "outcome", said["outcome"], seen.outcome.value)
    tally.same(change.name, "calls", _calls(said["calls"]), dict(seen.calls))
    _compare_rates(tally, change.name, "before", (old or said)["before"], seen.before)
    _compare_rates(tally, change.name, "after", said["after"], seen.after)
    _compare_gap(tally, change, seen, said["gapSeconds"])
    _compare_fields(tally, change, said["fields"], SnapshotTaskInputs)


def _compare_old_name(tally: Tally, change: Change, seen: RoomSeen, said: Json) -> None:
    """The resource that is not declared any more: its task goes on, or has ended and is forgotten."""
    outcome = Outcome.GOES_ON if seen.outcome is Outcome.GOES_ON else Outcome.FORGOTTEN
    tally.same(change.was, "outcome", said["outcome"], outcome.value)
    tally.same(change.was, "calls", said["calls"], [])


def compare_job(tally: Tally, change: Change, seen: JobSeen, said: Json | None) -> None:
    tally.cases += 1
    tally.same(change.name, "outcome, by the documents", change.outcome or Outcome.RECORDED, seen.outcome)
    tally.same(change.name, "calls, by the documents", Counter(change.expected_calls), seen.calls)
    if not _listed(tally, change, said):
        return
    assert said is not None
    tally.same(change.name, "outcome", said["outcome"], seen.outcome.value)
    calls = _calls(call for call in said["calls"] if call["action"] not in (QUERY, DELETE))
    tally.same(change.name, "calls", calls, dict(seen.calls))
    tally.same(change.name, "objects deleted", _calls(said["calls"]).get(DELETE, 0), seen.deleted)
    questions = _calls(said["calls"]).get(QUERY, 0)
    tally.true(change.name, "queries, at least", questions, seen.questions, questions <= seen.questions)
    _compare_written(tally, change.name, "before", said["before"], change.before, seen.before)
    _compare_written(tally, change.name, "after", said["after"], change.after, seen.after)
    if change.after and said["after"]:
        tally.same(change.name, "frames and sheets asked for", said["after"]["once"], change.once)
    tally.same(change.name, "gap", said["gapSeconds"], None)
    _compare_fields(tally, change, said["fields"], SnapshotJobInputs)


def _listed(tally: Tally, change: Change, said: Json | None) -> bool:
    wanted = change.outcome is not None
    tally.same(change.name, "listed", said is not None, wanted)
    return wanted and said is not None


def _room_by_the_documents(tally: Tally, change: Change, seen: RoomSeen) -> None:
    name, old, new = change.name, change.before, change.after
    tally.same(name, "outcome, by the documents", change.outcome or Outcome.RECORDED, seen.outcome)
    tally.same(name, "calls, by the documents", Counter(change.expected_calls), seen.calls)
    declared = old if change.outcome is None else new
    for rate in seen.after.values():
        tally.near(name, "pictures an hour after, by the documents", HOUR / interval(declared or {}), rate)
    if seen.gap is None or not old or not new:
        return
    if seen.outcome is Outcome.RESTART:
        tally.near(name, "gap, by the documents", interval(old) + STOP_AND_START, seen.gap)
    elif seen.outcome in (Outcome.IN_PLACE, Outcome.RECORDED, Outcome.GOES_ON):
        longest = max(interval(old), interval(new))
        tally.true(name, "no gap above", longest, seen.gap, seen.gap <= longest * (1 + WITHIN))


def interval(declared: Declared) -> float:
    """Seconds between two pictures; the default is documented."""
    return float(declared.get("image_config", {}).get("interval", 2))


def _calls(said: Iterable[Json]) -> dict[str, int]:
    return {call["action"]: call["count"] for call in said}


def _compare_rates(
    tally: Tally, case: str, when: str, said: Json | None, real: Mapping[Stream, float]
) -> None:
    what = f"pictures an hour {when}"
    per_hour = said["perHour"] if said else 0
    if not real or not per_hour:
        tally.same(case, what, per_hour or 0, sum(real.values()))
        return
    assert said is not None
    if said["streams"] is None:
        for stream, rate in real.items():
            tally.near(case, f"{what} of {stream}", per_hour, rate)
        return
    tally.same(case, f"streams {when}", said["streams"], len(real))
    tally.near(case, what, per_hour, sum(real.values()))


def _compare_gap(tally: Tally, change: Change, seen: RoomSeen, said: float | None) -> None:
    if seen.outcome is not Outcome.RESTART:
        tally.same(change.name, "gap", said, None)
    elif seen.gap is not None:
        tally.near(change.name, "gap", said, seen.gap)


def _compare_written(
    tally: Tally, case: str, when: str, said: Json | None, declared: Declared | None, real: int
) -> None:
    """What a job writes: exactly, or at most; what is to come may be not known."""
    what = f"pictures and sheets {when}"
    if declared is None:
        tally.same(case, what, said["once"] if said else None, None)
        return
    once, at_most = (said["once"], said["atMost"]) if said else (0, False)
    agrees = when == "after" if once is None else real <= once if at_most else real == once
    tally.true(case, what, f"{'at most ' if at_most else ''}{once}", real, agrees)


def _compare_fields(tally: Tally, change: Change, said: list[Json], model: type[Inputs]) -> None:
    """Every field that changes is reported and no other, with the effect that the documents give it."""
    shown = {field["field"].partition("[")[0]: field for field in said}
    own = change.proves.partition("[")[0]
    expected = changed_fields(change) | ({own} if own else set())
    after = dict(leaves(change.after or {}))
    declared = {*dict(leaves(change.before or {})), *after} | expected
    tally.same(change.name, "fields", sorted(shown.keys() & declared), sorted(expected))
    for leaf in facts(model):
        name = dotted(leaf.path)
        if name in shown:
            replaces = leaf.effect is Effect.REPLACE
            tally.same(change.name, f"{name} needs another task", shown[name]["replaces"], replaces)
        if name in shown and name in after and not isinstance(after[name], list):
            value = "[secret]" if Mark.SECRET in leaf.marks else after[name]
            tally.same(change.name, f"{name} after", shown[name]["after"], value)


def compare_totals(
    tally: Tally, rooms: list[Change], jobs: list[Change], seen: Mapping[str, RoomSeen], made: Any, said: Json
) -> None:
    """All calls of an `up`, all live tasks and all new jobs together; nothing is said of other tasks."""
    totals, changes = said["totals"], [*rooms, *jobs]
    counted = Counter(call["action"] for call in made)
    calls = {call["action"]: (call["count"], call["atLeast"]) for call in totals["calls"]}
    for action in sorted({*counted, *calls} - {DELETE}):
        count, at_least = calls.get(action, (0, False))
        holds = counted[action] >= count if at_least else counted[action] == count
        tally.true("totals", action, f"{'at least ' if at_least else ''}{count}", counted[action], holds)
    for when in ("before", "after"):
        real = sum(_counted(getattr(seen[c.name], when), getattr(c, when)) for c in rooms)
        per_hour = totals[f"picturesPerHour{when.title()}"]
        tally.true("totals", f"frames an hour {when}", per_hour, real, abs(per_hour - real) < LEAST_RATE)
    new = [task for task in said["tasks"] if task["outcome"] == Outcome.NEW_JOB.value]
    known = sum(task["after"]["once"] or 0 for task in new)
    tally.same("totals", "frames of new jobs", totals["jobPictures"], known)
    names = {name for change in changes for name in (change.name, change.old_name)}
    tally.same("totals", "other tasks", {task["name"] for task in said["tasks"]} - names, set())
    tally.same("totals", "unchanged", said["unchanged"], sum(change.outcome is None for change in changes))
    tally.same("secrets", "shown", SECRET in json.dumps(said), False)


def _counted(rates: Mapping[Stream, float], declared: Declared | None) -> float:
    """A task that takes every stream of its room counts one."""
    every = not (declared or {}).get("target_streams", {}).get("stream_list")
    return max(rates.values(), default=0) if every else sum(rates.values())
