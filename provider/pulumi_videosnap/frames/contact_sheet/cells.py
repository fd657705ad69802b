"""One frame as a cell of the sheet: what is seen at once, and all that is known of it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from pulumi_videosnap.frames.contact_sheet import formatting as words
from pulumi_videosnap.frames.model import Condition, Frame, Picture, Series
from pulumi_videosnap.report import formatting as figures
from pulumi_videosnap.storage.bucket import StoredObject

INLINE_TYPES = ("image/webp", "image/jpeg", "image/png")
DIGEST_SHOWN = 12


@dataclass(frozen=True)
class Cell:
    """What the template writes of a frame; `at` is its place on the timeline, in thousandths."""

    condition: str
    time: str
    title: str
    """Which frame it is, for a heading and for those who hear the sheet."""
    key: str
    """The part of the key that the series' other keys do not share."""
    measures: str
    digest: str
    why: str
    picture: str
    """A data URI, or nothing."""
    absent: str
    """What stands in the picture's place."""
    facts: tuple[tuple[str, str], ...]
    at: float | None


def moment(frame: Frame) -> datetime | None:
    """When the frame should have been taken, or else when it was stored."""
    return frame.due or (frame.stored.modified if frame.stored else None)


def shared_folder(series: Series) -> str:
    """The folders that all keys of a series begin with, for its heading instead of each cell."""
    keys = [_key(frame) for frame in series.frames if _key(frame)]
    pairs = zip(min(keys, default=""), max(keys, default=""), strict=False)
    same = "".join(one for one, other in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return same[: same.rfind("/") + 1]


def cell(frame: Frame, series: Series, folder: str, with_day: bool, at: float | None) -> Cell:
    """Say a frame in the words of the sheet."""
    stored, picture = frame.stored, frame.picture
    return Cell(
        condition=frame.condition.value,
        time=_time(frame, with_day),
        title=f"{series.name}, {_time(frame, with_day) or _key(frame)}",
        key=_key(frame)[len(folder) :],
        measures=" · ".join(_measures(stored, picture)),
        digest=picture.digest[:DIGEST_SHOWN] if picture else "",
        why="" if frame.condition is Condition.PRESENT else frame.why,
        picture=_inline(picture),
        absent=_absent(frame, with_day),
        facts=tuple((name, value) for name, value in _facts(frame, series) if value),
        at=at,
    )


def _key(frame: Frame) -> str:
    return frame.key or (frame.stored.key if frame.stored else "")


def _time(frame: Frame, with_day: bool) -> str:
    at = moment(frame)
    if frame.offset_ms is not None:
        return words.offset(frame.offset_ms)
    return figures.brief(at, with_day) if at else ""


def _measures(stored: StoredObject | None, picture: Picture | None) -> list[str]:
    pixels = [f"{picture.width} × {picture.height}"] if picture else []
    return pixels + ([figures.size(stored.size)] if stored else [])


def _inline(picture: Picture | None) -> str:
    if picture is None or not picture.thumbnail or picture.thumbnail_type not in INLINE_TYPES:
        return ""
    return f"data:{picture.thumbnail_type};base64,{base64.b64encode(picture.thumbnail).decode()}"


def _absent(frame: Frame, with_day: bool) -> str:
    if frame.condition is Condition.MISSING:
        return f"due {_time(frame, with_day)}".strip()
    return "no picture" if frame.condition is Condition.UNREADABLE else "not opened"


def _facts(frame: Frame, series: Series) -> list[tuple[str, str]]:
    stored, picture = frame.stored, frame.picture
    condition = f"{frame.condition.value}: {words.EXPLAINED[frame.condition]}"
    return [
        ("Condition", condition),
        ("Why", frame.why),
        ("Series", series.name),
        ("Due", figures.exact(frame.due) if frame.due else ""),
        ("Stored", figures.exact(stored.modified) if stored else ""),
        ("In the video", words.offset(frame.offset_ms) if frame.offset_ms is not None else ""),
        ("Key", _key(frame)),
        ("Size", _exact_size(stored) if stored else ""),
        ("Pixels", f"{picture.width} × {picture.height}" if picture else ""),
        ("Digest of pixels", picture.digest if picture else ""),
        ("ETag", stored.etag if stored else ""),
    ]


def _exact_size(stored: StoredObject) -> str:
    exact = figures.counted(stored.size, "byte")
    return exact if stored.size < figures.KILO else f"{figures.size(stored.size)} ({exact})"
