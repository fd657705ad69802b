"""Downloading a report's frames into a folder, with names that cannot leave it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from pulumi_videosnap.frames.model import Frame, Report, TaskFrames
from pulumi_videosnap.storage.platforms import Location

AT_ONCE = 8
LONGEST_NAME = 120
"""Bytes of one file name; file systems take 255, and a part's suffix comes on top."""
LONGEST_ENDING = 5
_FORBIDDEN = '<>:"|?*\\%'


class Bucket(Protocol):
    """What downloading needs of a store."""

    def download(self, key: str, path: Path) -> None: ...  # noqa: D102


def download(
    report: Report, folder: Path, open_bucket: Callable[[Location], Bucket], told: Callable[[int, int], None]
) -> int:
    """Fetch every frame that is there, unless the folder has it in full; returns how many there are.

    `told` hears how many of how many are done. The first failure ends it; another call goes on from there.
    """
    wanted = list(_wanted(report, folder, open_bucket))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="videosnap-download") as pool:
        for done, _ in enumerate(pool.map(_fetch, wanted), start=1):
            told(done, len(wanted))
    return len(wanted)


def _wanted(
    report: Report, folder: Path, open_bucket: Callable[[Location], Bucket]
) -> Iterator[tuple[Bucket, Frame, Path]]:
    for task in report.tasks:
        frames = [frame for series in task.series for frame in series.frames if frame.stored]
        if not frames or task.place is None:
            continue
        bucket = open_bucket(task.place)
        yield from ((bucket, frame, folder / file_of(task, frame)) for frame in frames)


def _fetch(wanted: tuple[Bucket, Frame, Path]) -> None:
    bucket, frame, path = wanted
    assert frame.stored is not None  # noqa: S101
    if path.is_file() and path.stat().st_size == frame.stored.size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    bucket.download(frame.stored.key, path)


def file_of(task: TaskFrames, frame: Frame) -> Path:
    """Where a frame goes below the folder: its task's name, then its key's own folders, all made harmless."""
    key = frame.stored.key if frame.stored else frame.key or ""
    return Path(_harmless(task.name), *(_harmless(part) for part in key.split("/") if part))


def _harmless(name: str) -> str:
    """A file name that stays in its folder: what is odd is written as %XX, what is long is cut."""
    odd = name in (".", "..") or name != name.strip(" .")
    forbidden = _FORBIDDEN + ("." if odd else "")
    text = "".join(
        char if char.isprintable() and char not in forbidden else f"%{ord(char):02X}" for char in name
    )
    if len(text.encode()) <= LONGEST_NAME:
        return text
    stem, dot, suffix = text.rpartition(".")
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    ending = f".{suffix}" if dot and len(suffix) <= LONGEST_ENDING else ""
    kept = (stem if ending else text).encode()[: LONGEST_NAME - 20].decode(errors="ignore")
    return f"{kept}-{digest}{ending}"
