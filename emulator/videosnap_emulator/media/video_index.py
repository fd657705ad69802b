"""Index of a video's frames, read from its packets without decoding: when each is shown and what it needs.

All arithmetic is in integers and fractions: floats give the previous frame at some boundaries.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from videosnap_emulator.core.clock import Milliseconds

#: A time in a video in milliseconds, exact: frames spread over a video seldom fall on whole ones.
VideoTime = Milliseconds | Fraction
#: Containers without an index: a part of such a file is a complete, shorter video.
_STREAMED = {"mpegts", "mpeg"}
#: How many seconds shorter than its header says a file may be: writers round, and count what is not shown.
_TOLERANCE = 1
#: Frames that a decoder may hold back to bring them into order.
_REORDERED = 16
_FOREVER = 2**64


class VideoError(ValueError):
    """The file is not a complete video that can be decoded."""


@dataclass(frozen=True)
class VideoIndex:
    """Frames in the order in which they are shown; a frame is named by its number, 0 is the first.

    `tick` is the unit of time in seconds. `times` are ascending, in ticks since the first frame, which is at
    `start`; `end` is when the last frame ends. `key_frames` are the numbers of the frames that need no other
    to be decoded. `packets` are the frames' positions in decoding order, `entries` the key frames' positions
    and times. `counted` means that the container stores no presentation times, so that frames are identified
    by counting what the decoder returns.
    """

    tick: Fraction
    times: tuple[int, ...]
    end: int
    key_frames: tuple[int, ...]
    start: int
    packets: Sequence[int]
    entries: Sequence[tuple[int, int]] = ()
    counted: bool = False

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

    def packets_for(self, number: int) -> tuple[int, int]:
        """Return the first and the last packet to decode for that frame.

        A frame may be shown before the key frame that it follows in the file; then it needs the one before.
        """
        packet, time = self.packets[number], self.times[number] + self.start
        before = bisect_right(self.entries, (packet, _FOREVER))
        while before and self.entries[before - 1][1] > time:
            before -= 1
        return (self.entries[before - 1][0] if before else 0), packet

    def _scaled(self, ticks: int) -> int:
        return ticks * 1000 * self.tick.numerator


def read_index(container: InputContainer, stream: VideoStream) -> VideoIndex:
    """Read all packets of the file; raise VideoError for one that is truncated."""
    packets, tick = _read(container, stream), stream.time_base
    if not packets or tick is None or tick <= 0:
        raise VideoError
    return (
        _index_by_order(packets, tick)
        if container.format.name == "avi"
        else _index_by_time(packets, tick, stream)
    )


def demux(container: InputContainer, *streams: VideoStream) -> Iterator[Packet[Stream]]:
    """Iterate over the packets of these streams, or of all.

    At its end the binding fails on streams that began midway; by then every packet was returned.
    """
    with suppress(IndexError):
        yield from container.demux(*streams)


class _VideoPacket(NamedTuple):
    """When the packet's frame is shown and for how long, in ticks, and what sort it is."""

    time: int
    duration: int
    key: bool
    hidden: bool


def _read(container: InputContainer, stream: VideoStream) -> list[_VideoPacket]:
    packets: list[_VideoPacket] = []
    end, damaged = Fraction(0), False
    for packet in demux(container):
        damaged |= packet.is_corrupt
        end = max(end, _end(packet))
        if packet.size and packet.stream_index == stream.index:
            packets.append(_video_packet(packet, packets))
    declared = Fraction(container.duration or 0, 1_000_000)
    if container.format.name not in _STREAMED and (damaged or declared - end > _TOLERANCE):
        raise VideoError
    return packets


def _time(packet: Packet[Stream]) -> int | None:
    return packet.dts if packet.pts is None else packet.pts


def _end(packet: Packet[Stream]) -> Fraction:
    time, tick = _time(packet), packet.time_base
    return Fraction(0) if time is None or tick is None else (time + (packet.duration or 0)) * tick


def _video_packet(packet: Packet[Stream], before: Sequence[_VideoPacket]) -> _VideoPacket:
    """Describe a packet; one without a time is the second field of the frame before it."""
    time = _time(packet)
    if time is None:
        return _VideoPacket(before[-1].time if before else 0, 0, packet.is_keyframe, hidden=True)
    return _VideoPacket(time, packet.duration or 0, packet.is_keyframe, packet.is_discard)


def _index_by_order(packets: Sequence[_VideoPacket], tick: Fraction) -> VideoIndex:
    """Index frames in the order in which the decoder will return them."""
    times = sorted(packet.time for packet in packets)
    keys = tuple(place for place, packet in enumerate(packets) if packet.key) or (0,)
    end = times[-1] - times[0] + _last_duration(times, packets[-1].duration, 1)
    places = [min(number + _REORDERED, len(packets) - 1) for number in range(len(packets))]
    ticks = tuple(time - times[0] for time in times)
    return VideoIndex(tick, ticks, end, keys, times[0], places, counted=True)


def _index_by_time(packets: Sequence[_VideoPacket], tick: Fraction, stream: VideoStream) -> VideoIndex:
    """Index frames by their times; those in front of the first key frame cannot be decoded."""
    places = sorted(_visible(packets), key=lambda place: packets[place].time)
    if not places:
        raise VideoError
    times = [packets[place].time for place in places]
    keys = tuple(number for number, place in enumerate(places) if packets[place].key) or (0,)
    rate = stream.average_rate
    last = _last_duration(times, packets[places[-1]].duration, int(1 / (rate * tick)) if rate else 1)
    entries = [(place, packet.time) for place, packet in enumerate(packets) if packet.key]
    ticks = tuple(time - times[0] for time in times)
    return VideoIndex(tick, ticks, ticks[-1] + last, keys, times[0], places, entries)


def _visible(packets: Sequence[_VideoPacket]) -> Iterator[int]:
    first = next((packet.time for packet in packets if packet.key), packets[0].time)
    for place, packet in enumerate(packets):
        if packet.time >= first and not packet.hidden:
            yield place


def _last_duration(times: Sequence[int], declared: int, usual: int) -> int:
    """Return how long the last frame is shown: as declared, or as long as the one before it."""
    gap = times[-1] - times[-2] if len(times) > 1 else usual
    return max(1, declared or gap)
