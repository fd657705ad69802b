"""Which task an object of a bucket belongs to, where no record has its key: by time and prefix.

A task's frames are what was written to its bucket while it ran, below its prefix when it has one. An object
that could belong to two tasks counts for neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations, takewhile

from pulumi_videosnap.frames.rules import ScheduledFrames
from pulumi_videosnap.storage.bucket import StoredObject

SLACK = timedelta(seconds=30)
"""Added to both ends of a task's time: clocks differ, and a last frame is written after the end."""
EXTENSIONS = (".jpg", ".jpeg", ".png")
"""What the keys of frames end with."""


@dataclass
class Candidate:
    """A task that may own objects of a bucket; `objects` fills up."""

    name: str
    frames: ScheduledFrames
    objects: list[StoredObject] = field(default_factory=list)
    undecided: int = 0
    undecided_bytes: int = 0
    rivals: set[str] = field(default_factory=set)

    def may_own(self, stored: StoredObject) -> bool:
        """Whether the object was written in this task's time and location."""
        since, until = self.frames.since, self.frames.until
        if stored.modified < since - SLACK or not stored.key.startswith(self.frames.location.prefix):
            return False
        return until is None or stored.modified <= until + SLACK

    def streams(self) -> Iterator[tuple[str, list[StoredObject]]]:
        """Its objects by the folder that they are in, named without what all of them share.

        That a folder is a stream is how the emulator lays them out; the vendor's layout is not documented.
        """
        folders: dict[str, list[StoredObject]] = {}
        for stored in self.objects:
            folders.setdefault(stored.key.rpartition("/")[0], []).append(stored)
        shared = _shared_path(list(folders))
        for folder in sorted(folders):
            name = folder[len(shared) :] or folder.rpartition("/")[2] or self.frames.location.bucket
            yield name, folders[folder]


def assign(candidates: Sequence[Candidate], objects: Iterable[StoredObject]) -> None:
    """Give each frame of a bucket to the one task that may own it; undecided when several may.

    Only frames are kept, so that memory holds what belongs to a task, not what is in the bucket.
    """
    for stored in objects:
        if not stored.key.lower().endswith(EXTENSIONS):
            continue
        owners = [candidate for candidate in candidates if candidate.may_own(stored)]
        if len(owners) == 1:
            owners[0].objects.append(stored)
            continue
        for one, other in combinations(owners, 2):
            one.rivals.add(other.name)
            other.rivals.add(one.name)
        for owner in owners:
            owner.undecided += 1
            owner.undecided_bytes += stored.size


def _shared_path(folders: Sequence[str]) -> str:
    """The folders that all of these are in; of a single one, those above it."""
    if len(folders) == 1:
        return folders[0].rpartition("/")[0] + "/" if "/" in folders[0] else ""
    first, last = (text.split("/") for text in (min(folders, default=""), max(folders, default="")))
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(f"{part}/" for part, _ in same)
