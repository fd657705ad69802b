"""Changes of tasks that have ended, drifted or are protected, and what happened to them before the change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from integration.review.changes import Change, Declared, load_changes_and_incidents
from integration.review.observed import jobs_by_folder
from support.emulator import Emulator

Happening = Callable[[Emulator, Change], None]


@dataclass(frozen=True)
class Incident:
    """A change of a task or job to which something happened before."""

    change: Change
    what: Happening

    def happen(self, emulator: Emulator) -> None:
        self.what(emulator, self.change)


def leave(emulator: Emulator, change: Change) -> None:
    """Everybody leaves the room; the task ends when it has waited long enough."""
    for user in ("user0", "user1"):
        emulator.request("DELETE", f"{_room(change)}/users/{user}")


def come_back(emulator: Emulator, change: Change) -> None:
    for user in ("user0", "user1"):
        emulator.request("PUT", f"{_room(change)}/users/{user}", {"camera": True})


def stop(emulator: Emulator, change: Change) -> None:
    emulator.stop(_path(change))


def fail(emulator: Emulator, change: Change) -> None:
    emulator.change(_path(change), status="failed")


def speed_up(emulator: Emulator, change: Change) -> None:
    emulator.change(_path(change), interval=20)


def widen(emulator: Emulator, change: Change) -> None:
    emulator.change(_path(change), width=128)


def fail_job(emulator: Emulator, change: Change) -> None:
    failed = {"state": "Fail", "code": "InternalError", "message": "broken"}
    emulator.request("PUT", f"/jobs/{_job_id(emulator, change)}", failed)


def forget_job(emulator: Emulator, change: Change) -> None:
    emulator.request("DELETE", f"/jobs/{_job_id(emulator, change)}")


def _declared(change: Change) -> Declared:
    assert change.before is not None
    return change.before


def _room(change: Change) -> str:
    return f"/rooms/{_declared(change)['app_id']}/{_declared(change)['room_id']}"


def _path(change: Change) -> str:
    return "/".join(_declared(change)[name] for name in ("app_id", "room_id", "task_id"))


def _job_id(emulator: Emulator, change: Change) -> str:
    return str(jobs_by_folder(emulator)[change.name][-1]["jobId"])


INCIDENTS = {what.__name__: what for what in (leave, stop, fail, speed_up, widen, fail_job, forget_job)}


def load_incidents(group: str, app: str = "app") -> list[Incident]:
    """The changes of a group with what happens before each."""
    return [Incident(change, INCIDENTS[name]) for change, name in load_changes_and_incidents(group, app)]


def as_it_is(change: Change) -> Change:
    """The same task, left alone."""
    return replace(change, outcome=None, after=change.before)
