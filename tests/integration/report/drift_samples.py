"""Drift reports: each verdict, one stack and several, complete and not, few tasks and many."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from integration.report.review_samples import REPORTS as FOLDER
from integration.report.review_samples import urn
from pulumi_videosnap.drift.model import Change, DriftReport, FailedRuns, Finding, StackDrift, Verdict

AT = datetime(2026, 11, 21, 18, 4, 5, 271_000, tzinfo=timezone.utc)


def each_verdict() -> DriftReport:
    return DriftReport.model_validate_json((FOLDER / "drift.json").read_text())


def hostile(text: str, complete: bool = True) -> DriftReport:
    """Everything that a stranger can write is this text."""
    template = (FOLDER / "hostile_drift.json").read_text()
    found = DriftReport.model_validate_json(template.replace("$TEXT", json.dumps(text)[1:-1]))
    return found if not complete else found.model_copy(update={"stacks": found.stacks[:1]})


_EACH = each_verdict()
_OF = {finding.verdict: finding for finding in _EACH.stacks[0].findings}


def finding(verdict: Verdict, name: str, **more: Any) -> Finding:
    """A finding of a live room as in `each_verdict`, under another name."""
    id = _OF[verdict].id.replace(_OF[verdict].name, name)
    return _OF[verdict].model_copy(update={"name": name, "urn": urn("live room", name), "id": id, **more})


def room(name: str, verdict: Verdict = Verdict.IN_SYNC, **more: Any) -> Finding:
    return finding(Verdict.IN_SYNC, name).model_copy(update={"verdict": verdict, **more})


def unreadable(name: str = "stage", request: str = "2026112118040501") -> Finding:
    of = _OF[Verdict.UNREADABLE]
    return finding(Verdict.UNREADABLE, name, why=of.why.replace("2026112118040501", request))


def stack(*findings: Finding, name: str = "dev", hours: float = 2) -> StackDrift:
    return StackDrift(stack=name, written=AT - timedelta(hours=hours), findings=findings)


def report(*stacks: StackDrift, **more: Any) -> DriftReport:
    return DriftReport(**{"at": AT, "seconds": 3.62, "stacks": stacks, "scope": _EACH.scope, **more})


def in_sync() -> DriftReport:
    return report(stack(*(room(name) for name in ("lobby", "hall", "stage")), _OF[Verdict.COMPLETE]))


def two_stacks() -> DriftReport:
    """One that is open, and one of which the engine hands out no state."""
    problem = "`pulumi stack export --stack prod` failed: set the passphrase with PULUMI_CONFIG_PASSPHRASE"
    closed = StackDrift(stack="prod", problem=problem)
    return report(stack(room("lobby"), finding(Verdict.CHANGED, "hall")), closed)


def one_error(count: int = 200) -> DriftReport:
    """Every task of a fleet meets the same refusal, each under a number of its own."""
    findings = (unreadable(f"room-{n:03d}", f"202611211804{n:04d}") for n in range(count))
    return report(stack(*findings, name="fleet"))


def many(count: int = 200) -> DriftReport:
    of = {7: Verdict.CHANGED, 8: Verdict.CHANGED, 9: Verdict.CHANGED, 60: Verdict.STOPPED}
    of |= {61: Verdict.STOPPED, 100: Verdict.MISSING}
    findings = (finding(of.get(n, Verdict.IN_SYNC), f"room-{n:03d}") for n in range(count))
    return report(stack(*findings, name="fleet", hours=52))


def all_different(count: int = 500) -> DriftReport:
    slower = Change(field="image_config.interval", recorded=5, actual=0, meaning="other")
    changes = ((slower.model_copy(update={"actual": n}),) for n in range(count))
    findings = (finding(Verdict.CHANGED, f"room-{n:03d}", changes=one) for n, one in enumerate(changes))
    return report(stack(*findings, name="fleet"))


def grown(text: str, tasks: int, others: int) -> DriftReport:
    short = hostile(text * 20)
    found, stray = short.stacks[0].findings[0], short.unmanaged[0]
    named = tuple(found.model_copy(update={"name": f"{text}{n}", "why": str(n)}) for n in range(tasks))
    closed = [StackDrift(stack=f"{text}{n}", problem=text * 20) for n in range(others)]
    strays = tuple(stray.model_copy(update={"state": f"{text}{n}"}) for n in range(others))
    first = short.stacks[0].model_copy(update={"findings": named})
    failed = tuple(failed_runs(f"{text}{n}", text * 20) for n in range(others))
    return report(first, *closed, unmanaged=strays, failed_runs=failed, scope=(text * 20,) * others)


def with_unmanaged() -> DriftReport:
    return report(stack(room("lobby")), unmanaged=_EACH.unmanaged)


def failed_runs(name: str, *latest: str, **more: Any) -> FailedRuns:
    usual: dict[str, Any] = {"name": name, "urn": name, "stack": "dev", "failed": len(latest), "runs": 9}
    return FailedRuns(**{**usual, "latest": latest, **more})


def with_failed_runs() -> DriftReport:
    """Of one resource a single run failed, of another more than are reported."""
    why = "run 8f1b of 'in/{}.mp4' failed in cover: it is no video (InvalidParameter); upload it again"
    stamps = failed_runs("stamps", why.format("a"), runs=1)
    latest = [why.format(name) for name in "bcd"]
    thumbs = failed_runs("thumbs", *latest, failed=1_205, runs=40_000, since=AT.replace(microsecond=0))
    return report(stack(room("lobby")), failed_runs=(stamps, thumbs))


def no_tasks() -> DriftReport:
    return report(stack(), scope=())


def no_stacks() -> DriftReport:
    return report(scope=())
