"""What the provider accepts, the service takes, and the keys that it names afterwards are there.

A combination that no page explains may as well be refused when it is checked, at the field that is to blame.
"""

from __future__ import annotations

from typing import Any

import pytest

from support.miniengine import Refused
from truth.gallery import Gallery, asked
from truth.reference import Wish
from truth.studio import place

LAYOUT = {"lines": 1, "columns": 2}


def keeps_its_word(gallery: Gallery, folder: str, config: dict[str, Any], blamed: str) -> None:
    try:
        taken = gallery.studio.shoot(folder, "late.mp4", config)
    except Refused as refused:
        [line] = refused.lines
        assert line.startswith(f"snapshot_config.{blamed} ")
        return
    vtt = [taken.outputs["vtt"]] if "vtt" in taken.outputs else []
    named = [*taken.outputs["frames"], *taken.outputs.get("tileFrames", []), *vtt]
    assert set(named) <= {*taken.stored, *taken.texts}
    assert vtt or sorted(named) == sorted(taken.stored)


@pytest.mark.parametrize("time", [0, 300])
def test_the_time_in_the_key_of_a_sheet(gallery: Gallery, time: int) -> None:
    folder = gallery.studio.new_folder()
    sheets = {"tileOut": LAYOUT, "tileOutputFile": place(folder + "{SnapshotTime} {TileCount}.jpg")}
    config = {**asked(Wish(time, 1, 4), folder + "{Count}.jpg"), **sheets}
    keeps_its_word(gallery, folder, config, "tile_output_file.object")


@pytest.mark.parametrize("template", ["{SnapshotTime}-{Count}.jpg", "{Count}.jpg", "cover.jpg"])
def test_the_key_of_a_single_listed_moment(gallery: Gallery, template: str) -> None:
    folder = gallery.studio.new_folder()
    config = asked(Wish(points=(1000,)), folder + template)
    keeps_its_word(gallery, folder, config, "output_file.object")


def test_a_layout_for_a_web_vtt_without_a_place_for_sheets(gallery: Gallery) -> None:
    folder = gallery.studio.new_folder()
    sprites = {"format": "vtt", "subOut": {"isSptFrag": True}, "tileOut": LAYOUT}
    keeps_its_word(gallery, folder, {**asked(Wish(0, 1, 2), folder + "x.vtt"), **sprites}, "tile_output_file")
