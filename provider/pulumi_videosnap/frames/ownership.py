"""Whose picture an object of a bucket is: by a task's time and prefix, and never by a guess.

The vendor publishes no rule for the keys of a room's pictures. So a task's pictures are what was written to
its bucket while it ran, below its `frame_prefix` when it has one. An object that could be two tasks' is
nobody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations

from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location

SLACK = timedelta(seconds=30)
"""Added to both ends of a task's time: clocks differ, and a last picture is written after the end."""
PICTURES = (".jpg", ".jpeg", ".png")


@dataclass
class Claim:
    """What a task may own: objects of a place, written within its time (UTC); `objects` fills up.

    `until` is None while the task goes on.
    """

    task: str
    place: Location
    since: datetime
    until: datetime | None
    objects: list[StoredObject] = field(default_factory=list)
    ambiguous: int = 0
    ambiguous_bytes: int = 0
    rivals: set[str] = field(default_factory=set)

    def may_own(self, stored: StoredObject) -> bool:
        """Whether the object was written in this task's time and place."""
        if stored.modified < self.since - SLACK or not stored.key.startswith(self.place.prefix):
            return False
        return self.until is None or stored.modified <= self.until + SLACK


def attribute(claims: Sequence[Claim], objects: Iterable[StoredObject]) -> None:
    """Give each picture of a bucket to the one claim that may own it; count it as ambiguous when several may.

    Only pictures are kept, so that memory holds what belongs to a task, not what is in the bucket.
    """
    for stored in objects:
        if not stored.key.lower().endswith(PICTURES):
            continue
        owners = [claim for claim in claims if claim.may_own(stored)]
        if len(owners) == 1:
            owners[0].objects.append(stored)
        for one, other in combinations(owners, 2):
            one.rivals.add(other.task)
            other.rivals.add(one.task)
        if len(owners) > 1:
            for owner in owners:
                owner.ambiguous += 1
                owner.ambiguous_bytes += stored.size


def streams_of(claim: Claim) -> Iterator[tuple[str, list[StoredObject]]]:
    """A task's objects by the folder that they are in, named without what all of them share.

    That a folder is a stream is how the emulator lays them out; the vendor's layout is not documented.
    """
    folders: dict[str, list[StoredObject]] = {}
    for stored in claim.objects:
        folders.setdefault(stored.key.rpartition("/")[0], []).append(stored)
    shared = _shared_path(list(folders))
    for folder in sorted(folders):
        yield folder[len(shared) :] or folder.rpartition("/")[2] or claim.place.bucket, folders[folder]


def _shared_path(folders: Sequence[str]) -> str:
    if len(folders) < 2:  # noqa: PLR2004 - nothing is shared by one
        return folders[0].rpartition("/")[0] + "/" if folders and "/" in folders[0] else ""
    first, last = min(folders).split("/"), max(folders).split("/")
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return "".join(f"{part}/" for part in first[:same])
