"""When each frame of a video is shown, as decoding the whole video tells.

All arithmetic is in integers and fractions: floats give the previous frame at some boundaries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from av.packet import Packet

from videosnap_emulator.core.clock import Milliseconds

#: A time in a video in milliseconds, exact: frames spread over a video seldom fall on whole ones.
VideoTime = Milliseconds | Fraction
#: Seconds that decoding times may go back before they count as another recording, as in FFmpeg.
_JITTER = Fraction(1, 10)


class VideoError(ValueError):
    """The file is not a complete video that can be decoded."""


@dataclass(frozen=True)
class VideoIndex:
    """Frames in the order in which they are shown; a frame is named by its number, 0 is the first.

    `tick` is the unit of time in seconds. `times` ascend, in ticks since the first frame; `end` is when
    the last frame ends. `key_frames` are the numbers of the frames that need no other to be decoded.
    """

    tick: Fraction
    times: Sequence[int]
    end: int
    key_frames: Sequence[int]

    @property
    def duration(self) -> Fraction:
        """How long the video lasts, in milliseconds."""
        return Fraction(self._scaled(self.end), self.tick.denominator)

    @property
    def last_ms(self) -> Milliseconds:
        """The last whole millisecond at which the video still runs."""
        return (self._scaled(self.end) - 1) // self.tick.denominator

    def contains(self, at: VideoTime) -> bool:
        """Whether the video still runs at that time: its very end is past it."""
        return at >= 0 and at * self.tick.denominator < self._scaled(self.end)

    def time_ms(self, number: int) -> Milliseconds:
        """When the frame appears, rounded down."""
        return self._scaled(self.times[number]) // self.tick.denominator

    def frame_at(self, at: VideoTime) -> int:
        """Return the frame that is shown at that time: the last one that does not appear after it."""
        ticks = at * self.tick.denominator // (1000 * self.tick.numerator)
        return max(0, bisect_right(self.times, ticks) - 1)

    def nearest_key_frame(self, at: VideoTime) -> int:
        """Return the key frame nearest to that time, the earlier one of two equally near."""
        after = bisect_right(self.key_frames, self.frame_at(at))
        near = self.key_frames[max(0, after - 1) : after + 1]
        return min(near, key=lambda key: abs(self.delay(key, at)))

    def delay(self, number: int, at: VideoTime) -> Fraction:
        """How much later than `at` the frame appears, in milliseconds."""
        return self.times[number] * 1000 * self.tick - at

    def _scaled(self, ticks: int) -> int:
        return ticks * 1000 * self.tick.numerator


class ShownFrame(NamedTuple):
    """What the index keeps of a decoded frame: its time and duration in ticks, 0 if unknown."""

    time: int | None
    duration: int
    key: bool


@dataclass
class RecordingClock:
    """Gives packets times that run on where recordings were appended and the clock starts over.

    `times` are the packets' own times, for containers that do not say when a frame is shown.
    """

    tick: Fraction
    times: list[int] = field(default_factory=list)
    _offset: int = 0
    _last: int | None = None
    _end: int = 0

    def set_times(self, packet: Packet[Any]) -> None:
        """Set the times of the next packet of the stream, in the order of the file."""
        pts, dts = packet.pts, packet.dts
        time = dts if pts is None else pts
        if time is None:
            return
        duration = packet.duration or 0
        if dts is not None:
            if self._last is not None and (self._last - dts) * self.tick > _JITTER:
                self._offset = self._end - time
            duration = duration or max(0, dts - (dts if self._last is None else self._last))
            self._last = dts
            self.times.append(dts + self._offset)
        packet.pts = None if pts is None else pts + self._offset
        self._end = max(self._end, time + self._offset + duration)


def make_index(frames: Sequence[ShownFrame], clock: RecordingClock, usual: int) -> VideoIndex:
    """Index the frames that a decoder returns, in its order: wrong times do not change which is shown next.

    `usual` is how long a frame is shown, in ticks, where the file does not tell.
    """
    times = [frame.time for frame in frames if frame.time is not None]
    if len(times) < len(frames):
        times = clock.times[: len(frames)]
    times.sort()
    while len(times) < len(frames):
        times.append(times[-1] + _gap(times, usual) if times else 0)
    end = times[-1] + max(1, frames[-1].duration or _gap(times, usual))
    keys = [number for number, frame in enumerate(frames) if frame.key] or [0]
    return VideoIndex(clock.tick, [time - times[0] for time in times], end - times[0], keys)


def _gap(times: Sequence[int], usual: int) -> int:
    return times[-1] - times[-2] if len(times) > 1 else usual
