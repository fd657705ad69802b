"""Inputs of snapshot jobs in state's spelling: one with every field of a sequence, a WebVTT, moments."""

from __future__ import annotations

from unit.inputs.tasks import Inputs, Path

CONFIG: Path = ("snapshotConfig",)
OUTPUT: Path = (*CONFIG, "outputFile")
SHEETS: Path = (*CONFIG, "tileOutputFile")
TILE: Path = (*CONFIG, "tileOut")
MOMENTS: Path = (*CONFIG, "timeArray", "timePointList")
PLACE = {"location": "oss-cn-hangzhou", "bucket": "frames"}


def sequence() -> Inputs:
    """Every field that a sequence with sheets may have, none with its default."""
    return {
        "owner": "proj.dev.stills",
        "input": {
            "location": "oss-cn-hangzhou",
            "bucket": "media",
            "object": "阿里云/mts HD+.mp4",
            "referer": "https://example.com",
        },
        "snapshotConfig": {
            "outputFile": {**PLACE, "object": "stills/{FileName}_{Count}.jpg"},
            "time": 0,
            "interval": 2,
            "num": 3,
            "width": 640,
            "height": 360,
            "frameType": "normal",
            "tileOutputFile": {**PLACE, "object": "sheets/{TileCount}.jpg"},
            "tileOut": {
                "lines": 2,
                "columns": 3,
                "cellWidth": 160,
                "cellHeight": 90,
                "margin": 4,
                "padding": 2,
                "color": "#102030",
                "isKeepCellPic": True,
                "cellSelStep": 1,
            },
            "blackLevel": 90,
            "pixelBlackThreshold": 70,
        },
        "pipelineId": "0123456789abcdef0123456789abcdef",
        "userData": "team-视频",
        "waitFor": "submitted",
        "timeout": 60,
        "onDelete": "delete-frames",
        "triggers": ["v1"],
        "profile": "video",
    }


def web_vtt() -> Inputs:
    """A WebVTT with sheets."""
    return {
        "owner": "proj.dev.chapters",
        "input": {**PLACE, "bucket": "media", "object": "input.mp4"},
        "snapshotConfig": {
            "outputFile": {**PLACE, "object": "chapters.vtt"},
            "time": 0,
            "interval": 1,
            "format": "vtt",
            "subOut": {"isSptFrag": True},
            "tileOut": {"lines": 2},
            "tileOutputFile": {**PLACE, "object": "sheets/{TileCount}.jpg"},
        },
    }


def moments() -> Inputs:
    """Pictures at moments of their own."""
    return {
        "owner": "proj.dev.moments",
        "input": {**PLACE, "bucket": "media", "object": "input.mp4"},
        "snapshotConfig": {
            "outputFile": {**PLACE, "object": "moments/{Count}.jpg"},
            "timeArray": {"timePointList": [0, 1500, 3000]},
        },
    }
