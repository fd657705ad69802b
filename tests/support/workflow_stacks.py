"""Workflows and pipelines driven by the engine's model against the emulator, and the vendor's topologies."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi_videosnap.alibaba.auth import Account, find_account
from pulumi_videosnap.alibaba.pending_submissions import PendingSubmissions
from pulumi_videosnap.alibaba.pipeline.api import PipelineApi
from pulumi_videosnap.alibaba.pipeline.lifecycle import PipelineLifecycle
from pulumi_videosnap.alibaba.workflow.api import WorkflowApi
from pulumi_videosnap.alibaba.workflow.lifecycle import SnapshotWorkflowLifecycle
from pulumi_videosnap.core.lifecycle import Context, Lifecycle
from support.engine_model import EngineModel, Program, in_process
from support.jobs import PLACE, TUTORIAL_PIPELINE, StackStory, api_client, store_of
from support.mps_client import DEFAULT_PIPELINE, LOCATION, Json, ref

#: Snapshot activities by their names.
SHOTS: Json = {
    "Act-Shot": {"OutputFile": ref("%7BRunId%7D%2F%7BFileName%7D.jpg"), "Time": "2000", "Width": "64"}
}


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def plain_topology(shots: Json | None = None, **start: Any) -> Json:
    """A topology whose objects are objects; `start` are further parameters of its Start activity."""
    shots = SHOTS if shots is None else shots
    source = {"Bucket": "media", "Location": LOCATION, "ObjectPrefix": "videos/"}
    first = {"InputFile": source, "PipelineId": DEFAULT_PIPELINE, **start}
    activities: Json = {
        "Act-Start": {"Parameters": first, "Type": "Start"},
        **{name: {"Parameters": {"SnapshotConfig": one}, "Type": "Snapshot"} for name, one in shots.items()},
        "Act-Report": {"Parameters": {"PublishType": "Auto"}, "Type": "Report"},
    }
    after: Json = {"Act-Start": list(shots), **{name: ["Act-Report"] for name in shots}, "Act-Report": []}
    return {"Activities": activities, "Dependencies": after}


def as_text(topology: Json) -> str:
    """The topology with the objects among its parameters as texts."""

    def as_texts(parameters: Json) -> Json:
        return {name: compact(one) if isinstance(one, dict) else one for name, one in parameters.items()}

    activities = {
        name: {**one, "Parameters": as_texts(one["Parameters"])}
        for name, one in topology["Activities"].items()
    }
    return compact({**topology, "Activities": activities})


def topology(shots: Json | None = None, **start: Any) -> str:
    return as_text(plain_topology(shots, **start))


def snapshot(key: str = "covers/{RunId}.jpg", **changes: Any) -> dict[str, Any]:
    """One activity's settings in state's spelling."""
    return {"outputFile": {**PLACE, "object": key}, "time": 2000, "width": 64, **changes}


def workflow_inputs(**changes: Any) -> dict[str, Any]:
    """Inputs of a workflow in state's spelling; one that is None is left out."""
    inputs = {
        "name": "thumbs",
        "input": {"location": LOCATION, "bucket": "media", "prefix": "in/"},
        "pipelineId": TUTORIAL_PIPELINE,
        "snapshots": {"cover": snapshot()},
        **changes,
    }
    return {name: value for name, value in inputs.items() if value is not None}


def pipeline_inputs(**changes: Any) -> dict[str, Any]:
    """Inputs of a pipeline in state's spelling; one that is None is left out."""
    inputs = {"location": LOCATION, "name": "thumbs", **changes}
    return {name: value for name, value in inputs.items() if value is not None}


def engine_of(kind: str) -> EngineModel:
    """A stack of workflows or of pipelines, in the environment of this process."""
    sender, waited = api_client(), [0.0]
    notes = PendingSubmissions(Path(tempfile.mkdtemp(prefix="adding")), lambda: waited[0])

    def sleep(seconds: float) -> None:
        waited[0] += seconds

    def account(profile: str | None, location: str) -> Account:
        return find_account(profile, location, env=os.environ.get)

    class Workflows(WorkflowApi):
        pending = notes

    class Pipelines(PipelineApi):
        pending = notes

    made: Mapping[str, Callable[[Context], Lifecycle]] = {
        "workflow": lambda context: SnapshotWorkflowLifecycle(
            context, lambda *place: Workflows(account(*place), sender), sleep=sleep
        ),
        "pipeline": lambda context: PipelineLifecycle(
            context, lambda *place: Pipelines(account(*place), sender), sleep=sleep
        ),
    }
    return in_process(made[kind])


class ObjectStory(StackStory):
    """A story of workflows or pipelines."""

    calls = StackStory.recorded

    def workflows(self, state: str = "") -> list[dict[str, Any]]:
        """The workflows that are not deleted, by name."""
        listed = self.emulator.show("/workflows")["workflows"]
        return sorted((one for one in listed if one["state"] != "Deleted"), key=lambda one: str(one["name"]))

    def pipelines(self) -> list[dict[str, Any]]:
        """The pipelines beside the default one."""
        listed: list[dict[str, Any]] = self.emulator.show("/pipelines")["pipelines"]
        return [one for one in listed if one["pipelineId"] != TUTORIAL_PIPELINE]

    def change(self, **changes: Any) -> None:
        """Change the only workflow behind everybody's back."""
        [one] = self.workflows()
        self.emulator.request("PUT", f"/workflows/{one['workflowId']}", changes)

    def up(self, program: Program) -> list[str]:
        """Bring the stack in line; the calls that were made."""
        self.calls()
        self.stack.up(program)
        return self.calls()

    def upload(self, key: str, body: bytes | None = None) -> None:
        """Upload a video, the sample unless given, and let its run end."""
        store = store_of(self.emulator.environment)
        sample = body or store.get_object(Bucket="media", Key="input.mp4")["Body"].read()
        store.put_object(Bucket="media", Key=key, Body=sample)
        self.emulator.advance(60)

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the latest first."""
        listed: list[dict[str, Any]] = self.emulator.show("/runs")["runs"]
        return listed
