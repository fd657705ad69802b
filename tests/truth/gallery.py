"""The videos, and jobs on them whose results are compared with what the second implementation expects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from PIL import Image

from pulumi_videosnap.errors import Rejected, TaskFailed
from truth import barcode, expected
from truth.checks import check_pictures, check_sheets, same
from truth.expected import Layout, Picture, Sheet
from truth.film import Film, decoded
from truth.reference import Wish
from truth.studio import Studio, Taken, place
from videosnap_emulator.media import frame_marker

SAMPLE = "input.mp4"


class Gallery:
    """The videos by their keys, and how to take pictures of them."""

    def __init__(self, studio: Studio, videos: Mapping[str, bytes]) -> None:
        self.studio = studio
        self.videos = videos

    @classmethod
    def opened(cls, studio: Studio, made: Mapping[str, bytes]) -> Gallery:
        for key, video in made.items():
            studio.upload(key, video)
        return cls(studio, {SAMPLE: studio.source(SAMPLE), **made})

    def film(self, source: str) -> Film:
        return decoded(self.videos[source])

    def with_copy(self, key: str, source: str) -> Gallery:
        """The gallery with another copy of a video."""
        self.studio.upload(key, self.videos[source])
        return Gallery(self.studio, {**self.videos, key: self.videos[source]})

    def shoot(self, source: str, wish: Wish, template: str) -> list[Picture]:
        """Run a job that takes pictures only, check everything, and return what it took."""
        folder = self.studio.new_folder()
        config = asked(wish, folder + template)
        pictures = expected.pictures(self.film(source), wish, folder + template, source)
        if not pictures:
            self.fails(folder, source, config)
            return []
        taken = self.studio.shoot(folder, source, config)
        same("keys in the bucket", sorted(taken.stored), sorted(picture.key for picture in pictures))
        check_pictures(taken, pictures, reader_of(source))
        return pictures

    def lay_out(
        self, source: str, wish: Wish, layout: Layout, color: str | None = None
    ) -> tuple[list[Sheet], Taken]:
        """Run a job that makes sheets, check everything but colours."""
        folder, film = self.studio.new_folder(), self.film(source)
        one, all_of_them = f"{folder}one/{{Count}}.jpg", f"{folder}all/{{TileCount}}.jpg"
        config = {**asked(wish, one), "tileOutputFile": place(all_of_them), "tileOut": told(layout, color)}
        pictures = expected.pictures(film, wish, one, source)
        sheets = expected.sheets(film, wish, layout, all_of_them, source)
        if not pictures:
            return [], self.fails(folder, source, config)
        taken = self.studio.shoot(folder, source, config)
        kept = pictures if layout.keeps_pictures else []
        keys = [*(picture.key for picture in kept), *(sheet.key for sheet in sheets)]
        same("keys in the bucket", sorted(taken.stored), sorted(keys))
        check_pictures(taken, kept, reader_of(source), count=len(pictures))
        check_sheets(taken, sheets, reader_of(source))
        return sheets, taken

    def fails(self, folder: str, source: str, config: Mapping[str, Any]) -> Taken:
        """A job that takes no picture fails with the vendor's code, and leaves nothing."""
        with pytest.raises((TaskFailed, Rejected), match=r"InvalidParameter\.ResourceContentBad"):
            self.studio.shoot(folder, source, config)
        same("keys of a job that failed", self.studio.keys(folder), [])
        return Taken({}, {})


def reader_of(source: str) -> Callable[[Image.Image], int]:
    return frame_marker.read_frame_number if source == SAMPLE else barcode.read


def asked(wish: Wish, key: str) -> dict[str, Any]:
    """A wish in state's spelling."""
    fields = {
        "time": None if wish.points is not None else wish.time,
        "interval": wish.interval,
        "num": wish.num,
        "frameType": wish.frame_type,
        "width": wish.width,
        "height": wish.height,
        "blackLevel": wish.black_level,
        "pixelBlackThreshold": wish.pixel_black_threshold,
        "timeArray": None if wish.points is None else {"timePointList": list(wish.points)},
    }
    return {"outputFile": place(key), **given(fields)}


def told(layout: Layout, color: str | None) -> dict[str, Any]:
    return given(
        {
            "lines": layout.lines,
            "columns": layout.columns,
            "cellWidth": layout.cell_width,
            "cellHeight": layout.cell_height,
            "margin": layout.margin,
            "padding": layout.padding,
            "cellSelStep": layout.step,
            "isKeepCellPic": layout.keeps_pictures,
            "color": color,
        }
    )


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
