"""Converts inputs to a topology, and a workflow as the service returns it to inputs and outputs.

A topology is JSON with JSON in it, in two official spellings, and whether the service returns it as it was
sent is not documented. So nothing compares texts: `read_topology` makes plain values of any spelling, and a
field drifts where these differ from those of the declared topology.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from pydantic import ValidationError

from pulumi_videosnap.alibaba import models
from pulumi_videosnap.alibaba.convert import encode_key
from pulumi_videosnap.alibaba.pipeline.convert import to_notification
from pulumi_videosnap.alibaba.pipeline.schema import DEFAULT_ROLE
from pulumi_videosnap.alibaba.schema import OutputFile, TileOutputFile
from pulumi_videosnap.alibaba.workflow.models import ACTIVE, MediaWorkflow
from pulumi_videosnap.alibaba.workflow.schema import (
    AUTO,
    AUTOMATIC,
    MANUAL,
    SnapshotWorkflowInputs,
    WorkflowSnapshot,
)
from pulumi_videosnap.core.properties import Properties
from pulumi_videosnap.core.timestamps import format_rfc3339
from pulumi_videosnap.errors import Garbled

START, REPORT = "Start", "Report"
TYPES = {"start": START, "snapshot": "Snapshot", "screenshot": "Snapshot", "report": REPORT}
"""The types of activities; `Screenshot` is the word of one page for a snapshot."""
TRIGGER_MODES = {AUTOMATIC: "OssAutoTrigger", MANUAL: "NotInAuto"}
PUBLISH_TYPES = {AUTO: "Auto", MANUAL: "Manual"}
_TEXTS = ("bucket", "location", "color")
"""Fields that stay texts, even if they look like numbers."""
_WORDS = ("frameType", "format")
_PARAMETERS = {
    START: ("InputFile", "PipelineId", "MessageType", "QueueName", "TopicName", "RoleName"),
    "Snapshot": ("SnapshotConfig", "MediaCover"),
    REPORT: ("PublishType",),
}

Values = Mapping[str, Any]


def topology_of(workflow: SnapshotWorkflowInputs) -> str:
    """The topology to send: one Start, the snapshots side by side, one Report; inner blocks as JSON texts."""
    names = sorted(workflow.snapshots)
    activities = {
        START: {"Type": START, "Parameters": _start(workflow)},
        **{name: {"Type": "Snapshot", "Parameters": _snapshot(workflow.snapshots[name])} for name in names},
        REPORT: {"Type": REPORT, "Parameters": {"PublishType": PUBLISH_TYPES[workflow.publish]}},
    }
    dependencies = {START: names, **{name: [REPORT] for name in names}, REPORT: []}
    return _json({"Activities": activities, "Dependencies": dependencies})


def _start(workflow: SnapshotWorkflowInputs) -> dict[str, str]:
    source, message = workflow.input, workflow.notification
    file = {"Bucket": source.bucket, "Location": source.location}
    parameters = {
        "InputFile": _json({**file, "ObjectPrefix": source.prefix} if source.prefix else file),
        "PipelineId": workflow.pipeline_id,
        "RoleName": workflow.role or DEFAULT_ROLE,
    }
    if message and message.queue_name:
        return {**parameters, "MessageType": "Queue", "QueueName": message.queue_name}
    if message and message.topic:
        return {**parameters, "MessageType": "Topic", "TopicName": message.topic}
    return parameters


def _snapshot(snapshot: WorkflowSnapshot) -> dict[str, str]:
    blocks = {"output_file", "tile_output_file", "time", "media_cover"}
    config = models.SnapshotConfig(
        **snapshot.model_dump(exclude=blocks),
        output_file=_output(snapshot.output_file),
        tile_output_file=_output(snapshot.tile_output_file) if snapshot.tile_output_file else None,
        time=snapshot.time or 0,
    )
    sent = models.as_text(config.model_dump(by_alias=True, exclude_none=True))
    cover = {} if snapshot.media_cover is None else {"MediaCover": str(snapshot.media_cover).lower()}
    return {"SnapshotConfig": _json(sent), **cover}


def _output(file: OutputFile | TileOutputFile) -> models.OutputFile:
    return models.OutputFile(bucket=file.bucket, location=file.location, object=encode_key(file.object))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_topology(topology: str | Values) -> Properties:
    """The inputs that a topology stands for, with the service's defaults; ValueError when it is none."""
    parsed = _object(topology)
    activities = {name: _object(one) for name, one in _object(parsed.get("Activities")).items()}
    types = {name: TYPES.get(str(one.get("Type")).lower(), "") for name, one in activities.items()}
    parameters = {name: _object(one.get("Parameters") or {}) for name, one in activities.items()}
    starts = [parameters[name] for name, kind in types.items() if kind == START]
    reports = [parameters[name] for name, kind in types.items() if kind == REPORT]
    snapshots = {name: _read_snapshot(parameters[name]) for name, kind in types.items() if kind == "Snapshot"}
    return {
        **_read_start(starts[0] if starts else {}),
        "snapshots": snapshots,
        "publish": str((reports[0] if reports else {}).get("PublishType") or MANUAL).lower(),
        "otherActivities": sorted(
            [
                *_unknown_activities(activities, types, parameters),
                *_other_dependencies(_object(parsed.get("Dependencies") or {}), types),
            ]
        ),
    }


def _object(value: Any) -> Values:
    """An object, or a JSON text of one; ValueError for everything else."""
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, Mapping):
        raise ValueError("not an object")
    return found


def _read_start(parameters: Values) -> Properties:
    file = _object(parameters.get("InputFile") or {})
    source = {
        "location": file.get("Location"),
        "bucket": file.get("Bucket"),
        "prefix": file.get("ObjectPrefix") or None,
    }
    by_topic = str(parameters.get("MessageType") or "Queue").lower() == "topic"
    queue, topic = parameters.get("QueueName"), parameters.get("TopicName")
    return {
        "input": {name: value for name, value in source.items() if value is not None},
        "pipelineId": parameters.get("PipelineId"),
        "notification": to_notification(None if by_topic else queue, topic if by_topic else None),
        "role": parameters.get("RoleName") or DEFAULT_ROLE,
    }


def _read_snapshot(parameters: Values) -> Properties:
    config = _plain("", _object(parameters.get("SnapshotConfig") or {}))
    cover = str(parameters.get("MediaCover") or "false").lower() == "true"
    return {"time": 0, **config, "mediaCover": cover}


def _plain(name: str, value: Any) -> Any:
    """A value as a program declares it: names in camelCase, numbers as numbers, keys not encoded."""
    if isinstance(value, Mapping):
        named = {key[:1].lower() + key[1:]: item for key, item in value.items()}
        return {key: _plain(key, item) for key, item in named.items() if item not in (None, "")}
    if isinstance(value, list):
        return [_plain(name, item) for item in value]
    if not isinstance(value, str) or name in _TEXTS:
        return value
    if name == "object":
        return unquote(value)
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    return int(value) if value.isdecimal() else value.lower() if name in _WORDS else value


def _unknown_activities(
    activities: Values, types: Mapping[str, str], parameters: Mapping[str, Values]
) -> Iterator[str]:
    """What no input stands for: other activities, a second start or report, other parameters."""
    seen: set[str] = set()
    for name, kind in types.items():
        if not kind or (kind in seen and kind in (START, REPORT)):
            yield f"activity {name!r} of type {activities[name].get('Type')}"
        seen.add(kind)
        for parameter in set(parameters[name]) - set(_PARAMETERS.get(kind, parameters[name])):
            yield f"parameter {parameter} of activity {name!r}"
    yield from (f"no activity of type {kind}" for kind in (START, REPORT) if kind not in seen)


def _other_dependencies(dependencies: Values, types: Mapping[str, str]) -> Iterator[str]:
    """Every snapshot begins after the start, and the report after all of them."""
    by_type = {kind: [name for name in types if types[name] == kind] for kind in set(types.values())}
    snapshots = by_type.get("Snapshot", [])
    wanted = {
        **dict.fromkeys(by_type.get(START, []), snapshots),
        **{name: by_type.get(REPORT, []) for name in snapshots},
        **{name: [] for name in by_type.get(REPORT, [])},
    }
    for name, after in wanted.items():
        actual = dependencies.get(name) or []
        listed = set(map(str, actual)) if isinstance(actual, list) else {str(actual)}
        if listed != set(after):
            yield f"after activity {name!r} comes {', '.join(sorted(listed)) or 'nothing'}"


def to_inputs(found: MediaWorkflow, recorded: Properties) -> Properties:
    """The recorded inputs with what the service has; ValueError when its topology cannot be read."""
    actual = read_topology(found.topology)
    expected = _expected(recorded)
    inputs = dict(recorded)
    for name, value in actual.items():
        inputs[name] = _merge(recorded.get(name), expected.get(name), value)
    if found.trigger_mode:
        words = {mode.lower(): word for word, mode in TRIGGER_MODES.items()}
        inputs["trigger"] = words.get(found.trigger_mode.lower(), found.trigger_mode)
    if found.state:
        inputs["active"] = found.state == ACTIVE
    inputs["name"] = found.name or recorded.get("name")
    return {name: value for name, value in inputs.items() if value is not None}


def read_inputs(found: MediaWorkflow, recorded: Properties) -> Properties:
    """`to_inputs`; Garbled when the topology cannot be read."""
    try:
        return to_inputs(found, recorded)
    except (ValueError, TypeError, AttributeError):
        reason = f"the topology of workflow {found.media_workflow_id} cannot be read"
        raise Garbled("QueryMediaWorkflowList", reason, advice="check it in the MPS console") from None


def _expected(recorded: Properties) -> Properties:
    """What the service returns for the recorded inputs; as they are where a drift is recorded in them."""
    try:
        workflow = SnapshotWorkflowInputs.model_validate(recorded)
        return read_topology(topology_of(workflow))
    except (ValidationError, KeyError):
        return recorded


def _merge(declared: Any, expected: Any, actual: Any) -> Any:
    """The actual value; as it is declared, with its absent fields, wherever that means the same."""
    if actual == expected:
        return declared
    if isinstance(actual, Mapping) and isinstance(expected, Mapping) and isinstance(declared, Mapping):
        merged = {
            name: _merge(declared.get(name), expected.get(name), actual.get(name))
            for name in {**declared, **expected, **actual}
        }
        return {name: value for name, value in merged.items() if value is not None}
    return actual


def to_outputs(found: MediaWorkflow) -> Properties:
    """What is recorded beside the inputs."""
    created = found.creation_time
    outputs = {
        "mediaWorkflowId": found.media_workflow_id,
        "creationTime": format_rfc3339(created, "seconds") if created else None,
    }
    return {name: value for name, value in outputs.items() if value is not None}
