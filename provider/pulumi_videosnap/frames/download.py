"""Downloads a report's frames into a directory, with names that cannot leave it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from pulumi_videosnap.frames.model import Frame, FramesReport, TaskFrames
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location

THREADS = 8
MAX_NAME = 120
"""Bytes of one file name; file systems take 255, and the suffix of a partial download is added to it."""
MAX_EXTENSION = 5
_FORBIDDEN = '<>:"|?*\\%'


class _Download(NamedTuple):
    bucket: Any
    stored: StoredObject
    file: Path


def download(
    report: FramesReport,
    directory: Path,
    open_bucket: Callable[[Location], Any],
    progress: Callable[[int, int], None],
) -> int:
    """Download every frame that exists, unless the directory has it in full; returns how many there are.

    `progress` is called with the number of finished downloads, and of all. The first failure ends it; another
    call continues from there.
    """
    downloads = list(_downloads(report, directory, open_bucket))
    with ThreadPoolExecutor(THREADS, thread_name_prefix="videosnap-download") as pool:
        for done, _ in enumerate(pool.map(_fetch, downloads), start=1):
            progress(done, len(downloads))
    return len(downloads)


def _downloads(
    report: FramesReport, directory: Path, open_bucket: Callable[[Location], Any]
) -> Iterator[_Download]:
    for task, frame in report.frames():
        if frame.stored and task.location:
            file = directory / file_of(task, frame)
            yield _Download(open_bucket(task.location), frame.stored, file)


def _fetch(download: _Download) -> None:
    bucket, stored, file = download
    if file.is_file() and file.stat().st_size == stored.size:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    bucket.download(stored.key, file)


def file_of(task: TaskFrames, frame: Frame) -> Path:
    """Where a frame goes in the directory: its task's name, then its key's own folders, all made safe."""
    key = frame.stored.key if frame.stored else frame.key or ""
    return Path(_safe_name(task.name), *(_safe_name(part) for part in key.split("/") if part))


def _safe_name(name: str) -> str:
    """A file name that stays in its directory: forbidden characters as %XX, a long name shortened."""
    odd = name in (".", "..") or name != name.strip(" .")
    forbidden = _FORBIDDEN + ("." if odd else "")
    text = "".join(
        char if char.isprintable() and char not in forbidden else f"%{ord(char):02X}" for char in name
    )
    if len(text.encode()) <= MAX_NAME:
        return text
    stem, dot, suffix = text.rpartition(".")
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    extension = f".{suffix}" if dot and len(suffix) <= MAX_EXTENSION else ""
    start = (stem if extension else text).encode()[: MAX_NAME - 20].decode(errors="ignore")
    return f"{start}-{digest}{extension}"
