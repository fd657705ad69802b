"""WebVTT: the text, and the pictures that it names."""

from __future__ import annotations

from typing import Any

import pytest

from support.mps_videos import Recipe, cut, film, opened
from videosnap_emulator import strip
from videosnap_emulator.alibaba_mps.config import CannotCut, ObjectRef, TileOut

VTT: dict[str, Any] = {"format": "vtt", "output": "a/b/x.vtt"}


def test_single_pictures(plain: bytes) -> None:
    shots = cut(plain, **VTT, interval=1)
    assert shots.vtt is not None
    assert (shots.vtt.key, shots.vtt.content_type) == ("a/b/x.vtt", "text/vtt")
    assert shots.vtt.body.decode() == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:01.000\nx/snapshot-00001.jpg\n\n"
        "00:00:01.000 --> 00:00:02.000\nx/snapshot-00002.jpg\n\n"
        "00:00:02.000 --> 00:00:03.000\nx/snapshot-00003.jpg\n"
    )
    assert [picture.key for picture in shots.pictures] == [f"a/b/x/snapshot-0000{n}.jpg" for n in (1, 2, 3)]
    assert (shots.count, shots.tile_count, shots.sheets) == (3, 0, ())


def test_sheets(plain: bytes) -> None:
    tile = TileOut(lines=1, columns=2, cell_width=192, cell_height=108, margin=3, padding=6)
    shots = cut(plain, **VTT, interval=1, tile=tile, sprite_fragments=True)
    assert shots.vtt is not None
    assert shots.vtt.body.decode() == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:01.000\nx/snapshot-tile-00001.jpg#xywh=3,3,192,108\n\n"
        "00:00:01.000 --> 00:00:02.000\nx/snapshot-tile-00001.jpg#xywh=201,3,192,108\n\n"
        "00:00:02.000 --> 00:00:03.000\nx/snapshot-tile-00002.jpg#xywh=3,3,192,108\n"
    )
    keys = [sheet.key for sheet in shots.sheets]
    assert keys == ["a/b/x/snapshot-tile-00001.jpg", "a/b/x/snapshot-tile-00002.jpg"]
    assert (shots.pictures, shots.count, shots.tile_count) == ((), 3, 2)
    shown = opened(shots.sheets[0]).crop((201, 3, 393, 111))
    assert strip.read_frame_number(shown) == 25


def test_a_cue_for_every_second_picture(plain: bytes) -> None:
    tile = TileOut(lines=1, columns=2, cell_step=2)
    shots = cut(plain, **VTT, interval=1, tile=tile, sprite_fragments=True)
    assert shots.vtt is not None
    assert shots.vtt.body.decode() == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:02.000\nx/snapshot-tile-00001.jpg#xywh=0,0,192,108\n\n"
        "00:00:02.000 --> 00:00:04.000\nx/snapshot-tile-00001.jpg#xywh=192,0,192,108\n"
    )
    assert (shots.count, shots.tile_count) == (3, 1)


def test_the_sister_services_coordinates(sample_video: bytes) -> None:
    tile = TileOut(cell_width=134, cell_height=240)
    shots = cut(
        sample_video, output="x.vtt", format="VTT", interval=1, num=7, tile=tile, sprite_fragments=True
    )
    assert shots.vtt is not None
    last = shots.vtt.body.decode().splitlines()[-2:]
    assert last == ["00:00:06.000 --> 00:00:07.000", "x/snapshot-tile-00001.jpg#xywh=804,0,134,240"]
    assert (shots.sheets[0].width, shots.sheets[0].height) == (1340, 2400)


def test_sheets_asked_for_by_tile_output_are_not_made(plain: bytes) -> None:
    place = ObjectRef("b", "l", "{TileCount}.jpg")
    assert cut(plain, **VTT, interval=1, tile_output=place, tile=TileOut()).sheets == ()


@pytest.mark.parametrize(
    ("fields", "cues"),
    [
        ({"interval": 0, "num": 2}, ["00.000 --> 00:00:01.200", "01.200 --> 00:00:02.400"]),
        ({"time_points": (40, 2_000)}, ["00.040 --> 00:00:02.000", "02.000 --> 00:00:02.400"]),
        ({"num": 1, "time": 500}, ["00.500 --> 00:00:02.400"]),
        ({"interval": 1, "time": 100, "frame_type": "intra", "num": 1}, ["00.100 --> 00:00:02.400"]),
        ({"time": 9_000, "frame_type": "intra"}, ["09.000 --> 00:00:09.001"]),
    ],
    ids=str,
)
def test_cues(plain: bytes, fields: dict[str, Any], cues: list[str]) -> None:
    shots = cut(plain, **VTT, **fields)
    assert shots.vtt is not None
    lines = shots.vtt.body.decode().splitlines()
    assert [line for line in lines if "-->" in line] == [f"00:00:{cue}" for cue in cues]


def test_moments_without_a_key_frame_have_no_cue(sample_video: bytes) -> None:
    shots = cut(sample_video, **VTT, interval=1, num=4, frame_type="intra")
    assert shots.vtt is not None
    cues = [line for line in shots.vtt.body.decode().splitlines() if "-->" in line]
    assert cues == ["00:00:00.000 --> 00:00:01.000", "00:00:02.000 --> 00:00:03.000"]


def test_hours() -> None:
    video = film(Recipe("matroska", frames=3, clock=1, b_frames=0, pts=lambda number: number * 200_000))
    shots = cut(video, **VTT, time_points=(400_000_123,))
    assert shots.vtt is not None
    assert b"\n111:06:40.123 --> " in shots.vtt.body


def test_names(plain: bytes) -> None:
    shots = cut(plain, format="vtt", output="{ObjectPrefix}{FileName}.vtt", key="in/视频.mp4")
    assert shots.vtt is not None
    assert shots.vtt.key == "in/视频.vtt"
    assert "\n视频/snapshot-00001.jpg\n" in shots.vtt.body.decode()
    with pytest.raises(CannotCut, match="SnapshotConfig:OutputFile:Object"):
        cut(plain, format="vtt", output="x.jpg")
