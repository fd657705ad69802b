"""WebVTT: each cue's times, and the frame that its picture shows."""

from __future__ import annotations

from typing import Any

import pytest

from truth.expected import Layout
from truth.gallery import Gallery, asked, reader_of, told
from truth.reference import Wish
from truth.studio import place
from truth.web_vtt import cues_in, expected_cues

MILLISECOND = 0.001
SOURCE = "late.mp4"
GRID = Layout(1, 2, 80, 48, margin=4, padding=3)

WISHES = [
    Wish(0, 2, 3, "intra"),
    Wish(300, 1, None, "intra"),
    Wish(4700, 1, None, "normal"),
    Wish(0, 0, 3, "normal"),
    Wish(points=(300, 1700, 4999), frame_type="normal"),
    Wish(300, None, 1, "normal"),
]


@pytest.mark.parametrize("wish", WISHES, ids=str)
@pytest.mark.parametrize("layout", [None, Layout(), GRID], ids=["pictures", "sheets", "small sheets"])
def test_cues(gallery: Gallery, wish: Wish, layout: Layout | None) -> None:
    folder = gallery.studio.new_folder()
    key = f"{folder}片 1/{{FileName}}+x.vtt"
    taken = gallery.studio.shoot(folder, SOURCE, {**asked(wish, key), "format": "vtt", **sprites(layout)})
    wanted = expected_cues(gallery.film(SOURCE), wish, "late+x", layout)
    assert taken.outputs["vtt"] == f"{folder}片 1/late+x.vtt"
    assert set(taken.stored) == {f"{folder}片 1/{cue.file}" for cue, _ in wanted}
    cues = cues_in(taken.texts[taken.outputs["vtt"]])
    assert [(cue.file, cue.box) for cue in cues] == [(cue.file, cue.box) for cue, _ in wanted]
    for cue, (expected, shot) in zip(cues, wanted, strict=True):
        assert abs(cue.begin - expected.begin) < MILLISECOND
        assert abs(cue.end - expected.end) < MILLISECOND
        image = taken.stored[f"{folder}片 1/{cue.file}"].image
        assert reader_of(SOURCE)(image.crop(cue.box) if cue.box else image) == shot.frame.number


def sprites(layout: Layout | None) -> dict[str, Any]:
    """A layout needs a place for sheets too, which a WebVTT does not use."""
    if layout is None:
        return {}
    unused = {"tileOutputFile": place("nowhere/{TileCount}.jpg")}
    return {
        "subOut": {"isSptFrag": True},
        **({} if layout == Layout() else unused | {"tileOut": told(layout, None)}),
    }
