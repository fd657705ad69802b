"""A workflow's Topology: reading it with both official spellings, checking it, writing it for responses.

``{"Activities": {NAME: {"Type", "Parameters"}}, "Dependencies": {NAME: [NEXT, …]}}``; an object in it may be
a text that holds JSON ("Introduction to workflow activities").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from videosnap_emulator.core import Json
from videosnap_emulator.services.mps.errors import service_error
from videosnap_emulator.services.mps.models import Readings, SnapshotConfig
from videosnap_emulator.services.mps.requests import check_bucket, parse_config, parse_id
from videosnap_emulator.services.mps.responses import echo_config
from videosnap_emulator.services.mps.rpc import JsonObject
from videosnap_emulator.services.mps.workflow_models import REPORT, SCREENSHOT, SNAPSHOT, START

#: Activities that this emulator does not carry out.
# assumption: mps-other-activities
OTHERS = ("Transcode", "Analysis")
_MESSAGE_TYPES = ("Queue", "Topic")
_PUBLISH_TYPES = ("Manual", "Auto", "TranscodeCompletedAuto")


@dataclass(frozen=True)
class SnapshotActivity:
    """A Snapshot activity's settings, and how the responses about its jobs repeat them."""

    config: SnapshotConfig
    echo: Json
    media_cover: bool = False


@dataclass(frozen=True)
class Topology:
    """A checked topology; `types` and `following` have the activities in their order in the request."""

    types: Mapping[str, str]
    following: Mapping[str, tuple[str, ...]]
    snapshots: Mapping[str, SnapshotActivity]
    bucket: str
    location: str
    prefix: str
    pipeline_id: str
    queue: str
    topic: str
    publish: str
    text: str

    @cached_property
    def preceding(self) -> dict[str, set[str]]:
        """The activities that each one waits for."""
        return {
            name: {other for other, following in self.following.items() if name in following}
            for name in self.types
        }

    def name_of(self, kind: str) -> str:
        """Return the name of the only activity of a type."""
        return next(name for name, found in self.types.items() if found == kind)


def read_topology(text: str, readings: Readings, wanted: str = "snapshot") -> Topology:
    """Read and check a topology; `wanted` is the reading "activity-type". Raise ApiError."""
    whole = JsonObject.parse(text, "Topology")
    whole.require("Activities", "Dependencies")
    activities = _blocks(whole, "Activities")
    types = {name: _type(block, wanted) for name, block in activities.items()}
    following = _dependencies(whole, types)
    snapshots = {
        name: _snapshot(_parameters(activities[name]), readings)
        for name, kind in types.items()
        if kind == SNAPSHOT
    }
    start = _parameters(activities[_only(types, START)])
    report = _parameters(activities[_only(types, REPORT)], required=False)
    _check_order(types, following)
    source = start.nested("InputFile") or JsonObject({}, start.path("InputFile"))
    check_bucket(source)
    start.require("PipelineId")
    topology = Topology(
        types=types,
        following=following,
        snapshots=snapshots,
        bucket=source.text("Bucket"),
        location=source.text("Location"),
        prefix=source.text("ObjectPrefix"),
        pipeline_id=parse_id(start.text("PipelineId"), start.path("PipelineId")),
        queue=start.text("QueueName") if _word(start, "MessageType", _MESSAGE_TYPES) == "Queue" else "",
        topic=start.text("TopicName") if _word(start, "MessageType", _MESSAGE_TYPES) == "Topic" else "",
        publish=_word(report, "PublishType", _PUBLISH_TYPES),
        text=_rewrite(activities, following),
    )
    _check_buckets(topology)
    return topology


def _blocks(whole: JsonObject, name: str) -> dict[str, JsonObject]:
    outer = whole.nested(name) or JsonObject({}, whole.path(name))
    return {key: JsonObject.parse(value, outer.path(key)) for key, value in outer.values.items()}


def _type(block: JsonObject, wanted: str) -> str:
    block.require("Type")
    found = block.text("Type")
    # assumption: mps-activity-type
    accepted = (SCREENSHOT,) if wanted == "screenshot" else (SNAPSHOT, SCREENSHOT)
    if found in accepted:
        return SNAPSHOT
    if found not in (START, REPORT, *OTHERS):
        raise service_error("InvalidParameter.NotSupported", block.path("Type"))
    return found


def _parameters(block: JsonObject, required: bool = True) -> JsonObject:
    if required:
        block.require("Parameters")
    return block.nested("Parameters") or JsonObject({}, block.path("Parameters"))


def _word(block: JsonObject, name: str, allowed: tuple[str, ...]) -> str:
    """Return one of `allowed`; the first is the default."""
    value = block.text(name) or allowed[0]
    if value not in allowed:
        raise service_error("InvalidParameter.NotSupported", block.path(name))
    return value


def _snapshot(parameters: JsonObject, readings: Readings) -> SnapshotActivity:
    parameters.require("SnapshotConfig")
    config = parameters.nested("SnapshotConfig") or JsonObject({}, parameters.path("SnapshotConfig"))
    cover = bool(parameters.boolean("MediaCover"))
    return SnapshotActivity(parse_config(config, readings), echo_config(config), cover)


def _dependencies(whole: JsonObject, types: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Read Dependencies: an entry for each activity, of activities that exist."""
    outer = whole.nested("Dependencies") or JsonObject({}, whole.path("Dependencies"))
    for name in types:
        if not isinstance(outer.values.get(name), list):
            raise service_error("InvalidParameter.JsonArrayFormatInvalid", outer.path(name))
    for name, following in outer.values.items():
        if name not in types or any(not isinstance(one, str) or one not in types for one in following):
            raise service_error("InvalidParameter", outer.path(name))
    return {name: tuple(dict.fromkeys(outer.values[name])) for name in types}


def _only(types: Mapping[str, str], kind: str) -> str:
    names = [name for name, found in types.items() if found == kind]
    if len(names) != 1:
        raise service_error("InvalidParameter", "Topology:Activities")
    return names[0]


def _check_order(types: Mapping[str, str], following: Mapping[str, tuple[str, ...]]) -> None:
    """Raise unless everything comes after Start and before Report, without a circle."""
    # assumption: mps-topology-order
    start, report = _only(types, START), _only(types, REPORT)
    waiting = {name: sum(name in after for after in following.values()) for name in types}
    ready, reached = [start], set[str]()
    while ready and not any(waiting[name] for name in ready):
        name = ready.pop()
        reached.add(name)
        for after in following[name]:
            waiting[after] -= 1
            ready += [after] if not waiting[after] else []
    ends = [name for name, after in following.items() if not after]
    if reached != set(types) or ends != [report]:
        raise service_error("InvalidParameter", "Topology:Dependencies")


def _check_buckets(topology: Topology) -> None:
    """Raise unless outputs are in the input's location and in another bucket."""
    for name, snapshot in topology.snapshots.items():
        path = f"Topology:Activities:{name}:Parameters:SnapshotConfig"
        outputs = {"OutputFile": snapshot.config.output, "TileOutputFile": snapshot.config.tile_output}
        for output_name, output in outputs.items():
            if output and output.location != topology.location:
                raise service_error("InvalidParameter.LocationInvalid", f"{path}:{output_name}:Location")
            # assumption: mps-output-bucket
            if output and output.bucket == topology.bucket:
                raise service_error("InvalidParameter", f"{path}:{output_name}:Bucket")


def _rewrite(activities: Mapping[str, JsonObject], following: Mapping[str, tuple[str, ...]]) -> str:
    """Return the topology for responses: objects among the parameters as texts, numbers as text."""
    # assumption: mps-topology-echo
    written: Json = {}
    for name, block in activities.items():
        parameters = _parameters(block, required=False).values
        shown = {
            key: _dump(value) if isinstance(value, dict | list) else value
            for key, value in (
                (key, _parsed(value)) for key, value in parameters.items() if value is not None
            )
        }
        written[name] = {"Parameters": shown, "Type": block.text("Type")}
    return _dump({"Activities": written, "Dependencies": following})


def _parsed(value: object) -> object:
    """Return a value with what its texts hold as JSON parsed, nulls dropped, and scalars as text."""
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return _parsed(inner) if isinstance(inner, dict | list) else value
    if isinstance(value, dict):
        return {name: _parsed(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_parsed(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
