"""Whatever the input is, a job takes frames or fails in the vendor's words."""

from __future__ import annotations

import contextlib
import io
import random
from typing import Any

import pytest
from PIL import Image

from support.mps_videos import Recipe, frame_numbers, index_first, make_video, sound, sound_with_cover, take
from videosnap_emulator.core.service import ApiError


def still(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, kind)
    return file.getvalue()


PLAY_LIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
FILES = {
    "empty": b"",
    "text": b"no video at all " * 500,
    "zeros": bytes(100_000),
    "noise": random.Random(1).randbytes(100_000),
    "play list": PLAY_LIST,
    "list of files": b"ffconcat version 1.0\nfile /etc/hostname\n",
    "PNG": still("PNG"),
    "JPEG": still("JPEG"),
    "GIF": still("GIF"),
    "page": b"<html><body>not found</body></html>",
    "sound": sound(),
    "sound, MKV": sound("matroska"),
    "sound with a cover": sound_with_cover(),
}


def assert_bad(video: bytes) -> None:
    requests: tuple[dict[str, Any], ...] = ({}, {"interval": 1}, {"frame_type": "intra"})
    for fields in requests:
        with pytest.raises(ApiError) as failure:
            take(video, **fields)
        assert failure.value.code == "InvalidParameter.ResourceContentBad"
        assert failure.value.message == "The resource operated InputFile is bad"


@pytest.mark.parametrize("video", FILES.values(), ids=FILES)
def test_no_video(video: bytes) -> None:
    assert_bad(video)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9])
def test_cut_short(plain: bytes, share: float) -> None:
    for video in (plain, index_first(plain), make_video(Recipe("flv"))):
        assert_bad(video[: int(len(video) * share)])
    if share < 0.5:  # more than a second is missing
        matroska = make_video(Recipe("matroska"))
        assert_bad(matroska[: int(len(matroska) * share)])


def test_a_part_of_a_stream_is_a_video() -> None:
    for recipe in (Recipe("mpegts"), Recipe("mpeg", "mpeg2video", b_frames=2)):
        stream = make_video(recipe)
        assert frame_numbers(take(stream[: len(stream) // 2], interval=1, num=1)) == [0]


def test_a_gap_in_a_stream_does_not_end_the_video() -> None:
    stream = make_video(Recipe("mpegts"))
    middle = len(stream) // 188 // 2 * 188
    assert take(stream[:middle] + stream[middle + 3 * 188 :], time_points=(0, 40, 2_390)).count == 3


def test_a_stream_of_sound_that_begins_late() -> None:
    # So late that neither a look at the first megabytes nor one at the last finds it.
    video, nothing = make_video(Recipe("mpegts")), b"\x47\x1f\xff\x10" + bytes(184)
    parts = video[:-3760], nothing * 32_000, sound("mpegts", {"mpegts_start_pid": "512"}), nothing * 3_000
    assert frame_numbers(take(b"".join(parts) + video[-3760:], time=400)) == [10]


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts", "flv", "avi"])
def test_damaged_bytes(container: str) -> None:
    video, chance = make_video(Recipe(container, frames=8, size=(160, 96))), random.Random(container)
    for _ in range(60):
        damaged = bytearray(video)
        for _ in range(chance.choice((1, 3, 30))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        for fields in ({"time": 100}, {"num": 3, "interval": 0}, {"frame_type": "intra"}):
            with contextlib.suppress(ApiError):
                take(bytes(damaged), width=32, **fields)


def test_a_header_that_promises_a_giant_frame(plain: bytes) -> None:
    at = plain.index(b"avc1", plain.index(b"stsd")) + 28
    assert plain[at : at + 4] == bytes((0, 192, 0, 108))
    giant = plain[:at] + b"\xff\xff\xff\xff" + plain[at + 4 :]
    take(giant)  # the stream itself knows better


def test_nothing_is_opened_but_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr("builtins.open", lambda *names, **_: opened.append(names))
    assert_bad(PLAY_LIST)
    assert opened == []
