"""Resource options that reach the provider's server with a request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2, provider_pb2

from integration.protocol.fake_rtc import KIND
from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from support.emulator import Emulator, clean_environment
from support.jobs import job_inputs
from support.plugin import PROVIDER, UNKNOWN, Plugin, PluginError, running_plugin, to_struct
from unit.inputs.tasks import complete

URN = "urn:pulumi:dev::proj::pulumi-python:dynamic/alibaba:SnapshotJob::stills"


def test_custom_timeouts_are_the_deadline_of_a_job(emulator: Emulator, tmp_path: Path, front: str) -> None:
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 10, "runningSeconds": 10})
    private = {"HOME": str(tmp_path), "VIDEOSNAP_QUOTA_DIR": str(tmp_path / "quota")}
    environment = {**clean_environment(), **emulator.environment, **private}
    submitted = job_inputs(waitFor="submitted", triggers=["a job of its own"])
    with running_plugin(environment, serialize_provider(SnapshotJobProvider()), front=front) as plugin:
        properties = plugin.with_provider(job_inputs())
        create = provider_pb2.CreateRequest(urn=URN, properties=properties, timeout=0.3)
        with pytest.raises(PluginError, match=r"is still Submitted after 0 s; .* raise `timeout`"):
            plugin.call("Create", create)
        id_, outputs = plugin.create(URN, submitted)
        olds, news = plugin.with_provider(outputs), plugin.with_provider({**submitted, "waitFor": "finished"})
        update = provider_pb2.UpdateRequest(urn=URN, id=id_, olds=olds, news=news, timeout=0.3)
        with pytest.raises(PluginError, match=r"is still Submitted after 0 s; .* raise `timeout`"):
            plugin.call("Update", update)
        emulator.advance(60)
        assert plugin.create(URN, job_inputs())[1]["state"] == "Success"


@pytest.mark.parametrize("recorded", [{}, {"__provider": PROVIDER}, {"roomId": "Room1"}], ids=str)
def test_what_another_front_wrote_is_not_replaced_for_a_value_that_is_not_known_yet(
    plugin: Plugin, recorded: dict[str, str]
) -> None:
    """Its update names the provider and no more; in that preview, what depends on it is not known."""
    old, new = complete(), {**complete(), "roomId": UNKNOWN, "appId": "another"}
    olds, news = plugin.with_provider(old), plugin.with_provider(new)
    request = provider_pb2.DiffRequest(
        urn=f"{KIND}moved", id="a/b/c", olds=olds, old_inputs=to_struct(recorded), news=news
    )
    moved = not plugin.native and "roomId" in recorded
    assert list(plugin.call("Diff", request).replaces) == (["appId"] if moved else ["appId", "roomId"])


def _diff(plugin: Plugin, name: str, *ignored: str) -> list[Any]:
    inputs = plugin.with_provider(complete())
    request = provider_pb2.DiffRequest(
        urn=KIND + name, id="a/b/c", olds=inputs, news=inputs, ignoreChanges=ignored
    )
    plugin.call("Diff", request)
    return [line for line in plugin.log.lines if line.urn == KIND + name]


def test_a_path_that_a_transform_wrote_as_python_has_it_is_warned_of(plugin: Plugin) -> None:
    assert _diff(plugin, "fine", "imageConfig.interval", 'targetStreams["streamList"][0]', "*") == []
    (line,) = _diff(plugin, "lobby", "imageConfig.width", "image_config.interval")
    assert line.severity == engine_pb2.WARNING
    assert line.message == (
        "ignore_changes: 'image_config.interval' has no effect; write 'imageConfig.interval'"
    )
