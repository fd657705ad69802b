"""What a walk over a file's packets tells without decoding: when each frame is shown and what it needs."""

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

from videosnap_emulator.alibaba_mps.config import CannotCut
from videosnap_emulator.alibaba_mps.timeline import Timeline

#: Containers without an index: a part of such a file is a whole, shorter video.
_STREAMED = {"mpegts", "mpeg"}
#: How many seconds shorter than it says a file may be: writers round, and count what is not shown.
_TOLERANCE = 1
#: Frames that a decoder may hold back to bring them into order.
_HELD_BACK = 16
_FOREVER = 2**64


def content_bad() -> CannotCut:
    """Return the failure of a job whose input is of no use; code and text as in the vendor's FAQ."""
    return CannotCut("InvalidParameter.ResourceContentBad", "The resource operated InputFile is bad")


class Coded(NamedTuple):
    """One packet of the video: when its frame is shown and for how long, in ticks, and what sort it is."""

    time: int
    lasts: int
    key: bool
    hidden: bool


@dataclass(frozen=True)
class Listing:
    """A video's frames and where their packets are, counted in decoding order.

    `start` is the time of the first frame in ticks. `entries` are the key frames' packets and times.
    `counted` says that the container stores no times of presentation, so that frames are told apart by
    counting what the decoder gives.
    """

    timeline: Timeline
    start: int
    places: Sequence[int]
    entries: Sequence[tuple[int, int]]
    counted: bool = False

    def needed(self, number: int) -> tuple[int, int]:
        """Return the first and the last packet to decode for that frame.

        A frame may be shown before the key frame that it follows in the file; then it needs the one before.
        """
        place, time = self.places[number], self.timeline.times[number] + self.start
        before = bisect_right(self.entries, (place, _FOREVER))
        while before and self.entries[before - 1][1] > time:
            before -= 1
        return (self.entries[before - 1][0] if before else 0), place


def listing(container: InputContainer, stream: VideoStream) -> Listing:
    """Walk over the whole file, which must not be cut short."""
    coded, tick = _read(container, stream), stream.time_base
    if not coded or tick is None or tick <= 0:
        raise content_bad()
    return _counted(coded, tick) if container.format.name == "avi" else _timed(coded, tick, stream)


def walk(container: InputContainer, *streams: VideoStream) -> Iterator[Packet[Stream]]:
    """Give the packets of these streams, or of all.

    At its end the binding trips over streams that began midway; by then every packet was given.
    """
    with suppress(IndexError):
        yield from container.demux(*streams)


def _read(container: InputContainer, stream: VideoStream) -> list[Coded]:
    # assumption: mps-damaged-input
    coded: list[Coded] = []
    end, damaged = Fraction(0), False
    for packet in walk(container):
        damaged |= packet.is_corrupt
        end = max(end, _end(packet))
        if packet.size and packet.stream_index == stream.index:
            coded.append(_coded(packet, coded))
    said = Fraction(container.duration or 0, 1_000_000)
    if container.format.name not in _STREAMED and (damaged or said - end > _TOLERANCE):
        raise content_bad()
    return coded


def _time(packet: Packet[Stream]) -> int | None:
    return packet.dts if packet.pts is None else packet.pts


def _end(packet: Packet[Stream]) -> Fraction:
    time, tick = _time(packet), packet.time_base
    return Fraction(0) if time is None or tick is None else (time + (packet.duration or 0)) * tick


def _coded(packet: Packet[Stream], before: Sequence[Coded]) -> Coded:
    """Describe a packet; one without a time is the second half of the picture before it."""
    time = _time(packet)
    if time is None:
        return Coded(before[-1].time if before else 0, 0, packet.is_keyframe, hidden=True)
    return Coded(time, packet.duration or 0, packet.is_keyframe, packet.is_discard)


def _counted(coded: Sequence[Coded], tick: Fraction) -> Listing:
    """List frames in the order in which the decoder will give them."""
    times = sorted(one.time for one in coded)
    keys = tuple(place for place, one in enumerate(coded) if one.key) or (0,)
    end = times[-1] - times[0] + _lasts(times, coded[-1].lasts, 1)
    timeline = Timeline(tick, tuple(time - times[0] for time in times), end, keys)
    places = [min(number + _HELD_BACK, len(coded) - 1) for number in range(len(coded))]
    return Listing(timeline, times[0], places, (), counted=True)


def _timed(coded: Sequence[Coded], tick: Fraction, stream: VideoStream) -> Listing:
    """List frames by their times; those in front of the first key frame cannot be decoded."""
    places = sorted(_visible(coded), key=lambda place: coded[place].time)
    if not places:
        raise content_bad()
    times = [coded[place].time for place in places]
    keys = tuple(number for number, place in enumerate(places) if coded[place].key) or (0,)
    rate = stream.average_rate
    last = _lasts(times, coded[places[-1]].lasts, int(1 / (rate * tick)) if rate else 1)
    entries = [(place, one.time) for place, one in enumerate(coded) if one.key]
    ticks = tuple(time - times[0] for time in times)
    return Listing(Timeline(tick, ticks, ticks[-1] + last, keys), times[0], places, entries)


def _visible(coded: Sequence[Coded]) -> Iterator[int]:
    first = next((one.time for one in coded if one.key), coded[0].time)
    for place, one in enumerate(coded):
        if one.time >= first and not one.hidden:
            yield place


def _lasts(times: Sequence[int], told: int, usual: int) -> int:
    """Return how long the last frame is shown: as told, or as long as the one before it."""
    gap = times[-1] - times[-2] if len(times) > 1 else usual
    return max(1, told or gap)
