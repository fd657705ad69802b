"""What is flagged, from previews as the engine writes them, and what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.cli import main as videosnap
from pulumi_videosnap.review.estimate import prices_model
from pulumi_videosnap.review.model import FrameEstimate

TYPE = "pulumi-python:dynamic/volcengine:SnapshotTask"
TOS = {"type": "tos", "tosConfig": {"accountId": "2100000000", "bucket": "frames", "region": 0}}
CUSTOM = {
    "type": "custom",
    "customConfig": {"bucket": "frames", "secretKey": "SEKRIT", "accessKey": "[secret]"},
}


def main(arguments: list[str]) -> int:
    """`videosnap review` with these arguments; its exit code."""
    return videosnap(["review", *arguments])


def inputs(**changes: Any) -> dict[str, Any]:
    declared = {
        "appId": "661e",
        "roomId": "Room1",
        "taskId": "Task1",
        "imageConfig": {"interval": 5, "format": "jpeg", "width": 640, "height": 360},
        "maxIdleTime": 180,
        "keepRunning": False,
        "storageConfig": TOS,
        "targetStreams": {"streamList": []},
        "triggers": [],
        "state": "running",
    }
    return {**declared, **changes}


def step(
    op: str, name: str, old: Any = None, new: Any = None, kind: str = TYPE, **more: Any
) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::shop::{kind}::{name}"
    state = {"urn": urn, "type": kind, "id": f"661e/Room1/{name}"}
    told: dict[str, Any] = {"op": op, "urn": urn}
    if old is not None:
        told["oldState"] = {**state, "inputs": old, "outputs": {**old, "status": "running"}, **more}
    if new is not None:
        told["newState"] = {**state, "inputs": new}
    return told


def reviewed(
    folder: Path, capsys: pytest.CaptureFixture[str], *steps: dict[str, Any], **more: Any
) -> dict[str, Any]:
    file = folder / "preview.json"
    file.write_text(json.dumps({"steps": steps, **more}))
    main([str(file), "--json", "--no-measure"])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


FAST = {"interval": 1, "format": "jpeg", "width": 0, "height": 0}
ELSEWHERE = {"type": "tos", "tosConfig": {"accountId": "2100000000", "bucket": "other", "region": 0}}
FLAGGED = {
    "interval-below-floor": [step("create", "a", None, inputs(imageConfig=FAST))],
    "bucket-of-a-running-task": [step("replace", "a", inputs(), inputs(storageConfig=ELSEWHERE))],
    "idle-for-a-day": [step("create", "a", None, inputs(maxIdleTime=86400))],
    "protected": [step("replace", "a", inputs(), inputs(maxIdleTime=60), protect=True)],
    "secret-in-plain-text": [step("create", "a", None, inputs(storageConfig=CUSTOM))],
    "two-tasks-one-room": [
        step("same", "a", inputs(), inputs()),
        step("create", "b", None, inputs(taskId="Task2")),
    ],
}


@pytest.mark.parametrize("code", FLAGGED)
def test_a_risk_is_flagged(code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    review = reviewed(tmp_path, capsys, *FLAGGED[code])
    assert [risk["code"] for risk in review["risks"]] == [code]
    assert "SEKRIT" not in json.dumps(review)


@pytest.mark.parametrize(
    "steps",
    [
        [step("create", "a", None, inputs())],
        [step("same", "a", inputs(imageConfig=FAST), inputs(imageConfig=FAST))],
        [step("same", name, inputs(taskId=name), inputs(taskId=name)) for name in "ab"],
        [
            step("create", name, None, inputs(taskId=name, targetStreams={"streamList": [{"userId": name}]}))
            for name in "ab"
        ],
        [step("create", name, None, inputs(roomId=name)) for name in "ab"],
        [step("delete", "a", inputs()), step("create", "b", None, inputs(taskId="Task2"))],
    ],
    ids=["ordinary", "fast-before", "twins-before", "other-streams", "other-rooms", "one-goes"],
)
def test_what_is_no_risk_is_not_flagged(
    steps: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(tmp_path, capsys, *steps)["risks"] == []


def test_a_plain_credential_in_the_configuration_is_flagged_without_its_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"videosnap:volcengineSecretKey": "SEKRIT", "videosnap:alibabaAccessKeySecret": "[secret]"}
    review = reviewed(tmp_path, capsys, config=config)
    assert [risk["field"] for risk in review["risks"]] == ["videosnap:volcengineSecretKey"]
    assert "SEKRIT" not in json.dumps(review)


def test_strict_turns_a_risk_into_an_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({"steps": FLAGGED["idle-for-a-day"]}))
    assert main([str(file), "--no-measure"]) == 0
    assert main([str(file), "--no-measure", "--strict"]) == 1
    assert main([str(file), "--no-measure", "--strict", "--idle", "90000"]) == 0


def test_a_failed_preview_is_reviewed_as_far_as_it_came_and_exits_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "preview.json"
    failed = [{"severity": "error", "message": "error: no such key\n"}]
    file.write_text(json.dumps({"steps": [], "diagnostics": failed}))
    assert main([str(file)]) == 2
    assert "no such key" in capsys.readouterr().out


def test_resources_that_are_not_listed_are_said_to_be_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review = reviewed(tmp_path, capsys, changeSummary={"same": 4})
    assert review["unlisted"] == 4
    assert "--show-sames" in review["assumptions"][0]
    main([str(tmp_path / "preview.json")])
    text = capsys.readouterr().out
    assert len(text.splitlines()) == 1
    assert "has no snapshot task" not in text


@pytest.mark.parametrize("text", ["hello", "[]", "{}x", '{"steps": [1]}', '{"steps": [{"op": "same"}]}'])
def test_what_is_no_preview_is_refused(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "preview.json").write_text(text)
    assert main([str(tmp_path / "preview.json")]) == 2
    assert "not a Pulumi preview" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["p.json", "--refresh"], "--refresh"),
        (["p.json", "--floor", "-1"], "--floor"),
        (["p.json", "--idle", "-1"], "--idle"),
        (["absent.json"], "absent.json"),
        (["--cwd", "absent"], "absent"),
    ],
)
def test_bad_arguments_are_refused_by_name(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert named in error
    assert len(error.splitlines()) == 1


PRICES = {
    "currency": "CNY",
    "perThousandRoomPictures": 0.1,
    "perThousandJobPictures": 2,
    "perGigabyteMonth": 0.5,
}


def test_costs_are_of_a_days_pictures() -> None:
    prices = prices_model().model_validate(PRICES)
    room, job = "perThousandRoomPictures", "perThousandJobPictures"
    rate = FrameEstimate(per_hour=1000, bytes_each=1e6)
    assert prices.cost(rate, room) == pytest.approx(24 * 0.1 + 24 * 0.5)
    assert prices.cost(FrameEstimate(once=500, bytes_each=1e6), job) == pytest.approx(1 + 0.25)
    assert prices.cost(FrameEstimate(), room) is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"currency": ""}, "currency"),
        ({"perThousandRoomPictures": -1}, "perThousandRoomPictures"),
        ({"perThousandRoomPictures": "1"}, "perThousandRoomPictures"),
        ({"perTausend": 1}, "perTausend"),
    ],
)
def test_a_wrong_price_is_refused_by_its_name(
    change: dict[str, Any], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "prices.json").write_text(json.dumps({**PRICES, **change}))
    (tmp_path / "preview.json").write_text('{"steps": []}')
    assert main([str(tmp_path / "preview.json"), "--prices", str(tmp_path / "prices.json")]) == 2
    assert named in capsys.readouterr().err


PROGRAM_FAILED = "error: Program failed with an unhandled exception:\nTraceback (most recent call last):\n"
FAILURES = {
    "ValueError: no such room": [
        {"severity": "error", "message": PROGRAM_FAILED + '  File "x", line 1\nValueError: no such room\n'}
    ],
    "ModuleNotFoundError: No module named 'pulumi'; program exited with non-zero exit code: 1": [
        {"severity": "info#err", "message": "Traceback (most recent call last):\n\n"},
        {"severity": "info#err", "message": "    import pulumi\n\n"},
        {"severity": "info#err", "message": "ModuleNotFoundError: No module named 'pulumi'\n\n"},
        {"severity": "error", "message": "error: program exited with non-zero exit code: 1\n"},
    ],
    "a: replace it first": [
        {
            "severity": "error",
            "urn": f"urn:pulumi:dev::shop::{TYPE}::a",
            "message": "error: replace it\nfirst",
        },
        {"severity": "error", "message": "error: preview failed\n"},
    ],
}


@pytest.mark.parametrize("reason", FAILURES)
def test_why_a_preview_failed_is_said_on_one_line(
    reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(tmp_path, capsys, diagnostics=FAILURES[reason])["problem"] == reason


def test_a_preview_that_failed_before_it_began_is_of_the_stack_that_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({"diagnostics": [{"severity": "error", "message": "no"}]}))
    monkeypatch.setenv("PULUMI_STACK", "org/shop/prod")
    for arguments, stack in (([], "prod"), (["--stack", "dev"], "dev")):
        main([str(file), "--markdown", *arguments])
        assert capsys.readouterr().out.startswith(f"<!-- videosnap review: {stack} -->")
    file.write_text("")
    assert main([str(file)]) == 2
    assert "see its stderr" in capsys.readouterr().err


UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes what only the change itself will tell."""


@pytest.mark.parametrize(
    "changes",
    [
        {"imageConfig": {"interval": UNKNOWN}},
        {"targetStreams": {"streamList": UNKNOWN}},
        {"targetStreams": UNKNOWN},
        {"imageConfig": UNKNOWN},
        {"imageConfig": {"interval": "[secret]"}},
        {"targetStreams": {"streamList": "[secret]"}},
    ],
    ids=str,
)
def test_what_is_not_known_yet_is_reckoned_as_nothing(
    changes: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review = reviewed(tmp_path, capsys, step("create", "a", None, inputs(**changes)))
    (task,) = review["tasks"]
    assert (task["outcome"], task["after"]["perHour"]) == ("starts", None)
    assert review["totals"]["picturesPerHourAfter"] == 0


JOB = "pulumi-python:dynamic/alibaba:SnapshotJob"
PLACE = {"location": "oss-cn-hangzhou", "bucket": "frames"}
SHEETS = {
    "time": 0,
    "interval": 1,
    "num": 8,
    "outputFile": {**PLACE, "object": "a_{Count}.jpg"},
    "tileOutputFile": {**PLACE, "object": "s_{TileCount}.jpg"},
    "tileOut": {"lines": 2, "columns": 2, "isKeepCellPic": False},
}
LEAVES = [("num",), ("tileOut",), ("tileOut", "lines"), ("tileOut", "isKeepCellPic"), ()]


@pytest.mark.parametrize("path", LEAVES, ids=str)
@pytest.mark.parametrize("value", [UNKNOWN, "[secret]"])
def test_a_jobs_pictures_are_not_known_where_a_part_is_not(
    path: tuple[str, ...], value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def put(config: Any, rest: tuple[str, ...]) -> Any:
        return {**config, rest[0]: put(config[rest[0]], rest[1:])} if rest else value

    told = {"input": {**PLACE, "object": "input.mp4"}, "owner": "a", "snapshotConfig": put(SHEETS, path)}
    (task,) = reviewed(tmp_path, capsys, step("create", "a", None, told, JOB))["tasks"]
    assert (task["outcome"], task["after"]["once"]) == ("new job", None)


def test_a_jobs_sheets_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"input": {**PLACE, "object": "input.mp4"}, "owner": "a", "snapshotConfig": SHEETS}
    (task,) = reviewed(tmp_path, capsys, step("create", "a", None, told, JOB))["tasks"]
    assert (task["after"]["once"], task["after"]["atMost"]) == (2, True)
