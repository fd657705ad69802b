"""The plugin server, one process for all tests of a file; `check` calls its Check."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from support.plugin import Plugin, running_plugin
from unit.inputs.tasks import Check

URN = "urn:pulumi:dev::stories::pulumi-python:dynamic/volcengine:SnapshotTask::lobby"
JOB_URN = "urn:pulumi:dev::stories::pulumi-python:dynamic/alibaba:SnapshotJob::job"
JOB_PROVIDER = serialize_provider(SnapshotJobProvider())


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
def check_job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    """Like `check`, for snapshot jobs."""
    with running_plugin(_environment(tmp_path_factory), JOB_PROVIDER) as plugin:
        yield lambda inputs: plugin.check(JOB_URN, inputs)


@pytest.fixture
def new_job_plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """A process of its own: one run of the engine."""
    with running_plugin(_environment(tmp_path_factory), JOB_PROVIDER) as plugin:
        yield plugin
