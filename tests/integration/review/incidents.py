"""Changes of tasks that have ended, drifted or are protected, and what befell them before the change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from integration.review.changes import GET, START, STOP, Change, Declared, changed
from integration.review.job_changes import SEQUENCE, job
from integration.review.observed import jobs_by_folder
from integration.review.task_changes import task
from pulumi_videosnap.review.model import Outcome
from support.emulator import Emulator

Happening = Callable[[Emulator, Change], None]
AGAIN = Outcome.STARTS_AGAIN
REPLACED = (STOP, START, GET)
"""A replacement stops the old task first, also one that has ended: the service says that it has."""


@dataclass(frozen=True)
class Incident:
    """A change of a task to which something happened before."""

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


def task_incidents(app: str) -> list[Incident]:
    """Live rooms' tasks that ended or were changed outside."""
    return [*_ended(app), *_drifted(app)]


def _ended(app: str) -> list[Incident]:
    def ended(
        name: str, outcome: Outcome | None, calls: tuple[str, ...] | None = None, **to: Any
    ) -> Incident:
        before = task(app, name)
        after = before
        for field, value in to.items():
            after = changed(after, field.replace("__", "."), value)
        return Incident(Change(name, outcome, before, after, calls=calls), leave)

    kept_up = task(app, "ended-kept-up", keep_running=True)
    given_up = task(app, "ended-given-up", keep_running=True)
    gone, moved = task(app, "ended-removed"), task(app, "ended-renamed")
    return [
        ended("ended-same", None),
        ended("ended-interval", AGAIN, image_config__interval=90),
        ended("ended-width", AGAIN, REPLACED, image_config__width=96),
        ended("ended-triggers", AGAIN, REPLACED, triggers=["today"]),
        ended("ended-moved", AGAIN, REPLACED, task_id="another-task"),
        ended("ended-prefix", Outcome.RECORDED, frame_prefix="a/"),
        ended("ended-prefix-and-interval", AGAIN, frame_prefix="a/", image_config__interval=90),
        ended("ended-keep-running", AGAIN, keep_running=True),
        Incident(Change("ended-kept-up", AGAIN, kept_up, kept_up), leave),
        Incident(
            Change("ended-given-up", Outcome.RECORDED, given_up, {**given_up, "keep_running": False}), leave
        ),
        Incident(Change("ended-removed", Outcome.FORGOTTEN, gone, None, calls=(STOP,)), leave),
        Incident(Change("ended-renamed", Outcome.STARTS, moved, moved, was="ended-old-name"), leave),
    ]


def _drifted(app: str) -> list[Incident]:
    def drifted(name: str, what: Happening, outcome: Outcome, proves: str, **more: Any) -> Incident:
        before = task(app, name)
        return Incident(Change(name, outcome, before, {**before, **more}, proves=proves), what)

    stopped = changed(task(app, "stopped-width"), "image_config.width", 96)
    return [
        Incident(Change("stopped", AGAIN, task(app, "stopped"), task(app, "stopped"), proves="state"), stop),
        Incident(Change("stopped-width", AGAIN, task(app, "stopped-width"), stopped, calls=REPLACED), stop),
        drifted("failed", fail, AGAIN, "state"),
        drifted("faster", speed_up, Outcome.IN_PLACE, "image_config.interval"),
        drifted("faster-and-prefix", speed_up, Outcome.IN_PLACE, "image_config.interval", frame_prefix="a/"),
        drifted("wider", widen, Outcome.RESTART, "image_config.width"),
    ]


def job_incidents() -> list[Incident]:
    """Jobs that failed or were forgotten after `up`."""
    return [
        Incident(
            Change(
                "job-failed",
                Outcome.NEW_JOB,
                job("job-failed", SEQUENCE),
                job("job-failed", SEQUENCE),
                proves="result",
            ),
            fail_job,
        ),
        Incident(
            Change("job-gone", Outcome.NEW_JOB, job("job-gone", SEQUENCE), job("job-gone", SEQUENCE)),
            forget_job,
        ),
        Incident(
            Change("job-failed-removed", Outcome.FORGOTTEN, job("job-failed-removed", SEQUENCE), None),
            fail_job,
        ),
    ]


def refused_changes(app: str) -> list[Change]:
    """What the engine will not do to a protected task or job: each fails a preview of its own."""
    guarded = {"protect": True}
    wider = changed(task(app, "guarded"), "image_config.width", 96)
    return [
        Change("guarded", Outcome.REFUSED, task(app, "guarded"), wider, options=guarded),
        Change("guarded-too", Outcome.REFUSED, task(app, "guarded-too"), None, options=guarded),
    ]


def as_it_is(change: Change) -> Change:
    """The same task, left alone."""
    return replace(change, outcome=None, after=change.before)
