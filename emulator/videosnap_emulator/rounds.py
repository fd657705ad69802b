"""Taking frames.

One round is one frame of each published target stream of a task, at the time it fell due.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from videosnap_emulator.clock import Milliseconds, as_datetime, compact, rfc3339
from videosnap_emulator.rooms import Publication, Room, publications
from videosnap_emulator.store import NoSuchBucket
from videosnap_emulator.tasks import Frame, Task
from videosnap_emulator.video import Cutter, Picture, PictureFormat

#: Pictures cut in one step of the clock. Under a second when an interval meets the same
#: frames of the loop again, at worst half a minute; what falls due beyond is only counted.
MAXIMUM_PICTURES = 2000
_SUFFIX = {"jpeg": "jpg", "png": "png"}


class ObjectStore(Protocol):
    """What taking frames needs of the store."""

    def put(  # noqa: PLR0917 - as the store has it
        self,
        bucket: str,
        key: str,
        body: bytes,
        content_type: str,
        metadata: dict[str, str],
        modified: datetime,
    ) -> None:
        """Write one object; raise NoSuchBucket when there is no such bucket."""
        ...

    def make_bucket(self, bucket: str) -> None:
        """Make a bucket unless it exists."""
        ...


class Budget:
    """How many pictures may still be cut in this step."""

    def __init__(self, left: int = MAXIMUM_PICTURES):
        self._left = left

    def allows(self, pictures: int) -> bool:
        """Reserve room for that many pictures, or say there is none."""
        if pictures > self._left:
            return False
        self._left -= pictures
        return True


class Shot(NamedTuple):
    """One picture to take: of what, for which task, at what time."""

    task: Task
    publication: Publication
    at: Milliseconds

    @property
    def object_key(self) -> str:
        """Name the object. The vendor publishes no naming rule."""
        # assumption: object-key
        stream = f"{self.publication.user_id}-{self.publication.kind}"
        name = f"{compact(self.at)}.{_SUFFIX[self.task.image.codec]}"
        return "/".join((*self.task.key, stream, name))


def _metadata(shot: Shot, picture: Picture) -> dict[str, str]:
    return {
        "captured-at": rfc3339(shot.at),
        "source-video": picture.video,
        "source-frame": str(picture.source_frame),
        "source-ms": str(picture.source_ms),
    }


class Photographer:
    """Cuts pictures and stores them."""

    def __init__(self, store: ObjectStore, cutter: Cutter):
        self._store = store
        self._cutter = cutter

    def take_round(self, task: Task, room: Room, until: Milliseconds, budget: Budget) -> list[Frame]:
        """Take the round that is due and set the next one's time; return the frames stored.

        Rounds without a picture (nobody publishes, or the budget is spent) are passed over all at once up to
        `until`: nothing in the world changes before then, except that an idle task may end.
        """
        due, targets = task.next_frame, publications(task, room)
        if targets and budget.allows(len(targets)):
            _pass_over(task, rounds=1)
            return [frame for target in targets if (frame := self._shoot(Shot(task, target, due)))]
        last = until if task.idle_due is None else min(until, task.idle_due - 1)
        rounds = (last - due) // (task.image.interval * 1000) + 1
        _pass_over(task, rounds)
        task.skipped_frames += rounds * len(targets)
        return []

    def _shoot(self, shot: Shot) -> Frame | None:
        try:
            frame = self._store_picture(shot)
        except NoSuchBucket:
            shot.task.last_error = f"NoSuchBucket: the bucket {shot.task.storage.bucket!r} does not exist"
            return None
        shot.task.frames += 1
        shot.task.last_frame, shot.task.last_error = frame, None
        return frame

    def _store_picture(self, shot: Shot) -> Frame:
        task, publication = shot.task, shot.publication
        wanted = PictureFormat(task.image.codec, task.image.width, task.image.height)
        picture = self._cutter.picture(publication.video, shot.at - publication.since, wanted)
        bucket, key = task.storage.bucket, shot.object_key
        if task.storage.made_on_demand:
            self._store.make_bucket(bucket)
        metadata = _metadata(shot, picture)
        self._store.put(bucket, key, picture.body, picture.content_type, metadata, as_datetime(shot.at))
        who = publication.user_id, publication.kind
        return Frame(*task.key, *who, bucket, key, shot.at, len(picture.body))


def _pass_over(task: Task, rounds: int) -> None:
    """Move on by whole intervals."""
    interval = task.image.interval * 1000
    task.last_round = task.next_frame + (rounds - 1) * interval
    task.next_frame += rounds * interval
