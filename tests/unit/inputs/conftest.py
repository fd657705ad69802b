"""The provider's own server, one process for all tests of a file; `check` is its Check."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from support.plugin import PROVIDER, Plugin, running_plugin
from unit.inputs.tasks import Check

URN = "urn:pulumi:dev::stories::pulumi-python:dynamic/volcengine:SnapshotTask::lobby"


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    home = tmp_path_factory.mktemp("home")
    with running_plugin({"PATH": os.environ["PATH"], "HOME": str(home)}) as plugin:
        yield plugin


@pytest.fixture(scope="module")
def check(plugin: Plugin) -> Check:
    """Inputs as the provider completes them, and what it refuses, each as the user sees it."""
    return lambda inputs: plugin.check(URN, inputs)


@pytest.fixture(scope="module")
def refusals(plugin: Plugin) -> Callable[[Mapping[str, Any]], list[str]]:
    """Like `check`, for numbers too that JSON cannot write."""

    def refused(inputs: Mapping[str, Any]) -> list[str]:
        news = struct_pb2.Struct()
        news.update({**inputs, "__provider": PROVIDER})
        answer = plugin._call("Check", provider_pb2.CheckRequest(urn=URN, news=news))
        return [failure.reason for failure in answer.failures]

    return refused
