"""What a program marks as secret is repeated by no refusal, warning or progress line, of any kind."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from integration.protocol.fake_rtc import (
    BAD_BEHAVIOURS,
    HASTE,
    KEYS,
    KIND,
    URN,
    FakeRtc,
    state_command,
    surroundings,
)
from pulumi_videosnap.alibaba.pipeline.resource import PipelineProvider
from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.alibaba.workflow.resource import SnapshotWorkflowProvider
from pulumi_videosnap.core.encrypted import MARK
from pulumi_videosnap.core.properties import value_at
from support.emulator import Emulator
from support.jobs import job_inputs
from support.plugin import PROVIDER, Plugin, PluginError, running_plugin
from support.sampling import sample
from support.workflow_stacks import pipeline_inputs, workflow_inputs
from unit.inputs.tasks import edited
from unit.inputs.tasks import plain_task as task

CALL_BUDGET = HASTE
CANARY = "canary é+1"
ENGINES_MARK = "1b47061264138c4ac30d75fd1eb44270"
PROVIDERS = {
    "SnapshotJob": serialize_provider(SnapshotJobProvider()),
    "Pipeline": serialize_provider(PipelineProvider()),
    "SnapshotWorkflow": serialize_provider(SnapshotWorkflowProvider()),
}
LOCATION, NO_ID = "oss-cn-hangzhou", "c0ffee11" * 4


def marked(plugin: Plugin, inputs: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Inputs as a program has them sent whose value at a path is a secret."""
    if plugin.native:
        return edited(dict(inputs), {path: {MARK: ENGINES_MARK, "value": value_at(inputs, path)}})
    return {**inputs, "__videosnapSecrets": [list(path)]}


def reported(plugin: Plugin, urn: str, inputs: Mapping[str, Any], path: tuple[str, ...]) -> tuple[str, str]:
    """The refusal of a resource with a secret at a path, and all that is reported until it is created."""
    before = len(plugin.log.lines)
    checked, refused = plugin.check(urn, marked(plugin, inputs, path))
    if not refused:
        with contextlib.suppress(PluginError):
            try:
                # The engine keeps the marks of what was checked.
                plugin.create(urn, marked(plugin, _plain(checked), path) if plugin.native else checked)
            except PluginError as failed:
                refused = [str(failed)]
    lines = [line.message for line in plugin.log.lines[before:]]
    return "\n".join(refused), "\n".join([*refused, *lines])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return value["value"] if MARK in value else {name: _plain(item) for name, item in value.items()}
    return value


def forms(value: Any) -> set[str]:
    text = str(value)
    return {text, quote(text), quote(text, safe=""), json.dumps(text)[1:-1]}


CHECKED: dict[str, tuple[tuple[str, ...], Any]] = {
    "a text": (("roomId",), f"{CANARY}/2"),
    "a tag": (("businessId",), CANARY),
    "a number": (("maxIdleTime",), 987654),
    "a short number": (("imageConfig", "interval"), 777),
    "a word": (("imageConfig", "format"), CANARY),
    "a name": (("taskId",), CANARY),
}


@pytest.mark.parametrize("case", CHECKED)
def test_a_check_repeats_no_secret(plugin: Plugin, case: str) -> None:
    path, value = CHECKED[case]
    urn = f"{KIND}check-{case.replace(' ', '-')}"
    refusal, everything = reported(plugin, urn, edited(task(), {path: value}), path)
    assert refusal
    assert not [form for form in forms(value) if form in everything]


@pytest.mark.parametrize("behaviour", sample(list(BAD_BEHAVIOURS), 0.3))
@pytest.mark.parametrize("path", [("roomId",), ("storageConfig", "tosConfig", "bucket")], ids="/".join)
def test_a_service_is_not_quoted(plugin: Plugin, rtc: FakeRtc, behaviour: str, path: tuple[str, ...]) -> None:
    rtc.behaviour = BAD_BEHAVIOURS[behaviour]
    secret = f"canary{len(path)}secret"
    inputs = edited(task(), {path: secret, ("taskId",): behaviour.replace("'", "").replace(" ", "-")})
    refusal, everything = reported(plugin, URN, inputs, path)
    assert refusal
    assert secret not in everything


CLOUD: dict[str, tuple[str, dict[str, Any], tuple[str, ...], str]] = {
    "a failed job": (
        "SnapshotJob",
        job_inputs("f", input={"location": LOCATION, "bucket": "media", "object": f"{CANARY}.mp4"}),
        ("input", "object"),
        "failed: ",
    ),
    "a job's own text": ("SnapshotJob", job_inputs("t", userData=CANARY), ("userData",), "user_data"),
    "a bucket that is none": (
        "SnapshotJob",
        job_inputs("b", input={"location": LOCATION, "bucket": "canarybucket", "object": "input.mp4"}),
        ("input", "bucket"),
        "",
    ),
    "a pipeline of that name": (
        "Pipeline",
        pipeline_inputs(name="mts-service-pipeline", speed="boost"),
        ("name",),
        "exists with other settings",
    ),
    "a pipeline that is none": (
        "Pipeline",
        {"location": LOCATION, "adopt": NO_ID},
        ("adopt",),
        "no pipeline",
    ),
    "a workflow in none": ("SnapshotWorkflow", workflow_inputs(pipelineId=NO_ID), ("pipelineId",), ""),
    "a workflow's name": ("SnapshotWorkflow", workflow_inputs(name=CANARY * 20), ("name",), ""),
}


@pytest.fixture(scope="module")
def clouds(
    shared_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory, front: str
) -> Iterator[dict[str, Plugin]]:
    shared_emulator.reset()
    shared_emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    environment = shared_emulator.surroundings(tmp_path_factory.mktemp("home"), VIDEOSNAP_CALL_BUDGET="10")
    with contextlib.ExitStack() as stack:
        yield {
            kind: stack.enter_context(running_plugin(environment, provider, front=front))
            for kind, provider in PROVIDERS.items()
        }


@pytest.mark.parametrize("case", sample(list(CLOUD), 0.5, by=lambda case: CLOUD[str(case)][0]))
def test_a_failure_in_the_cloud_repeats_no_secret(clouds: dict[str, Plugin], case: str) -> None:
    kind, inputs, path, expected = CLOUD[case]
    urn = f"urn:pulumi:dev::stories::pulumi-python:dynamic/alibaba:{kind}::{case.replace(' ', '-')}"
    refusal, everything = reported(clouds[kind], urn, inputs, path)
    assert refusal
    assert expected in refusal
    assert not [form for form in forms(value_at(inputs, path)) if form in everything], everything


def test_what_state_has_as_a_secret_is_not_repeated_either(
    service: FakeRtc, rtc: FakeRtc, tmp_path: Path, front: str
) -> None:
    """A refresh or a destroy runs no program, and a dynamic provider gets no marks."""
    hidden = task(roomId={MARK: ENGINES_MARK, "ciphertext": "v1:abc"})
    state_command(tmp_path, front, {"urn": URN, "id": "x", "outputs": hidden})
    rtc.behaviour = BAD_BEHAVIOURS["echoed piecemeal"]
    environment = surroundings(service, tmp_path, **KEYS, PATH=f"{tmp_path}:/usr/bin:/bin")
    recorded = {**task(roomId="canaryRoom"), "status": "running", "startTime": "2023-11-14T22:13:20.000Z"}
    with running_plugin(environment, PROVIDER, front=front) as plugin:
        faster = task(roomId="canaryRoom", imageConfig={**recorded["imageConfig"], "interval": 9})
        properties, news = (
            plugin.with_provider(marked(plugin, one, ("roomId",)) if plugin.native else one)
            for one in (recorded, faster)
        )
        calls = {"Read": {"properties": properties}, "Update": {"olds": properties, "news": news}}
        for method, fields in {**calls, "Delete": {"properties": properties}}.items():
            with pytest.raises(PluginError) as failed:
                plugin.ask(method, URN, id="661e543cf/canaryRoom/Task1", **fields)
            assert "canaryRoom" not in str(failed.value), method
            assert method == "Read" or "[secret]" in str(failed.value), method
