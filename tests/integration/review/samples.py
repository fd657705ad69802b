"""Reviews to say: every action, outcome and risk, rooms and jobs, with prices and without."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from pulumi_videosnap.review.model import (
    Action,
    Calls,
    FieldChange,
    FrameEstimate,
    Outcome,
    Review,
    Risk,
    TaskReview,
    Totals,
)

LIVE, FILE = "live room", "video file"
AT = datetime(2026, 11, 21, 18, 4, 5, tzinfo=timezone.utc)
MEASURED = "measured over 48 frames"
ASSUMED = "assumed: 0.1 byte a pixel"
CNY = "CNY"
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
    of = "volcengine:SnapshotTask" if kind == LIVE else "alibaba:SnapshotJob"
    return f"urn:pulumi:dev::shop::pulumi-python:dynamic/{of}::{name}"


def room(name: str, action: Action, outcome: Outcome, effect: str, **more: Any) -> TaskReview:
    return TaskReview(
        name=name,
        urn=urn(LIVE, name),
        kind=LIVE,
        continuous=True,
        action=action,
        outcome=outcome,
        effect=effect,
        **more,
    )


def job(name: str, action: Action, outcome: Outcome, effect: str, **more: Any) -> TaskReview:
    return TaskReview(
        name=name,
        urn=urn(FILE, name),
        kind=FILE,
        continuous=False,
        action=action,
        outcome=outcome,
        effect=effect,
        **more,
    )


def live(per_hour: float | None, streams: int | None = 2, bytes_each: float | None = 72_000) -> FrameEstimate:
    return FrameEstimate(per_hour=per_hour, streams=streams, bytes_each=bytes_each, size_from=MEASURED)


def file(once: int | None, at_most: bool = False) -> FrameEstimate:
    return FrameEstimate(once=once, at_most=at_most, bytes_each=23_040, size_from=ASSUMED)


def changed(field: str, before: Any, after: Any, replaces: bool = False) -> FieldChange:
    return FieldChange(field=field, before=before, after=after, replaces=replaces)


def faster(name: str = "lobby", **more: Any) -> TaskReview:
    """The change that is made most often."""
    return room(
        name,
        Action.UPDATE,
        Outcome.IN_PLACE,
        "The interval changes while the task runs; no frame is lost.",
        **{
            "fields": (changed("image_config.interval", 5, 2),),
            "before": live(1440),
            "after": live(3600),
            "calls": (Calls(action="UpdateSnapshot", count=1), Calls(action="GetSnapshotTask", count=1)),
            **more,
        },
    )


def usual(**changes: Any) -> Review:
    """One interval, of five tasks."""
    totals = Totals(
        frames_per_hour_before=2160,
        frames_per_hour_after=4320,
        bytes_per_day_before=2160 * 24 * 72_000,
        bytes_per_day_after=4320 * 24 * 72_000,
        calls=(Calls(action="UpdateSnapshot", count=1), Calls(action="GetSnapshotTask", count=1)),
    )
    given = {
        "stack": "dev",
        "at": AT,
        "tasks": (faster(),),
        "unchanged": 4,
        "totals": totals,
        "assumptions": (
            "Frames an hour are what the interval allows while every listed user publishes.",
            "A frame of lobby has 72.0 kB, measured over 48 frames of the last 24 hours.",
        ),
    }
    return Review(**{**given, **changes})


def calm(unchanged: int = 4) -> Review:
    """Nothing that concerns a task."""
    return usual(tasks=(), unchanged=unchanged, assumptions=(), totals=NOTHING)


def _rooms() -> tuple[TaskReview, ...]:
    start, get = Calls(action="StartSnapshot", count=1), Calls(action="GetSnapshotTask", count=1)
    stop = Calls(action="StopSnapshot", count=1)
    return (
        room(
            "annex",
            Action.CREATE,
            Outcome.STARTS,
            "A task starts in room annex of app 661e64d2a7ac3d0176bd3f20.",
            after=live(720, streams=None),
            calls=(start, get),
            cost_after=8.64,
        ),
        faster(cost_before=17.28, cost_after=43.2),
        room(
            "hall",
            Action.UPDATE,
            Outcome.RECORDED,
            "Nothing changes in the cloud; from now on a task that ended by itself is started again.",
            fields=(changed("keep_running", False, True),),
            before=live(720, 1),
            after=live(720, 1),
            cost_before=8.64,
            cost_after=8.64,
        ),
        room(
            "stage",
            Action.REPLACE,
            Outcome.RESTART,
            "The task is stopped and started anew with frames of "
            "1280 by 720 pixels; in between none is taken.",
            fields=(
                changed("image_config.width", 640, 1280, True),
                changed("image_config.height", 360, 720, True),
                changed(
                    "target_streams.stream_list",
                    [{"index": 0, "userId": "camera0", "streamType": "camera"}],
                    [
                        {"index": 0, "userId": "camera0", "streamType": "camera"},
                        {"index": 1, "userId": "camera1", "streamType": "screen"},
                    ],
                    True,
                ),
                changed("storage_config.custom_config.secret_key", "[secret]", "[secret]", True),
            ),
            gap_seconds=14,
            before=live(720, 1, 21_000),
            after=live(1440, 2, 84_000),
            calls=(stop, start, get),
            cost_before=8.64,
            cost_after=17.28,
            notes=("The frames that it took stay in the bucket.",),
        ),
        room(
            "foyer",
            Action.UPDATE,
            Outcome.STARTS_AGAIN,
            "Its last run ended (IdleTimeOut), so a new one starts and nothing is interrupted.",
            fields=(changed("state", "ended: IdleTimeOut", "running"),),
            before=live(720, 1),
            after=live(720, 1),
            calls=(start, get),
        ),
        room(
            "backdoor",
            Action.DELETE,
            Outcome.STOPS,
            "The task is stopped; its frames stay.",
            before=live(360, 1),
            calls=(stop,),
            cost_before=4.32,
        ),
        room(
            "entrance",
            Action.CREATE,
            Outcome.GOES_ON,
            "The task of door goes on under this name; nothing stops it.",
            fields=(changed("task_id", None, "[unknown]"),),
            after=live(None, 1),
        ),
        room(
            "vault",
            Action.DELETE,
            Outcome.REFUSED,
            "vault is protected: the engine refuses to delete it, and nothing is changed.",
            before=live(360, 1),
            after=live(360, 1),
        ),
    )


def _jobs() -> tuple[TaskReview, ...]:
    submit = Calls(action="SubmitSnapshotJob", count=1)
    wait = Calls(action="QuerySnapshotJobList", count=2, at_least=True)
    return (
        job(
            "stills",
            Action.REPLACE,
            Outcome.NEW_JOB,
            "Another job is submitted; the frames of the last one stay, "
            "and those with the same names are overwritten.",
            fields=(
                changed("snapshot_config.num", 5, 8, True),
                changed("snapshot_config.interval", "[unknown]", 3, True),
            ),
            before=file(5),
            after=file(8, at_most=True),
            calls=(submit, wait),
            cost_before=0.005,
            cost_after=0.008,
        ),
        job(
            "trailer",
            Action.DELETE,
            Outcome.FORGOTTEN,
            "The job is over, so nothing stops; its frames stay.",
            before=file(12),
            after=file(12),
        ),
        job(
            "draft",
            Action.DELETE,
            Outcome.FRAMES_DELETED,
            "delete_frames is set: its frames are deleted.",
            before=file(3),
            after=file(3),
            calls=(Calls(action="DeleteObjects", count=1),),
        ),
    )


RISKS = (
    Risk(
        code="restart-gap",
        task="stage",
        text="The task restarts: for about 14 s no frame of the stage is taken.",
    ),
    Risk(
        code="storage-growth",
        task="stage",
        field="image_config.width",
        text="Storage grows from 363 MB to 2.9 GB a day, more than eight times as much.",
    ),
    Risk(
        code="frames-deleted",
        task="draft",
        text="The frames that the job wrote are deleted from bucket frames, and nothing keeps a copy.",
    ),
    Risk(
        code="interval-below-floor",
        task="lobby",
        field="image_config.interval",
        text="2 s is below the floor of 5 s that the policy sets.",
    ),
    Risk(
        code="interval-below-floor",
        task="annex",
        field="image_config.interval",
        text="2 s is below the floor of 5 s that the policy sets.",
    ),
    Risk(
        code="protected",
        task="vault",
        text="The update stops at vault, which is protected: run it with "
        "`pulumi state unprotect` first, or keep the resource.",
    ),
    Risk(
        code="calls-per-second", text="All tasks together need 161 calls; the account may make 60 a second."
    ),
)


def everything() -> Review:
    """A review with all that can be in one."""
    totals = Totals(
        frames_per_hour_before=4680,
        frames_per_hour_after=7920,
        bytes_per_day_before=6_480_000_000,
        bytes_per_day_after=15_900_000_000,
        cost_per_day_before=47.52,
        cost_per_day_after=86.4,
        job_frames=8,
        calls=(
            Calls(action="StartSnapshot", count=3),
            Calls(action="GetSnapshotTask", count=4),
            Calls(action="StopSnapshot", count=2),
            Calls(action="UpdateSnapshot", count=1),
            Calls(action="SubmitSnapshotJob", count=1),
            Calls(action="QuerySnapshotJobList", count=2, at_least=True),
        ),
    )
    assumptions = (
        "Frames an hour are what the interval allows while every listed user publishes.",
        "How many streams a room has is not known: its figures are for one stream.",
        "A frame has 0.1 byte a pixel where none was measured; --measure looks into the bucket.",
        "Prices are those of prices.json, 0.0005 CNY a frame; storage and traffic are not in it.",
    )
    return usual(
        stack="shop/prod",
        tasks=(*_rooms(), *_jobs()),
        unchanged=7,
        risks=RISKS,
        totals=totals,
        currency=CNY,
        assumptions=assumptions,
    )


def failed() -> Review:
    """A preview that broke off."""
    problem = (
        "error: pulumi-python:dynamic/volcengine:SnapshotTask resource 'hall' has a problem: "
        "image_config.interval: 0 is not in 1 to 600 seconds"
    )
    return usual(problem=problem, unchanged=2)


def partly_listed() -> Review:
    """A preview that does not list what stays as it is."""
    return usual(unchanged=0, unlisted=7)


def many(count: int = 500) -> Review:
    """A large stack of which each room changes."""
    tasks = tuple(faster(f"room-{number:03d}") for number in range(count))
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
    whole = Calls(action=text, count=1)
    given = {
        "fields": (changed(text, text, [text]),),
        "before": FrameEstimate(per_hour=1, streams=1, bytes_each=5, size_from=text),
        "after": FrameEstimate(per_hour=2, streams=1, bytes_each=5, size_from=text),
        "calls": (whole,),
        "notes": (text,),
        "cost_before": 1,
        "cost_after": 2,
    }
    tasks = (
        room(text, Action.UPDATE, Outcome.IN_PLACE, text, **given),
        TaskReview(
            name=text,
            urn=text,
            kind=text,
            continuous=False,
            action=Action.DELETE,
            outcome=Outcome.FORGOTTEN,
            effect=text,
        ),
    )
    risks = (Risk(code=text, task=text, field=text, text=text), Risk(code="plain", text=text))
    return usual(stack=text, tasks=tasks, risks=risks, currency=text, assumptions=(text, text), problem=text)
