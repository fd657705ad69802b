"""How the sheet says it: times, sizes, counts, and text of strangers made visible."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

from pulumi_videosnap.frames.model import Condition, Place, Report, TaskFrames

KILO = 1000

EXPLAINED = {
    Condition.PRESENT: "as it should be",
    Condition.MISSING: "expected, and not in the bucket",
    Condition.LATE: "more than half an interval after its time",
    Condition.UNREADABLE: "no picture that can be opened safely",
    Condition.DUPLICATE: "the same picture as the one before: the stream may be frozen",
    Condition.BLACK: "nothing but black",
}
"""What each condition means, in the order in which the sheet names them."""


def visible(value: object) -> object:
    """Text of strangers without characters that hide, move or reverse others: those are written out.

    It is applied to whatever the template puts out; what the sheet itself wrote as HTML stays.
    """
    if not isinstance(value, str) or hasattr(value, "__html__") or value.isprintable():
        return value
    return "".join(char if char.isprintable() else _written_out(char) for char in value)


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode()


def utc(at: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is taken for UTC."""
    return at.replace(tzinfo=timezone.utc) if at.tzinfo is None else at.astimezone(timezone.utc)


def exact(at: datetime) -> str:
    """`2026-08-04 12:00:05 UTC`, with milliseconds where there are some."""
    return f"{utc(at):%Y-%m-%d} {_clock(at)} UTC"


def brief(at: datetime, with_day: bool) -> str:
    """`12:00:05`, or `08-04 12:00:05` where days must be told apart."""
    return f"{utc(at):%m-%d} {_clock(at)}" if with_day else _clock(at)


def _clock(at: datetime) -> str:
    milliseconds = at.microsecond // 1000
    return f"{utc(at):%H:%M:%S}" + (f".{milliseconds:03d}" if milliseconds else "")


def offset(milliseconds: int) -> str:
    """A moment of a video: `0:02.000`, `1:00:02.000`."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    whole = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
    return f"{whole}.{rest:03d}"


def size(count: int) -> str:
    """`812 bytes`, `16.9 kB`, `1.2 MB`."""
    if count < KILO:
        return counted(count, "byte")
    kilobytes = round(count / KILO, 1)
    return f"{kilobytes:.1f} kB" if kilobytes < KILO else f"{kilobytes / KILO:.1f} MB"


def counted(count: int, noun: str) -> str:
    """`1 frame`, `1,200 frames`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def place(where: Place) -> str:
    """`tos bucket frames, below shop/, cn-beijing`."""
    below = f"below {where.prefix}" if where.prefix else ""
    parts = [f"{where.platform} bucket {where.bucket}", below, where.region or "", where.endpoint or ""]
    return ", ".join(part for part in parts if part)


def summary(report: Report) -> str:
    """The whole report in one sentence, with how many there should be."""
    if not report.tasks:
        return "There are no snapshot tasks."
    readable = [task for task in report.tasks if task.problem is None]
    unread = len(report.tasks) - len(readable)
    parts = _population(readable) if readable else []
    if unread:
        parts.append(f"{unread} of {counted(len(report.tasks), 'task')} could not be read")
    return _sentence(parts) + "."


def task_summary(task: TaskFrames) -> str:
    """The same of one task."""
    return _sentence(_population([task]))


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _population(tasks: list[TaskFrames]) -> list[str]:
    sure = [task for task in tasks if task.expected is not None]
    unsure = [task for task in tasks if task.expected is None]
    parts = _of_expected(sure) if sure else []
    if unsure and not sure:
        parts = [f"{counted(_there(unsure), 'frame')}, and nothing says how many there should be"]
    elif unsure:
        parts.append(f"{counted(_there(unsure), 'frame')} where nothing says how many there should be")
    return parts + list(_oddities(tasks))


def _of_expected(tasks: list[TaskFrames]) -> list[str]:
    expected = sum(task.expected or 0 for task in tasks)
    kept = sum(_kept(task) for task in tasks)
    surplus = sum(_there([task]) - _kept(task) for task in tasks)
    parts = [f"{kept:,} of {counted(expected, 'expected frame')}", f"{expected - kept:,} missing"]
    if kept == expected:
        parts = [_all_there(expected)]
    return parts + ([f"{surplus:,} more than expected"] if surplus else [])


def _all_there(expected: int) -> str:
    if expected == 0:
        return "no frame expected"
    return "the expected frame is there" if expected == 1 else f"all {expected:,} expected frames are there"


def _kept(task: TaskFrames) -> int:
    """How many of the expected frames are there."""
    return min(_there([task]), max(0, (task.expected or 0) - task.counted(Condition.MISSING)))


def _there(tasks: Iterable[TaskFrames]) -> int:
    there = [condition for condition in Condition if condition is not Condition.MISSING]
    return sum(task.counted(*there) for task in tasks)


def _oddities(tasks: list[TaskFrames]) -> Iterable[str]:
    for condition in list(EXPLAINED)[2:]:
        count = sum(task.counted(condition) for task in tasks)
        if count:
            yield f"{count:,} {condition.value}"
