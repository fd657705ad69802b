"""Topologies of media workflows, as the vendor's samples send them."""

from __future__ import annotations

import json
from typing import Any

from support.mps_client import DEFAULT_PIPELINE, LOCATION, Json, ref

#: Snapshot activities by their names.
SHOTS: Json = {
    "Act-Shot": {"OutputFile": ref("%7BRunId%7D%2F%7BFileName%7D.jpg"), "Time": "2000", "Width": "64"},
}


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def plain_topology(shots: Json | None = None, **start: Any) -> Json:
    """A topology whose objects are objects; `start` are further parameters of its Start activity."""
    shots = SHOTS if shots is None else shots
    source = {"Bucket": "media", "Location": LOCATION, "ObjectPrefix": "videos/"}
    activities: Json = {
        "Act-Start": {
            "Parameters": {"InputFile": source, "PipelineId": DEFAULT_PIPELINE, **start},
            "Type": "Start",
        }
    }
    activities |= {
        name: {"Parameters": {"SnapshotConfig": one}, "Type": "Snapshot"} for name, one in shots.items()
    }
    activities["Act-Report"] = {"Parameters": {"PublishType": "Auto"}, "Type": "Report"}
    after: Json = {"Act-Start": list(shots), **{name: ["Act-Report"] for name in shots}, "Act-Report": []}
    return {"Activities": activities, "Dependencies": after}


def as_text(topology: Json) -> str:
    """The topology with the objects among its parameters as texts."""
    activities = {
        name: {
            **one,
            "Parameters": {
                key: compact(value) if isinstance(value, dict) else value
                for key, value in one["Parameters"].items()
            },
        }
        for name, one in topology["Activities"].items()
    }
    return compact({**topology, "Activities": activities})


def topology(shots: Json | None = None, **start: Any) -> str:
    return as_text(plain_topology(shots, **start))
