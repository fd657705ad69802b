"""What users do with each kind of resource, and what is true afterwards: the scenarios that faults meet."""

import functools
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pulumi.dynamic import ResourceProvider

from pulumi_videosnap.alibaba.pipeline.resource import PipelineProvider
from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.alibaba.workflow.resource import SnapshotWorkflowProvider
from pulumi_videosnap.volcengine.resource import SnapshotTaskProvider
from support.emulator import Emulator
from support.engine_model import EngineModel
from support.jobs import TUTORIAL_PIPELINE, job_inputs, store_of
from support.story import declare
from support.workflow_stacks import pipeline_inputs, workflow_inputs

Program = Mapping[str, Mapping[str, Any]]
Step = Program | str
"""An `up` of a program, or "refresh", "destroy", "state is lost", "it ends", "a failed up"."""
APP = uuid.uuid4().hex[:24]
PROVIDERS: dict[str, tuple[str, Callable[[], ResourceProvider]]] = {
    "task": ("volcengine:SnapshotTask", SnapshotTaskProvider),
    "job": ("alibaba:SnapshotJob", SnapshotJobProvider),
    "workflow": ("alibaba:SnapshotWorkflow", SnapshotWorkflowProvider),
    "pipeline": ("alibaba:Pipeline", PipelineProvider),
}


class Scenario(NamedTuple):
    """The steps that come before, and the step in which something goes wrong."""

    kind: str
    name: str
    before: list[Step]
    step: Step


def task(**changes: Any) -> Program:
    return {"lobby": declare(APP, **changes)}


def job(**changes: Any) -> Program:
    return {"stills": job_inputs(**changes)}


def workflow(**changes: Any) -> Program:
    return {"thumbs": workflow_inputs(**changes)}


def pipeline(**changes: Any) -> Program:
    return {"queue": pipeline_inputs(**changes)}


FASTER: dict[str, Any] = {"imageConfig": {"interval": 7}}
WIDER: dict[str, Any] = {"imageConfig": {"interval": 5, "width": 640}}
GONE: Program = {}
LOST, ENDS, FAILS = "state is lost", "it ends", "a failed up"
CLEAN: dict[str, Any] = {"onDelete": "delete-frames"}
SCENARIOS = [
    Scenario("task", "create", [], task()),
    Scenario("task", "create many", [], {n: declare(APP, taskId=n) for n in ("a", "b", "c")}),
    Scenario("task", "create one more", [task()], {**task(), "b": declare(APP, taskId="b")}),
    Scenario("task", "update", [task()], task(**FASTER)),
    Scenario("task", "replace", [task()], task(**WIDER)),
    Scenario("task", "restart", [task(), ENDS, "refresh"], task()),
    Scenario("task", "delete", [task()], GONE),
    Scenario("task", "refresh", [task()], "refresh"),
    Scenario("task", "adopt", [task(), LOST], task(**FASTER)),
    Scenario("task", "move", [task()], {"foyer": declare(APP)}),
    Scenario("task", "destroy", [task()], "destroy"),
    Scenario("task", "destroy after a failed up", [FAILS], "destroy"),
    Scenario("job", "create and wait", [], job(**CLEAN)),
    Scenario("job", "update", [job()], job(**CLEAN)),
    Scenario("job", "replace", [job(**CLEAN)], job(num=2, **CLEAN)),
    Scenario("job", "delete with frames", [job(**CLEAN)], GONE),
    Scenario("job", "refresh", [job()], "refresh"),
    Scenario("job", "adopt", [job(), LOST], job()),
    Scenario("workflow", "create", [], workflow()),
    Scenario("workflow", "update", [workflow()], workflow(publish="auto", trigger="manual")),
    Scenario("workflow", "replace", [workflow()], workflow(name="covers")),
    Scenario("workflow", "delete", [workflow()], GONE),
    Scenario("workflow", "refresh", [workflow()], "refresh"),
    Scenario("workflow", "adopt", [workflow(), LOST], workflow()),
    Scenario("pipeline", "create paused", [], pipeline(state="paused")),
    Scenario("pipeline", "update", [pipeline(state="paused")], pipeline(notification={"topic": "frames"})),
    Scenario("pipeline", "replace", [pipeline()], pipeline(speedLevel=2)),
    Scenario("pipeline", "delete", [pipeline()], GONE),
    Scenario("pipeline", "refresh", [pipeline()], "refresh"),
    Scenario("pipeline", "adopt", [pipeline(), LOST], pipeline()),
]


@dataclass
class World:
    """The emulator as the judge of one stack of one kind."""

    kind: str
    emulator: Emulator
    stack: EngineModel
    history: list[Any] = field(default_factory=list)

    def take(self, step: Step) -> None:
        if isinstance(step, Mapping):
            self.stack.up(step)
        elif step == "refresh":
            assert set(self.stack.refresh()) <= {"lobby.state"}, "drift that nobody made"
        elif step == "destroy":
            self.stack.destroy()
        elif step == LOST:
            self.stack.state.clear()
        elif step == ENDS:
            self.emulator.stop(self.emulator.running(APP)[0])
        else:
            assert step == FAILS
            self.emulator.fault("close-after", times=None)
            try:
                self.stack.up(task())
            except Exception:
                assert self.stack.state["lobby"].failed
            self.emulator.clear_faults()

    def present(self) -> list[Any]:
        """What exists or runs in the service that only a resource may account for."""
        if self.kind == "task":
            running = self.emulator.running(APP)
            return sorted((one["taskId"], one["interval"], one["width"]) for one in running)
        if self.kind == "job":
            return sorted(job["userData"] for job in self.emulator.show("/jobs")["jobs"])
        if self.kind == "workflow":
            listed = self.emulator.show("/workflows")["workflows"]
            return sorted((one["name"], one["state"]) for one in listed if one["state"] != "Deleted")
        listed = self.emulator.show("/pipelines")["pipelines"]
        return sorted((one["name"], one["state"]) for one in listed if one["pipelineId"] != TUTORIAL_PIPELINE)

    def frames(self) -> list[str]:
        """The frames of jobs; tasks write theirs as time passes."""
        if self.kind != "job":
            return []
        found = _store(self.emulator).list_objects_v2(Bucket="frames")
        return [item["Key"] for item in found.get("Contents", [])]

    def truth(self) -> Any:
        """What is there and what state says of it, without ids and times."""
        without = {"startTime", "jobId", "creationTime", "mediaWorkflowId", "pipelineId", "history", "frames"}
        recorded = {
            name: {key: value for key, value in entry.outputs.items() if key not in without}
            for name, entry in self.stack.state.items()
        }
        return self.present(), self.frames(), recorded


@functools.cache
def _store(emulator: Emulator) -> Any:
    return store_of(emulator.environment)
