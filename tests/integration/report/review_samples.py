"""Reviews to print: every action, outcome and risk, tasks and jobs, with prices and without."""

import json
from pathlib import Path
from typing import Any

from pulumi_videosnap.review.model import Calls, Review, Totals

REPORTS = Path(__file__).parents[2] / "data" / "reports"
NOTHING = Totals(
    frames_per_hour_before=0, frames_per_hour_after=0, bytes_per_day_before=0, bytes_per_day_after=0
)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</details></td></script><script>alert(2)</script>",
    "--><b>out</b><!--",
    "a|b\\|c`d``e",
    "@everyone #12 !7 org/repo#3 GH-9 deadbeefcafe ~bug %1 &2 $3 :tada:",
    "https://evil.example/?a=b www.evil.example [x](javascript:alert(3)) ![y](//evil)",
    "a\x00\x1b[31m\r\n/close\n\n# title\n- item",
    "invoice\u202egpj.exe",
    "{{ 7 * 7 }}${1+1}",
    "**bold** _it_ ~~no~~ \\",
    "1. one",
    "k" * 1000,
    "שלום/مرحبا",
)
"""Names, ids, values and errors that try to be something else."""


def urn(kind: str, name: str) -> str:
    of = "volcengine:SnapshotTask" if kind == "live room" else "alibaba:SnapshotJob"
    return f"urn:pulumi:dev::shop::pulumi-python:dynamic/{of}::{name}"


def usual(**changes: Any) -> Review:
    """One interval, of five tasks."""
    return _read("usual").model_copy(update=changes)


def everything() -> Review:
    return _read("everything")


def _read(name: str) -> Review:
    return Review.model_validate_json((REPORTS / f"{name}.json").read_text())


def calm(unchanged: int = 4) -> Review:
    return usual(tasks=(), unchanged=unchanged, assumptions=(), totals=NOTHING)


def failed() -> Review:
    of = "error: pulumi-python:dynamic/volcengine:SnapshotTask resource 'hall' has a problem"
    return usual(problem=f"{of}: image_config.interval: 0 is not in 1 to 600 seconds", unchanged=2)


def partly_listed() -> Review:
    return usual(unchanged=0, unlisted=7)


def many(count: int = 500) -> Review:
    names = [f"room-{number:03d}" for number in range(count)]
    [task] = _read("usual").tasks
    tasks = tuple(task.model_copy(update={"name": one, "urn": urn("live room", one)}) for one in names)
    totals = Totals(
        frames_per_hour_before=count * 1440,
        frames_per_hour_after=count * 3600,
        bytes_per_day_before=count * 1440 * 24 * 72_000,
        bytes_per_day_after=count * 3600 * 24 * 72_000,
        calls=(Calls(action="UpdateSnapshot", count=count), Calls(action="GetSnapshotTask", count=count)),
    )
    return usual(stack="fleet", tasks=tasks, unchanged=0, totals=totals)


def hostile(text: str) -> Review:
    """Everything that a stranger can write is this text."""
    template = (REPORTS / "hostile_review.json").read_text()
    return Review.model_validate_json(template.replace("$TEXT", json.dumps(text)[1:-1]))


def grown(text: str, tasks: int, others: int) -> Review:
    short = hostile(text * 20)
    many_tasks = tuple(short.tasks[0].model_copy(update={"name": f"{text}{n}"}) for n in range(tasks))
    risks = tuple(short.risks[0].model_copy(update={"text": f"{text} {n}"}) for n in range(others))
    warnings = tuple(one.model_copy(update={"code": "warning"}) for one in risks)
    left_out = tuple(f"{text}{n}" for n in range(others))
    changes = {"tasks": many_tasks, "risks": risks, "warnings": warnings, "left_out": left_out}
    return short.model_copy(update=changes)
