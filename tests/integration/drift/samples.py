"""Drift reports to say: each verdict, one stack and several, complete and not, few tasks and many."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from integration.review.samples import HOSTILE, urn
from pulumi_videosnap.drift.model import Change, DriftReport, Finding, StackDrift, Unmanaged, Verdict

__all__ = ["HOSTILE"]

LIVE, FILE = "live room", "video file"
AT = datetime(2026, 11, 21, 18, 4, 5, 271_000, tzinfo=timezone.utc)
APP = "661e64d2a7ac3d0176bd3f20"
SCOPE = (
    "Volcengine RTC cannot list tasks, so a live room's task that no stack records is not found.",
    "MPS in cn-hangzhou: looked for unmanaged jobs among 1,204 (since 2026-08-21 18:04:05 UTC).",
)
UNAUTHORIZED = (
    "GetSnapshotTask was refused: the key may not do this (AccessDenied); give it rtc:GetSnapshotTask "
    "(RequestId {})"
)


def room(name: str, verdict: Verdict = Verdict.IN_SYNC, **more: Any) -> Finding:
    id = f"{APP}/{name}/shop.dev.{name}"
    return Finding(name=name, urn=urn(LIVE, name), kind=LIVE, id=id, verdict=verdict, **more)


def job(name: str, verdict: Verdict = Verdict.COMPLETE, **more: Any) -> Finding:
    id = "88c6ca184c0e47098a5b665e2a126797"
    return Finding(name=name, urn=urn(FILE, name), kind=FILE, id=id, verdict=verdict, **more)


def changed(name: str = "lobby") -> Finding:
    change = Change(
        field="image_config.interval",
        recorded=5,
        actual=2,
        meaning="1,800 frames an hour for each stream instead of 720",
    )
    remedy = "`pulumi up --refresh` sets it back without a gap (UpdateSnapshot)"
    return room(name, Verdict.CHANGED, changes=(change,), remedy=remedy)


def stopped(name: str = "hall") -> Finding:
    meaning = "no frames are taken since 2026-11-21T16:20:00Z: StopSnapshot was called"
    change = Change(field="state", recorded="running", actual="ended: StopByAPI", meaning=meaning)
    return room(name, Verdict.STOPPED, changes=(change,), remedy="`pulumi up --refresh` starts it again")


def failed(name: str = "trailer") -> Finding:
    change = Change(
        field="result",
        recorded="success",
        actual="failed: InvalidParameter.ResourceContentBad",
        meaning="the job produced no usable frames: The resource operated InputFile is bad",
    )
    return job(name, Verdict.FAILED, changes=(change,), remedy="`pulumi up --refresh` submits a new job")


def missing(name: str = "annex") -> Finding:
    why = "the service does not find it, and it is recent enough to be found"
    return room(name, Verdict.MISSING, why=why, remedy="`pulumi up --refresh` starts it again")


def unreadable(name: str = "stage", request: str = "2026112118040501") -> Finding:
    return room(name, Verdict.UNREADABLE, why=UNAUTHORIZED.format(request))


def stack(*findings: Finding, name: str = "dev", hours: float = 2) -> StackDrift:
    return StackDrift(stack=name, written=AT - timedelta(hours=hours), findings=findings)


def report(*stacks: StackDrift, **more: Any) -> DriftReport:
    return DriftReport(**{"at": AT, "seconds": 3.62, "stacks": stacks, "scope": SCOPE, **more})


def in_sync() -> DriftReport:
    return report(stack(*(room(name) for name in ("lobby", "hall", "stage")), job("stills")))


def each_verdict() -> DriftReport:
    return report(
        stack(
            room("foyer"), changed(), job("stills"), stopped(), failed(), missing(), unreadable(),
        ),
        unmanaged=unmanaged(),
    )  # fmt: skip


def drifted() -> DriftReport:
    return report(stack(room("foyer"), changed(), job("stills"), stopped(), failed(), missing()))


def two_stacks() -> DriftReport:
    """One that is open, and one of which the engine hands out no state."""
    closed = StackDrift(
        stack="prod",
        problem="`pulumi stack export --stack prod` failed: set the passphrase with PULUMI_CONFIG_PASSPHRASE",
    )
    return report(stack(room("lobby"), changed("hall")), closed)


def one_error(count: int = 200) -> DriftReport:
    """Every task of a fleet meets the same refusal, each under a number of its own."""
    return report(
        stack(*(unreadable(f"room-{n:03d}", f"202611211804{n:04d}") for n in range(count)), name="fleet")
    )


def many(count: int = 200) -> DriftReport:
    """A fleet of which a little drifted."""
    kinds = {7: changed, 8: changed, 9: changed, 60: stopped, 61: stopped, 100: missing}
    return report(stack(*(kinds.get(n, room)(f"room-{n:03d}") for n in range(count)), name="fleet", hours=52))


def all_different(count: int = 500) -> DriftReport:
    """No two tasks of which the same can be said."""
    findings = (
        changed(f"room-{n:03d}").model_copy(
            update={
                "changes": (Change(field="image_config.interval", recorded=5, actual=n, meaning="other"),)
            }
        )
        for n in range(count)
    )
    return report(stack(*findings, name="fleet"))


def unmanaged(count: int = 5) -> tuple[Unmanaged, ...]:
    where, note = (
        "MPS in cn-hangzhou",
        "submitted by this package for another stack, or for a deleted resource",
    )
    stray = (
        Unmanaged(id=f"{n:032x}", where=where, state="Success", created=AT - timedelta(hours=n), note=note)
        for n in range(1, count)
    )
    return (*stray, Unmanaged(id="f" * 32, where=where, state="Snapshoting", created=None))


def with_unmanaged() -> DriftReport:
    return report(stack(room("lobby")), unmanaged=unmanaged())


def no_tasks() -> DriftReport:
    return report(stack(), scope=())


def no_stacks() -> DriftReport:
    return report(scope=())


def hostile(text: str, complete: bool = True) -> DriftReport:
    """Everything that a stranger can write is this text."""
    given: dict[str, Any] = {"name": text, "urn": text, "kind": text, "id": text, "why": text, "remedy": text}
    change = Change(field=text, recorded=text, actual=[text], meaning=text)
    findings = (
        Finding(**given, verdict=Verdict.CHANGED, changes=(change,)),
        Finding(**{**given, "kind": LIVE}, verdict=Verdict.MISSING),
        Finding(**given, verdict=Verdict.IN_SYNC),
    )
    closed = (StackDrift(stack=text, problem=text),) if not complete else ()
    stray = Unmanaged(id=text, where=text, state=text, created=AT, note=text)
    return report(StackDrift(stack=text, findings=findings), *closed, unmanaged=(stray,), scope=(text,))
