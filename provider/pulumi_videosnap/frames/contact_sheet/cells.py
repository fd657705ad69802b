"""One frame as a cell of the sheet: what is seen at once, and all that is known of it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from pulumi_videosnap.frames.contact_sheet.timeline import Scale
from pulumi_videosnap.frames.model import MEANINGS, Condition, DecodedFrame, Event, Frame, Series
from pulumi_videosnap.frames.text import offset
from pulumi_videosnap.report import formatting
from pulumi_videosnap.storage.bucket import StoredObject

INLINE_TYPES = ("image/webp", "image/jpeg", "image/png")
DIGEST_LENGTH = 12


@dataclass(frozen=True)
class Cell:
    """What the template writes of a frame; `at` is its position on the timeline, in thousandths."""

    condition: str
    time: str
    title: str
    """Which frame it is, for a heading and for screen readers."""
    key: str
    """The part of the key that the series' other keys do not share."""
    full_key: str
    measures: str
    digest: str
    why: str
    gap: str
    """The gap that ended before this frame: when and why the task was stopped."""
    thumbnail: str
    """A data URI, or nothing."""
    absent: str
    """The text in place of a thumbnail."""
    facts: tuple[tuple[str, str], ...]
    at: float | None


def shared_folder(series: Series) -> str:
    """The folders that all keys of a series begin with, for its heading instead of each cell."""
    keys = [_key(frame) for frame in series.frames if _key(frame)]
    pairs = zip(min(keys, default=""), max(keys, default=""), strict=False)
    same = "".join(one for one, other in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return same[: same.rfind("/") + 1]


def cells_of(series: Series, line: Scale | None, gaps: Sequence[Event]) -> Iterator[Cell]:
    """The cells of a series; the first frame after a gap names it."""
    folder = shared_folder(series)
    pending = list(gaps)
    for number, frame in enumerate(series.frames):
        ended = [gap for gap in pending if frame.time and gap.at <= frame.time]
        pending = pending[len(ended) :]
        text = "; ".join(gap.text for gap in ended) if number else ""
        cell = _cell(frame, series, line, text)
        yield replace(cell, key=cell.key.removeprefix(folder))


def _cell(frame: Frame, series: Series, line: Scale | None, gap: str) -> Cell:
    stored, decoded = frame.stored, frame.decoded
    time = _time(frame, with_day=line is not None and line.with_day)
    return Cell(
        condition=frame.condition.value,
        time=time,
        title=f"{series.name}, {time or _key(frame)}",
        key=_key(frame),
        full_key=_key(frame),
        measures=" · ".join(_measures(stored, decoded)),
        digest=decoded.digest[:DIGEST_LENGTH] if decoded else "",
        why="" if frame.condition is Condition.PRESENT else frame.why,
        gap=gap,
        thumbnail=_data_uri(decoded),
        absent=_absent(frame, time),
        facts=tuple((name, value) for name, value in _facts(frame, series, gap) if value),
        at=line.of(frame) if line else None,
    )


def _key(frame: Frame) -> str:
    return frame.key or (frame.stored.key if frame.stored else "")


def _time(frame: Frame, with_day: bool) -> str:
    if frame.offset_ms is not None:
        return offset(frame.offset_ms)
    written = "" if frame.due else "stored "
    return written + formatting.brief(frame.time, with_day) if frame.time else ""


def _measures(stored: StoredObject | None, decoded: DecodedFrame | None) -> list[str]:
    pixels = [f"{decoded.width} × {decoded.height}"] if decoded else []
    return pixels + ([formatting.size(stored.size)] if stored else [])


def _data_uri(decoded: DecodedFrame | None) -> str:
    if decoded is None or not decoded.thumbnail or decoded.thumbnail_type not in INLINE_TYPES:
        return ""
    return f"data:{decoded.thumbnail_type};base64,{base64.b64encode(decoded.thumbnail).decode()}"


def _absent(frame: Frame, time: str) -> str:
    if frame.condition is Condition.MISSING:
        return f"due {time}".strip()
    return "cannot be decoded" if frame.condition is Condition.UNREADABLE else "not decoded"


def _facts(frame: Frame, series: Series, gap: str) -> list[tuple[str, str]]:
    stored, decoded = frame.stored, frame.decoded
    condition = f"{frame.condition.value}: {MEANINGS[frame.condition]}"
    return [
        ("Condition", condition),
        ("Why", frame.why),
        ("Gap before", gap),
        ("Series", series.name),
        ("Due", formatting.exact(frame.due) if frame.due else ""),
        ("Stored", formatting.exact(stored.modified) if stored else ""),
        ("In the video", offset(frame.offset_ms) if frame.offset_ms is not None else ""),
        ("Key", _key(frame)),
        ("Size", _exact_size(stored) if stored else ""),
        ("Pixels", f"{decoded.width} × {decoded.height}" if decoded else ""),
        ("Digest of pixels", decoded.digest if decoded else ""),
        ("ETag", stored.etag if stored else ""),
    ]


def _exact_size(stored: StoredObject) -> str:
    exact = formatting.quantity(stored.size, "byte")
    return exact if stored.size < formatting.KILO else f"{formatting.size(stored.size)} ({exact})"
