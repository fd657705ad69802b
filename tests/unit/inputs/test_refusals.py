"""Every kind of wrong input is refused, with the field's path as a program writes it and what to set.

The tables are tests/data/inputs/*.json: the value at a path of otherwise valid inputs (no value: the field is
removed), and the message.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path as File
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

from support.plugin import UNKNOWN, Plugin
from unit.inputs.jobs import CONFIG, OUTPUT, SHEETS, TILE, moments, sequence, web_vtt
from unit.inputs.tasks import ABSENT, STORAGES, Check, Inputs, Path, complete, edited

TOS: Path = ("storageConfig", "tosConfig")
CUSTOM: Path = ("storageConfig", "customConfig")
STREAMS: Path = ("targetStreams", "streamList")
INTERVAL: Path = ("imageConfig", "interval")
JOBS: dict[str, Callable[[], Inputs]] = {"sequence": sequence, "vtt": web_vtt, "moments": moments}


def table(name: str, valid: Callable[[str], Inputs]) -> list[ParameterSet]:
    """The rows of a table, with the inputs that each describes."""
    path = File(__file__).parents[2] / "data" / "inputs" / f"{name}.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        pytest.param(
            edited(valid(row["of"]), {_path(row["at"]): row.get("value", ABSENT)}), row, id=row["id"]
        )
        for row in rows
    ]


def _path(text: str) -> Path:
    return tuple(int(step) if step.isdecimal() else step for step in text.split("."))


@pytest.mark.parametrize(("inputs", "row"), table("task_refusals", complete))
def test_a_wrong_input_of_a_task_is_refused_at_its_field(
    check: Check, inputs: Inputs, row: dict[str, str]
) -> None:
    [refused] = check(inputs)[1]
    assert refused.partition(" ")[0] == row["field"]
    assert row["reason"] in refused


@pytest.mark.parametrize(("inputs", "row"), table("job_refusals", lambda kind: JOBS[kind]()))
def test_a_wrong_input_of_a_job_is_refused(check_job: Check, inputs: Inputs, row: dict[str, str]) -> None:
    assert check_job(inputs)[1] == [row["message"]]


@pytest.mark.parametrize("storage", STORAGES)
def test_the_inputs_that_the_task_table_starts_from_are_valid(check: Check, storage: str) -> None:
    assert check(complete(storage)) == (complete(storage), [])


@pytest.mark.parametrize("kind", JOBS)
def test_the_inputs_that_the_job_table_starts_from_are_valid(check_job: Check, kind: str) -> None:
    inputs = JOBS[kind]()
    completed, refused = check_job(inputs)
    assert refused == []
    assert completed.items() >= {k: v for k, v in inputs.items() if k != "snapshotConfig"}.items()
    assert check_job(completed) == (completed, []), "completing twice changes nothing"


@pytest.mark.parametrize("name", ["access", "secret"])
@pytest.mark.parametrize("value", [7, 1.5, True, ""])
def test_a_refused_key_is_not_shown(check: Check, name: str, value: Any) -> None:
    _, refused = check(edited(complete("custom"), {(*CUSTOM, f"{name}Key"): value}))
    rule = "have at least 1 character" if value == "" else "be a text"
    assert refused == [f"storage_config.custom_config.{name}_key must {rule}"]


PLACES: dict[str, tuple[Path, str]] = {
    "image_config.interval": (INTERVAL, "tos"),
    "image_config.format": (("imageConfig", "format"), "tos"),
    "target_streams.stream_list[0].index": ((*STREAMS, 0, "index"), "tos"),
    "storage_config.tos_config.region": ((*TOS, "region"), "tos"),
    "storage_config.tos_config.account_id": ((*TOS, "accountId"), "tos"),
    "storage_config.type": (("storageConfig", "type"), "tos"),
    "storage_config.vod_config.storage_class": (("storageConfig", "vodConfig", "storageClass"), "vod"),
    "storage_config.custom_config.vendor": ((*CUSTOM, "vendor"), "custom"),
    "keep_running": (("keepRunning",), "tos"),
    "room_id": (("roomId",), "tos"),
}


@pytest.mark.parametrize("field", PLACES)
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300])
def test_a_number_out_of_all_bounds_is_refused_at_its_field(
    refusals: Callable[[Mapping[str, Any]], list[str]], field: str, number: float
) -> None:
    path, storage = PLACES[field]
    [refused] = refusals(edited(complete(storage), {path: number}))
    assert refused.startswith(f"{field} must be ")
    assert len(refused) < 200


def test_all_mistakes_are_reported_at_once(check: Check) -> None:
    wrong: dict[Path, Any] = {
        ("appId",): ABSENT,
        ("roomId",): "a b",
        INTERVAL: 0,
        (*STREAMS, 1, "userId"): ABSENT,
        (*TOS, "bucket"): "",
        ("colour",): "red",
    }
    _, refused = check(edited(complete(), wrong))
    assert sorted(line.partition(" ")[0] for line in refused) == [
        "app_id",
        "colour",
        "image_config.interval",
        "room_id",
        "storage_config.tos_config.bucket",
        "target_streams.stream_list[1].user_id",
    ]


def test_the_position_of_a_repeated_index_counts_unknown_streams(check: Check) -> None:
    streams = [UNKNOWN, {"userId": "a", "index": 7}, {"userId": "b", "index": 7}]
    _, refused = check(edited(complete(), {STREAMS: streams}))
    assert refused == ["target_streams.stream_list has index 7 twice, at 1 and 2"]


JOB_PATHS: list[Path] = [
    ("input",),
    ("input", "location"),
    CONFIG,
    OUTPUT,
    (*OUTPUT, "object"),
    (*CONFIG, "num"),
    (*CONFIG, "time"),
    SHEETS,
    (*SHEETS, "object"),
    TILE,
    ("userData",),
]


@pytest.mark.parametrize("path", JOB_PATHS, ids=".".join)
def test_an_unknown_value_of_a_job_is_accepted(check_job: Check, path: Path) -> None:
    assert check_job(edited(sequence(), {path: UNKNOWN}))[1] == []


def test_a_region_without_the_service_is_refused(check_job: Check) -> None:
    location = "oss-cn-hangzou"
    [refused] = check_job(
        edited(moments(), {("input", "location"): location, (*OUTPUT, "location"): location})
    )[1]
    assert refused.startswith("input.location is in region 'cn-hangzou', which has no known MPS endpoint: ")
    assert "cn-hangzhou" in refused


def test_one_task_declared_by_two_resources_is_refused(plugin: Plugin) -> None:
    urn = "urn:pulumi:dev::stories::pulumi-python:dynamic/volcengine:SnapshotTask::"
    inputs = edited(complete(), {("taskId",): "shared"})
    assert plugin.check(f"{urn}first", inputs)[1] == []
    [refused] = plugin.check(f"{urn}second", inputs)[1]
    assert refused.startswith("task_id 'shared' is ")
    assert "resource 'first'" in refused
    assert plugin.check(f"{urn}first", inputs)[1] == [], "a second check is not a second declaration"


def test_one_key_written_by_two_resources_is_refused(new_job_plugin: Plugin) -> None:
    urn = "urn:pulumi:dev::stories::pulumi-python:dynamic/alibaba:SnapshotJob::"
    other_video = edited(sequence(), {("input", "object"): "another/video.mp4"})
    same_output = edited(sequence(), {(*CONFIG, "num"): 5})
    assert new_job_plugin.check(f"{urn}first", sequence())[1] == []
    fields = [line.partition(" ")[0] for line in new_job_plugin.check(f"{urn}second", same_output)[1]]
    key, sheet = "snapshot_config.output_file.object", "snapshot_config.tile_output_file.object"
    assert fields == [key, sheet]
    [refused] = new_job_plugin.check(f"{urn}third", other_video)[1]
    assert refused.startswith(sheet), "frames have the video's name, sheets do not"
    assert "resource 'first'" in refused
