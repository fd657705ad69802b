"""What the pack repeats of the provider and of Pulumi, held against the originals."""

from __future__ import annotations

import pytest
from pulumi.runtime import rpc

from policy.rules import facts, values
from pulumi_videosnap import alibaba, volcengine
from pulumi_videosnap.alibaba.auth import KEYS as ALIBABA
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.core.properties import dotted
from pulumi_videosnap.core.schema import Inputs, Mark, field_at, range_of
from pulumi_videosnap.core.schema import facts as leaves
from pulumi_videosnap.settings import Setting
from pulumi_videosnap.volcengine.auth import KEYS as VOLCENGINE
from pulumi_videosnap.volcengine.schema import BLOCKS, MAX_STREAMS, SnapshotTaskInputs

MODELS: dict[str, type[Inputs]] = {facts.TASK: SnapshotTaskInputs, facts.JOB: SnapshotJobInputs}


def test_the_resource_types_are_the_providers() -> None:
    for resource, known in ((volcengine.SnapshotTask, facts.TASK), (alibaba.SnapshotJob, facts.JOB)):
        assert f"pulumi-python:{resource._resource_type_name}" == known


def test_no_place_for_pictures_is_missing() -> None:
    names = {"bucket", "space", "serviceId"}
    for resource_type, model in MODELS.items():
        paths = {leaf.path for leaf in leaves(model) if leaf.path[-1] in names}
        paths.discard(("input", "bucket"))  # that is the video's
        assert set(facts.PLACES[resource_type]) == paths
    assert {path[1] for path in facts.PLACES[facts.TASK]} == set(BLOCKS.values())


def test_no_secret_field_is_missing() -> None:
    secrets = {leaf.path for model in MODELS.values() for leaf in leaves(model) if Mark.SECRET in leaf.marks}
    assert set(facts.SECRET_KEYS) == secrets
    for path, argument in facts.SECRET_KEYS.items():
        variable = (*path[:-1], f"{path[-1]}Env")
        assert field_at(SnapshotTaskInputs, variable)
        assert dotted(variable).endswith(f".{argument}")


def test_no_credential_in_the_configuration_is_missing() -> None:
    known = [
        setting
        for keys in (VOLCENGINE, ALIBABA)
        for setting in vars(keys).values()
        if isinstance(setting, Setting)
    ]
    assert {setting.config: setting.env for setting in known} == facts.CREDENTIALS


@pytest.mark.parametrize("resource_type", [facts.TASK, facts.JOB])
def test_the_intervals_are_where_they_are_looked_for(resource_type: str) -> None:
    field = field_at(MODELS[resource_type], facts.INTERVALS[resource_type])
    assert field is not None
    assert range_of(field).endswith(" seconds")


def test_the_limits_are_the_vendors() -> None:
    field = field_at(SnapshotTaskInputs, facts.INTERVALS[facts.TASK])
    assert field is not None
    assert range_of(field) == f"1 to {facts.LONGEST_INTERVAL} seconds"
    assert facts.MAX_STREAMS == MAX_STREAMS


def test_streams_and_business_id_are_where_they_are_looked_for() -> None:
    streams = field_at(SnapshotTaskInputs, facts.STREAMS)
    assert streams is not None
    assert streams.description == "empty means every stream of the room"
    assert field_at(SnapshotTaskInputs, facts.BUSINESS_ID)


def test_the_marks_are_pulumis() -> None:
    assert rpc._special_sig_key == values.SIGNATURE
    assert rpc._special_secret_sig == values.SECRET
    assert rpc.UNKNOWN in values.UNKNOWNS


def test_fields_are_named_as_the_provider_names_them() -> None:
    for path in [*facts.PLACES[facts.TASK], *facts.PLACES[facts.JOB], *facts.SECRET_KEYS, facts.STREAMS]:
        assert values.python_name(path) == dotted(path)
