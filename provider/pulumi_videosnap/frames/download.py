"""Downloads a report's frames into a directory, with names that cannot leave it and that no two share."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_videosnap.errors import NotConfigured, VideosnapError
from pulumi_videosnap.frames.model import Frame, FramesReport, TaskFrames
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.errors import is_absent
from pulumi_videosnap.storage.platforms import Location

THREADS = 8
MAX_NAME = 120
"""Bytes of one file name; file systems take 255, and the suffix of a partial download is added to it."""
MAX_EXTENSION = 5
DIGEST = 12
_FORBIDDEN = '<>:"|?*\\%'


@dataclass
class _SeriesDownload:
    """The frames of one series; after a failure that concerns the whole bucket, the rest is left out."""

    name: str
    location: Location
    open_bucket: Callable[[Location], Any]
    stored: dict[StoredObject, Path] = field(default_factory=dict)
    problem: str | None = None
    stopped: bool = False

    def fetch(self, stored: StoredObject, file: Path) -> bool:
        """Download one frame, unless the file has its content; whether the file has it now."""
        if self.stopped:
            return False
        try:
            if not _has_content(file, stored):
                file.parent.mkdir(parents=True, exist_ok=True)
                self.open_bucket(self.location).download(stored.key, file)
        except (OSError, VideosnapError) as failed:
            problem = _unwritable(file, failed) if isinstance(failed, OSError) else failed
            self.problem = self.problem or f"{self.name}: {problem}"
            self.stopped = self.stopped or not is_absent(problem)
            return False
        return True


def prepare(directory: Path) -> None:
    """Make the directory; NotConfigured when it cannot be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _unwritable(directory, problem) from None
    if not os.access(directory, os.W_OK | os.X_OK):
        raise NotConfigured(f"--download: {directory} cannot be written (Permission denied)")


def _unwritable(path: Path, problem: OSError) -> NotConfigured:
    reason = "Not a directory" if isinstance(problem, FileExistsError) else problem.strerror
    return NotConfigured(f"--download: {path} cannot be written ({reason or type(problem).__name__})")


def download(
    report: FramesReport, directory: Path, progress: Callable[[int, int], None]
) -> tuple[int, list[str]]:
    """Download every frame that exists, unless the directory has its content.

    Returns how many frames the directory has, and a sentence for each series that has a problem: the others
    are complete. `progress` is called with the number of finished downloads, and of all.
    """
    series = _plan(report, directory)
    jobs = [(one, stored, file) for one in series for stored, file in one.stored.items()]
    present = 0

    def fetch(job: tuple[_SeriesDownload, StoredObject, Path]) -> bool:
        return job[0].fetch(*job[1:])

    with ThreadPoolExecutor(THREADS, thread_name_prefix="videosnap-download") as pool:
        for done, fetched in enumerate(pool.map(fetch, jobs), start=1):
            present += fetched
            progress(done, len(jobs))
    return present, [one.problem for one in series if one.problem]


def _plan(report: FramesReport, directory: Path) -> list[_SeriesDownload]:
    """Every series with its frames' files: where two would be one on any disk, one of them gets a digest."""
    series: dict[tuple[str, str, Location], _SeriesDownload] = {}
    for task, one, frame in report.frames():
        if frame.stored and one.location:
            where = (task.name, one.name, one.location)
            new = _SeriesDownload(f"{task.name}, {one.name}", one.location, task.open_bucket)
            found = series.setdefault(where, new)
            found.stored[frame.stored] = file_of(task, frame)
    plan = [(one, stored, file) for one in series.values() for stored, file in one.stored.items()]
    folders = {_folded(folder) for *_, file in plan for folder in file.parents}
    owners: dict[str, str] = {}
    for each, stored, file in sorted(plan, key=lambda item: (str(item[2]), _identity(item[0], item[1]))):
        identity, name = _identity(each, stored), _folded(file)
        is_taken = name in folders or owners.setdefault(name, identity) != identity
        own = file.with_name(_with_digest(file.name, identity)) if is_taken else file
        each.stored[stored] = directory / own
    return list(series.values())


def _identity(series: _SeriesDownload, stored: StoredObject) -> str:
    location = series.location
    return "\n".join((series.name, location.platform, location.region or "", location.bucket, stored.key))


def _folded(path: Path) -> str:
    """A path as file systems that ignore case and the form of characters compare it."""
    return unicodedata.normalize("NFC", str(path).casefold())


def _has_content(file: Path, stored: StoredObject) -> bool:
    """Whether the file is this version of the object.

    An ETag that is no MD5 (an upload in parts, an encrypted object) never equals, so that the object is
    downloaded again.
    """
    if not file.is_file() or file.stat().st_size != stored.size:
        return False
    digest = hashlib.md5(file.read_bytes(), usedforsecurity=False)
    return digest.hexdigest() == stored.etag.lower()


def file_of(task: TaskFrames, frame: Frame) -> Path:
    """Where a frame goes in the directory: its task's name, then its key's own folders, all made safe."""
    key = frame.stored.key if frame.stored else frame.key or ""
    return Path(_safe_name(task.name), *map(_safe_name, key.split("/")))


def _safe_name(name: str) -> str:
    """A file name that stays in its directory: forbidden characters as %XX, a long name shortened."""
    odd = name in (".", "..") or name != name.strip(" .")
    forbidden = _FORBIDDEN + ("." if odd else "")
    # Two slashes in a row enclose a folder without a name.
    text = "".join(_escaped(char, forbidden) for char in name) or "%2F"
    return text if len(text.encode()) <= MAX_NAME else _with_digest(text, name)


def _escaped(char: str, forbidden: str) -> str:
    return char if char.isprintable() and char not in forbidden else f"%{ord(char):02X}"


def _with_digest(name: str, identity: str) -> str:
    """A name made unique by a digest, and not too long."""
    stem, dot, suffix = name.rpartition(".")
    digest = hashlib.sha256(identity.encode()).hexdigest()[:DIGEST]
    extension = f".{suffix}" if dot and len(suffix) <= MAX_EXTENSION else ""
    start = (stem if extension else name).encode()[: MAX_NAME - 20].decode(errors="ignore")
    return f"{start}-{digest}{extension}"
