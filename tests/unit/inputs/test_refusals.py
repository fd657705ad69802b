"""Every kind of wrong input is refused, with the field's path as a program writes it and what to set.

The tables are tests/data/inputs/*.json: the value at a path of otherwise valid inputs (no value: the field is
removed), and the message.
"""

import copy
import math
from collections.abc import Callable
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet
from pulumi.runtime.proto import engine_pb2

from support.data import load
from support.plugin import UNKNOWN, Plugin
from unit.inputs.conftest import JOB_URN, URN
from unit.inputs.tasks import ABSENT, JOBS, STORAGES, WORKFLOWS, Check, Inputs, Path, complete, edited, job

CUSTOM: Path = ("storageConfig", "customConfig")
STREAMS: Path = ("targetStreams", "streamList")
CONFIG: Path = ("snapshotConfig",)
OUTPUT: Path = (*CONFIG, "outputFile")


def table(name: str, valid: Callable[[str], Inputs]) -> list[ParameterSet]:
    """The rows of a table, with the inputs that each describes."""
    return [
        pytest.param(edited(valid(row["of"]), {path(row["at"]): row.get("value", ABSENT)}), row, id=row["id"])
        for row in load(f"inputs/{name}.json")
    ]


def path(text: str) -> Path:
    return tuple(int(step) if step.isdecimal() else step for step in text.split("."))


@pytest.mark.parametrize(("inputs", "row"), table("task_refusals", complete))
def test_a_wrong_input_of_a_task_is_refused_at_its_field(check: Check, inputs: Inputs, row: Any) -> None:
    [refused] = check(inputs)[1]
    assert refused.partition(" ")[0] == row["field"]
    assert row["reason"] in refused


@pytest.mark.parametrize(("inputs", "row"), table("job_refusals", job))
def test_a_wrong_input_of_a_job_is_refused(check_job: Check, inputs: Inputs, row: dict[str, str]) -> None:
    assert check_job(inputs)[1] == [row["message"]]


@pytest.mark.parametrize(
    ("inputs", "row"), table("workflow_refusals", lambda kind: copy.deepcopy(WORKFLOWS[kind]))
)
def test_a_wrong_input_of_a_workflow_or_a_pipeline_is_refused(
    checks: dict[str, Check], inputs: Inputs, row: dict[str, str]
) -> None:
    refused = checks[row["of"]](inputs)[1]
    assert [line.startswith(row["message"]) for line in refused] == [True], refused


@pytest.mark.parametrize("kind", WORKFLOWS)
def test_complete_inputs_of_a_workflow_and_a_pipeline_stay(checks: dict[str, Check], kind: str) -> None:
    assert checks[kind](WORKFLOWS[kind]) == (WORKFLOWS[kind], [])


@pytest.mark.parametrize("name", ["task", "job"])
def test_what_the_vendor_does_not_call_wrong_is_accepted_with_at_most_one_warning(
    plugin: Plugin, new_job_plugin: Plugin, name: str
) -> None:
    process, urn, valid = (plugin, URN, complete) if name == "task" else (new_job_plugin, JOB_URN, job)
    for row in load(f"inputs/{name}_doubts.json"):
        inputs = edited(valid(row["of"]), {path(row["at"]): row.get("value", ABSENT)})
        before = len(process.log.lines)
        for _ in range(2):
            assert process.check(urn, inputs)[1] == [], row["id"]
        lines = process.log.lines[before:]
        assert {line.message for line in lines} <= {*row["warnings"]}, row["id"]
        assert all(process.log.messages(urn).count(warning) == 1 for warning in row["warnings"]), row["id"]
        assert all(line.severity == engine_pb2.WARNING and not line.ephemeral for line in lines), row["id"]


@pytest.mark.parametrize("path_", ["input.object", "snapshotConfig.outputFile.object"])
@pytest.mark.parametrize("key", ["oss://x/{}.mp4", "http://x/{}?a", "media/{}", "{}%20a", " {}", "{}\n"])
def test_no_warning_repeats_a_key_which_may_be_a_secret(new_job_plugin: Plugin, path_: str, key: str) -> None:
    """Pulumi does not tell a dynamic provider which inputs are secrets."""
    urn = f"{JOB_URN}-{abs(hash((path_, key)))}"
    value = key.format("hush") + "-{hush}-{Count}"
    assert new_job_plugin.check(urn, edited(job("sequence"), {path(path_): value}))[1] == []
    said = new_job_plugin.log.messages(urn)
    assert len(said) >= 1
    assert "hush" not in " ".join(said)


def test_the_inputs_that_the_tables_start_from_are_valid(check: Check, check_job: Check) -> None:
    for storage in STORAGES:
        assert check(complete(storage)) == (complete(storage), [])
    for kind in JOBS:
        completed, refused = check_job(job(kind))
        assert refused == []
        assert completed.items() >= {k: v for k, v in job(kind).items() if k != "snapshotConfig"}.items()
        assert check_job(completed) == (completed, []), "completing twice changes nothing"


@pytest.mark.parametrize("name", ["access", "secret"])
@pytest.mark.parametrize("value", [7, 1.5, True, ""])
def test_a_refused_key_is_not_shown(check: Check, name: str, value: Any) -> None:
    _, refused = check(edited(complete("custom"), {(*CUSTOM, f"{name}Key"): value}))
    rule = "have at least 1 character" if value == "" else "be a text"
    assert refused == [f"storage_config.custom_config.{name}_key must {rule}"]


PLACES: dict[str, str] = load("inputs/number_places.json")
"""Fields that take a number, as a program writes them, and their paths in state."""


@pytest.mark.parametrize("field", PLACES)
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300])
def test_a_number_out_of_all_bounds_is_refused_at_its_field(check: Check, field: str, number: float) -> None:
    storage = next((name for name in ("vod", "custom") if f".{name}_" in field), "tos")
    [refused] = check(edited(complete(storage), {path(PLACES[field]): number}))[1]
    assert refused.startswith(f"{field} must be ")
    assert len(refused) < 200


def test_all_mistakes_are_reported_at_once(check: Check) -> None:
    wrong: dict[str, tuple[str, Any]] = {
        "app_id": ("appId", ABSENT),
        "colour": ("colour", "red"),
        "image_config.interval": ("imageConfig.interval", 0),
        "room_id": ("roomId", "a b"),
        "storage_config.tos_config.bucket": ("storageConfig.tosConfig.bucket", ""),
        "target_streams.stream_list[1].user_id": ("targetStreams.streamList.1.userId", ABSENT),
    }
    _, refused = check(edited(complete(), {path(at): value for at, value in wrong.values()}))
    assert sorted(line.partition(" ")[0] for line in refused) == list(wrong)


def test_the_position_of_a_repeated_index_counts_unknown_streams(check: Check) -> None:
    streams = [UNKNOWN, {"userId": "a", "index": 7}, {"userId": "b", "index": 7}]
    _, refused = check(edited(complete(), {STREAMS: streams}))
    assert refused == ["target_streams.stream_list has index 7 twice, at 1 and 2"]


def test_an_unknown_value_of_a_job_is_accepted(check_job: Check) -> None:
    config = "outputFile outputFile.object num time tileOutputFile tileOutputFile.object tileOut"
    places = [f"snapshotConfig.{name}" for name in config.split()]
    for place in ("input", "input.location", "snapshotConfig", "userData", *places):
        assert check_job(edited(job(), {path(place): UNKNOWN}))[1] == [], place


def test_a_region_without_the_service_is_refused(check_job: Check) -> None:
    location = "oss-cn-hangzou"
    places = {("input", "location"): location, (*OUTPUT, "location"): location}
    [refused] = check_job(edited(job("moments"), places))[1]
    assert refused.startswith("input.location is in region 'cn-hangzou', which has no known MPS endpoint: ")
    assert "cn-hangzhou" in refused


def test_one_task_declared_by_two_resources_is_refused(plugin: Plugin) -> None:
    urn = "urn:pulumi:dev::stories::pulumi-python:dynamic/volcengine:SnapshotTask::"
    inputs = edited(complete(), {("taskId",): "shared"})
    assert plugin.check(f"{urn}first", inputs)[1] == []
    [refused] = plugin.check(f"{urn}second", inputs)[1]
    assert refused == f"task_id 'shared' is declared by {urn}second and by {urn}first; set another one"
    assert plugin.check(f"{urn}first", inputs)[1] == [], "a second check is not a second declaration"


def test_one_key_written_by_two_resources_is_refused(new_job_plugin: Plugin) -> None:
    urn = "urn:pulumi:dev::stories::pulumi-python:dynamic/alibaba:SnapshotJob::"
    other_video = edited(job(), {("input", "object"): "another/video.mp4"})
    same_output = edited(job(), {(*CONFIG, "num"): 5})
    assert new_job_plugin.check(f"{urn}first", job())[1] == []
    fields = [line.partition(" ")[0] for line in new_job_plugin.check(f"{urn}second", same_output)[1]]
    key, sheet = "snapshot_config.output_file.object", "snapshot_config.tile_output_file.object"
    assert fields == [key, sheet]
    [refused] = new_job_plugin.check(f"{urn}third", other_video)[1]
    assert refused.startswith(sheet), "frames have the video's name, sheets do not"
    assert refused.endswith(f" is written by {urn}third and by {urn}first; set another key")
