"""Taking frames: which streams a task captures, rendering them from sample videos, and storing them.

One round is one frame of each published target stream of a task, at the time when it falls due.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import av
from PIL import Image

from videosnap_emulator.core.clock import Milliseconds, as_datetime, compact, rfc3339
from videosnap_emulator.core.scheduler import Step
from videosnap_emulator.media.samples import DURATION_MS, FRAME_MS, Library
from videosnap_emulator.media.video import decode_frame, encode, scale
from videosnap_emulator.services.rtc.models import CAMERA, DEFAULT_USERS, SCREEN, Frame, Room, Task
from videosnap_emulator.storage.store import NoSuchBucketError, Store

#: "At most 17 video streams" of one task (StartSnapshot, TargetStreams; docs/6348/1188225).
MAXIMUM_STREAMS = 17
#: Frames taken in one step of the clock. Under a second when an interval meets the same
#: frames of the loop again, at worst half a minute; what falls due beyond is only counted.
MAXIMUM_FRAMES_PER_STEP = 2000
_SUFFIX = {"jpeg": "jpg", "png": "png"}


class Publication(NamedTuple):
    """A stream that is being published, since when, and which sample video it shows."""

    user_id: str
    kind: str
    since: Milliseconds

    @property
    def video(self) -> str:
        """Name of the sample: `user1` shows number 1, everybody else the one that their name hashes to."""
        number = (
            DEFAULT_USERS.index(self.user_id)
            if self.user_id in DEFAULT_USERS
            else crc32(self.user_id.encode())
        )
        return f"{self.kind}{number % 2}"


def _all_streams(room: Room) -> list[tuple[str, str]]:
    return [(name, kind) for name in sorted(room.users) for kind in (CAMERA, SCREEN)]


def _targets(task: Task, room: Room) -> list[tuple[str, str]]:
    """Return (user, kind) of every target, each once: two entries may name the same stream."""
    if not task.streams:
        return _all_streams(room)
    return list(dict.fromkeys((stream.user_id, stream.kind) for stream in task.streams))


def publications(task: Task, room: Room) -> list[Publication]:
    """Return the target streams that are published now, in the order in which their frames are taken."""
    found = []
    for name, kind in _targets(task, room):
        user = room.users.get(name)
        since = user.published_since(kind) if user else None
        if since is not None:
            found.append(Publication(name, kind, since))
    # assumption: streams-over-17
    return found[:MAXIMUM_STREAMS]


class FrameFormat(NamedTuple):
    """What a captured frame is to be: `codec` is "jpeg" or "png".

    Width or height 0 means as in the video.
    """

    codec: str
    width: int = 0
    height: int = 0


class RenderedFrame(NamedTuple):
    """An encoded frame, its size, and which frame of which video it shows."""

    body: bytes
    content_type: str
    width: int
    height: int
    video: str
    source_frame: int
    source_ms: Milliseconds


def _fit(source: tuple[int, int], target: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size inside `target` with the proportions of `source`."""
    (width, height), (limit_x, limit_y) = source, target
    if width * limit_y >= height * limit_x:
        return limit_x, max(1, round(height * limit_x / width))
    return max(1, round(width * limit_y / height)), limit_y


def _letterbox(frame: av.VideoFrame, wanted: FrameFormat) -> Image.Image:
    """Scale the frame proportionally and centre it on black, so the result has exactly the wanted size."""
    # assumption: scaling
    target = wanted.width or frame.width, wanted.height or frame.height
    width, height = _fit((frame.width, frame.height), target)
    scaled = scale(frame, (width, height))
    if scaled.size == target:
        return scaled
    canvas = Image.new("RGB", target)
    canvas.paste(scaled, ((target[0] - width) // 2, (target[1] - height) // 2))
    return canvas


class SampleRenderer:
    """Frames of looping sample videos, with a cache: a loop shows the same frames again."""

    def __init__(self, samples: Library, size: int = 1024):
        self._samples = samples
        self._size = size
        self._cache: OrderedDict[tuple[str, int, FrameFormat], RenderedFrame] = OrderedDict()

    def frame(self, name: str, at: Milliseconds, wanted: FrameFormat) -> RenderedFrame:
        """Return the frame that the looping video `name` shows `at` ms after its start."""
        number = at % DURATION_MS // FRAME_MS
        key = name, number, wanted
        if key not in self._cache:
            self._cache[key] = self._render(name, at % DURATION_MS, wanted)
        self._cache.move_to_end(key)
        while len(self._cache) > self._size:
            self._cache.popitem(last=False)
        return self._cache[key]

    def _render(self, name: str, at: Milliseconds, wanted: FrameFormat) -> RenderedFrame:
        decoded = decode_frame(self._samples.read(name), at)
        image = _letterbox(decoded.frame, wanted)
        return RenderedFrame(
            body=encode(image, wanted.codec),
            content_type=f"image/{wanted.codec}",
            width=image.width,
            height=image.height,
            video=name,
            source_frame=decoded.pts_ms // FRAME_MS,
            source_ms=decoded.pts_ms,
        )


class Capture(NamedTuple):
    """One frame to take: of what, for which task, at what time."""

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


def _metadata(capture: Capture, frame: RenderedFrame) -> dict[str, str]:
    return {
        "captured-at": rfc3339(capture.at),
        "source-video": frame.video,
        "source-frame": str(frame.source_frame),
        "source-ms": str(frame.source_ms),
    }


class FrameCapturer:
    """Renders frames and stores them."""

    def __init__(self, storage: Store, renderer: SampleRenderer):
        self._storage, self._renderer = storage, renderer

    def take_round(self, task: Task, room: Room, step: Step) -> list[Frame]:
        """Take the round that is due and set the next one's time; return the frames stored.

        Rounds without a frame (nobody publishes, or the step's budget is spent) are passed over all at once
        up to the step's end: nothing changes before then, except that an idle task may end.
        """
        due, targets = task.next_frame, publications(task, room)
        if targets and step.frames + len(targets) <= MAXIMUM_FRAMES_PER_STEP:
            frames = self._take([Capture(task, target, due) for target in targets])
            step.frames += len(targets)
            _skip_rounds(task, rounds=1)
            return frames
        last = step.until if task.idle_due is None else min(step.until, task.idle_due - 1)
        rounds = (last - due) // (task.image.interval * 1000) + 1
        _skip_rounds(task, rounds)
        task.skipped_frames += rounds * len(targets)
        return []

    def _take(self, captures: Sequence[Capture]) -> list[Frame]:
        """Store a round; a task changes only when all of it is stored, so that a full disk can repeat it."""
        task = captures[0].task
        try:
            frames = [self._store(capture) for capture in captures]
        except NoSuchBucketError:
            task.last_error = f"NoSuchBucket: the bucket {task.storage.bucket!r} does not exist"
            return []
        task.frames += len(frames)
        task.last_frame, task.last_error = frames[-1], None
        return frames

    def _store(self, capture: Capture) -> Frame:
        task, publication = capture.task, capture.publication
        wanted = FrameFormat(task.image.codec, task.image.width, task.image.height)
        rendered = self._renderer.frame(publication.video, capture.at - publication.since, wanted)
        bucket, key = task.storage.bucket, capture.object_key
        if task.storage.made_on_demand:
            self._storage.make_bucket(bucket)
        modified, metadata = as_datetime(capture.at), _metadata(capture, rendered)
        self._storage.put(bucket, key, rendered.body, rendered.content_type, metadata, modified)
        who = publication.user_id, publication.kind
        return Frame(*task.key, *who, bucket, key, capture.at, len(rendered.body))


def _skip_rounds(task: Task, rounds: int) -> None:
    """Move on by whole intervals."""
    interval = task.image.interval * 1000
    task.last_round = task.next_frame + (rounds - 1) * interval
    task.next_frame += rounds * interval
