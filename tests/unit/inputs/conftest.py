"""The plugin server, one process for all tests of a file; `check` calls its Check."""

import os
from collections.abc import Iterator

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_videosnap.alibaba.pipeline.resource import PipelineProvider
from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.alibaba.workflow.resource import SnapshotWorkflowProvider
from pulumi_videosnap.dynamic.provider import LifecycleProvider
from support.plugin import Plugin, running_plugin
from unit.inputs.tasks import Check

URN = "urn:pulumi:dev::stories::pulumi-python:dynamic/volcengine:SnapshotTask::lobby"
JOB_URN = "urn:pulumi:dev::stories::pulumi-python:dynamic/alibaba:SnapshotJob::job"
JOB_PROVIDER = serialize_provider(SnapshotJobProvider())
PROVIDERS: dict[str, type[LifecycleProvider]] = {
    "SnapshotJob": SnapshotJobProvider,
    "SnapshotWorkflow": SnapshotWorkflowProvider,
    "Pipeline": PipelineProvider,
}
NAMES = {"SnapshotJob": "job", "SnapshotWorkflow": "thumbs", "Pipeline": "thumbs"}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    with running_plugin(_environment(tmp_path_factory)) as plugin:
        yield plugin


def _environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture(scope="module")
def check(plugin: Plugin) -> Check:
    """Inputs as the provider completes them, and its refusals as the user sees them."""
    return lambda inputs: plugin.check(URN, inputs)


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Check]]:
    """Like `check`, for each other kind, all in one process."""
    with running_plugin(_environment(tmp_path_factory)) as plugin:

        def check_of(name: str) -> Check:
            urn = f"urn:pulumi:dev::stories::pulumi-python:dynamic/alibaba:{name}::{NAMES[name]}"
            another = Plugin(plugin.channel, plugin.log, serialize_provider(PROVIDERS[name]()))
            return lambda inputs: another.check(urn, inputs)

        yield {name: check_of(name) for name in PROVIDERS}


@pytest.fixture(scope="module")
def check_job(checks: dict[str, Check]) -> Check:
    return checks["SnapshotJob"]


@pytest.fixture
def new_job_plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """A process of its own: one run of the engine."""
    with running_plugin(_environment(tmp_path_factory), JOB_PROVIDER) as plugin:
        yield plugin
