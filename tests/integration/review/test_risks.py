"""What is flagged, what is not, what a preview hides or leaves out, and how big frames are."""

import cProfile
import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.frames.test_report import NOON, Bucket, at, job, room
from integration.review.conftest import Stack
from pulumi_videosnap.cli import main as videosnap
from pulumi_videosnap.errors import Unreachable
from pulumi_videosnap.report.base import Dependencies
from pulumi_videosnap.review.estimate import prices_model
from pulumi_videosnap.review.model import FrameEstimate
from pulumi_videosnap.review.preview import SAME, Plan, Step
from pulumi_videosnap.review.rules import FrameForm
from pulumi_videosnap.review.sizes import Measured, measure
from pulumi_videosnap.state import RecordedResource
from pulumi_videosnap.storage.bucket import StoredObject
from support.data import load
from support.jobs import job_inputs
from support.plugin import UNKNOWN
from support.sampling import sample
from unit.inputs.tasks import edited, paths

TABLES = load("review_risks.json")
TYPE = "pulumi-python:dynamic/volcengine:SnapshotTask"
JOB = "pulumi-python:dynamic/alibaba:SnapshotJob"


def main(arguments: list[str]) -> int:
    return videosnap(["review", *arguments])


def inputs(**changes: Any) -> dict[str, Any]:
    return {**TABLES["room"], **changes}


def step(
    op: str, name: str, old: Any = None, new: Any = None, kind: str = TYPE, **more: Any
) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::shop::{kind}::{name}"
    state = {"urn": urn, "type": kind.rpartition("$")[2], "id": f"661e/Room1/{name}"}
    made: dict[str, Any] = {"op": op, "urn": urn}
    if old is not None:
        made["oldState"] = {**state, "inputs": old, "outputs": {**old, "status": "running"}, **more}
    if new is not None:
        made["newState"] = {**state, "inputs": new, **more}
    return made


Reviewed = Callable[..., dict[str, Any]]


@pytest.fixture
def reviewed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Reviewed:

    def review(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
        file = tmp_path / "preview.json"
        file.write_text(json.dumps({"steps": steps, **more}))
        code = main([str(file), "--json", "--no-measure"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == (2 if found["problem"] else 0)
        return found

    return review


def test_resources_of_one_name_have_names_of_their_own(reviewed: Reviewed) -> None:
    """Pulumi makes a name unique only beside the types; a risk of one resource is none of another."""
    review = reviewed(
        step("delete", "hall", inputs(), kind=f"app:Wing${TYPE}"),
        step("create", "attic", None, inputs()),
        step("update", "hall", inputs(taskId="a"), inputs(taskId="b"), kind=f"app:Floor${TYPE}"),
        step("create", "hall", None, job_inputs(), kind=JOB),
    )
    wing, floor = "hall (app:Wing$SnapshotTask)", "hall (app:Floor$SnapshotTask)"
    assert {task["name"] for task in review["tasks"]} == {floor, wing, "hall (SnapshotJob)", "attic"}
    assert {risk["task"] for risk in review["risks"]} == {floor}


def steps_of(table: str, name: str) -> list[dict[str, Any]]:
    """Steps of the table: operation, name, and what differs from ordinary inputs before and after."""

    def declared(changes: dict[str, Any] | None) -> Any:
        return None if changes is None else inputs(**changes)

    return [
        step(op, task, declared(old), declared(new), **dict(*more))
        for op, task, old, new, *more in TABLES[table][name]
    ]


@pytest.mark.parametrize("code", TABLES["flagged"])
def test_a_risk_is_flagged(code: str, reviewed: Reviewed) -> None:
    review = reviewed(*steps_of("flagged", code))
    assert [risk["code"] for risk in review["risks"]] == [code]
    assert "SEKRIT" not in json.dumps(review)


@pytest.mark.parametrize("name", TABLES["not flagged"])
def test_what_is_no_risk_is_not_flagged(name: str, reviewed: Reviewed) -> None:
    assert reviewed(*steps_of("not flagged", name))["risks"] == []


ONE_ROOM: dict[str, tuple[str, Callable[[int], Any], int]] = {
    "unchanged": ("same", lambda at: [], 0),
    "new, every stream": ("create", lambda at: [], 59),
    "new, one stream": ("create", lambda at: [{"userId": "a"}], 59),
    "new, streams of their own": ("create", lambda at: [{"userId": str(at)}], 0),
    "new, in pairs": ("create", lambda at: [{"userId": str(at // 2)}, {"userId": f"x{at}"}], 30),
    "new, one takes all": ("create", lambda at: [{"userId": str(at)}] if at else [], 59),
}
"""What happens to 60 tasks of one room, their streams, and how many are flagged."""


@pytest.mark.parametrize("name", ONE_ROOM)
def test_a_room_with_many_tasks_takes_time_by_their_number(name: str, reviewed: Reviewed) -> None:
    op, streams, flagged = ONE_ROOM[name]

    def calls(count: int) -> int:
        changed = [inputs(taskId=str(at), targetStreams={"streamList": streams(at)}) for at in range(count)]
        steps = [step(op, one["taskId"], *([one, one] if op == "same" else [None, one])) for one in changed]
        with cProfile.Profile() as profile:
            review = reviewed(*steps)
        if count == 60:
            assert len(review["risks"]) == flagged
        return sum(entry.callcount for entry in profile.getstats())

    calls(1)  # what is loaded once
    assert calls(120) < 2.5 * calls(60)


def test_a_plain_credential_in_the_configuration_is_flagged_without_its_value(reviewed: Reviewed) -> None:
    clear = ["videosnap:byteplusSecretKey", "videosnap:volcengineSecretKey"]
    config = {**dict.fromkeys(clear, "SEKRIT"), "videosnap:alibabaAccessKeySecret": "[secret]"}
    review = reviewed(config=config)
    assert [risk["field"] for risk in review["risks"]] == clear
    assert "SEKRIT" not in json.dumps(review)


def test_strict_turns_a_risk_into_an_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({"steps": steps_of("flagged", "idle-for-a-day")}))
    assert main([str(file), "--no-measure"]) == 0
    assert main([str(file), "--no-measure", "--strict"]) == 1
    assert main([str(file), "--no-measure", "--strict", "--idle", "90000"]) == 0


def test_resources_that_are_not_listed_are_counted(reviewed: Reviewed) -> None:
    review = reviewed(changeSummary={"same": 4})
    assert review["unlisted"] == 4
    assert "--show-sames" in review["assumptions"][0]


@pytest.mark.parametrize("name", TABLES["refused"])
def test_what_is_refused_is_named_on_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = TABLES["refused"][name]
    monkeypatch.chdir(tmp_path)
    for file, text in case.get("files", {}).items():
        (tmp_path / file).write_text(text)
    assert main(case["arguments"]) == 2
    error = capsys.readouterr().err
    assert case["named"] in error
    assert len(error.splitlines()) == 1


def test_costs_are_of_a_days_pictures() -> None:
    prices = prices_model().model_validate(TABLES["prices"])
    room, job = "perThousandRoomPictures", "perThousandJobPictures"
    rate = FrameEstimate(per_hour=1000, bytes_each=1e6)
    assert prices.cost(rate, room) == pytest.approx(24 * 0.1 + 24 * 0.5)
    assert prices.cost(FrameEstimate(once=500, bytes_each=1e6), job) == pytest.approx(1 + 0.25)
    assert prices.cost(FrameEstimate(), room) is None


@pytest.mark.parametrize("reason", TABLES["failures"])
def test_why_a_preview_failed_is_reported_on_one_line(reason: str, reviewed: Reviewed) -> None:
    assert reviewed(diagnostics=TABLES["failures"][reason])["problem"] == reason


def test_a_preview_that_failed_before_it_began_is_of_the_stack_that_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "preview.json"
    file.write_text(json.dumps({"diagnostics": [{"severity": "error", "message": "no"}]}))
    monkeypatch.setenv("PULUMI_STACK", "org/shop/prod")
    for arguments, stack in (([], "prod"), (["--stack", "dev"], "dev")):
        main([str(file), "--markdown", *arguments])
        assert capsys.readouterr().out.startswith(f"<!-- videosnap review: {stack} -->")


FIELDS = [("imageConfig", "interval"), ("targetStreams", "streamList")]


@pytest.mark.parametrize(
    ("path", "value"),
    [(path, mark) for mark in (UNKNOWN, "[secret]") for path in FIELDS]
    + [(("targetStreams",), UNKNOWN), (("imageConfig",), UNKNOWN)],
    ids=str,
)
def test_what_is_not_known_is_counted_as_0(path: tuple[str, ...], value: str, reviewed: Reviewed) -> None:
    review = reviewed(step("create", "a", None, edited(inputs(), {path: value})))
    (task,) = review["tasks"]
    assert (task["outcome"], task["after"]["perHour"]) == ("starts", None)
    assert review["totals"]["picturesPerHourAfter"] == 0


FILE: dict[str, Any] = TABLES["job"]
"""A job whose frames are on sheets alone."""
LEAVES = [("num",), ("tileOut",), ("tileOut", "lines"), ("tileOut", "isKeepCellPic"), ()]


def test_a_jobs_sheets_are_counted(reviewed: Reviewed) -> None:
    (task,) = reviewed(step("create", "a", None, FILE, JOB))["tasks"]
    assert (task["after"]["once"], task["after"]["atMost"]) == (2, True)


@pytest.mark.parametrize("path", LEAVES, ids=str)
@pytest.mark.parametrize("value", [UNKNOWN, "[secret]"])
def test_a_jobs_frames_are_unknown_with_a_part(path: tuple[str, ...], value: str, reviewed: Reviewed) -> None:
    declared = edited(FILE, {("snapshotConfig", *path): value})
    (task,) = reviewed(step("create", "a", None, declared, JOB))["tasks"]
    assert (task["outcome"], task["after"]["once"]) == ("new job", None)


WHOLE_ROOM = inputs(targetStreams={"streamList": [{"userId": "user0", "index": 0}]})
WHOLE_FILE = {**FILE, "onDelete": "delete-frames", "waitFor": "finished", "result": "success"}
ENDED = {"status": "ended", "state": "Success", "frames": ["a.jpg"], "tileFrames": ["s.jpg"], "count": 1}


def hidden(base: dict[str, Any], *marks: str) -> st.SearchStrategy[dict[str, Any]]:
    """The inputs with some parts marked, the outermost mark of each part."""
    parts = st.tuples(st.sampled_from(list(paths(base))), st.sampled_from(marks))

    def applied(chosen: list[tuple[Any, str]]) -> dict[str, Any]:
        inputs = base
        for path, mark in sorted(chosen, key=lambda one: -len(one[0])):
            inputs = edited(inputs, {path: mark})
        return inputs

    return st.lists(parts, max_size=4).map(applied)


@pytest.mark.parametrize(("kind", "base"), [(TYPE, WHOLE_ROOM), (JOB, WHOLE_FILE)], ids=["room", "job"])
def test_a_preview_that_hides_parts_is_reviewed(kind: str, base: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "preview.json"

    @given(
        op=st.sampled_from(("same", "create", "update", "replace", "delete")),
        old=hidden(base, "[secret]"),
        new=hidden(base, "[secret]", UNKNOWN),
        ended=st.booleans(),
    )
    def check(op: str, old: dict[str, Any], new: dict[str, Any], ended: bool) -> None:
        one = step(op, "a", None if op == "create" else old, None if op == "delete" else new, kind)
        one.get("oldState", {}).get("outputs", {}).update(ENDED if ended else {})
        file.write_text(json.dumps({"steps": [one]}))
        for form in ("--json", "--markdown"):
            with redirect_stdout(io.StringIO()) as printed:
                assert main([str(file), "--no-measure", form]) == 0
            assert UNKNOWN not in printed.getvalue()

    check()


HALL = inputs(appId="661e", roomId="Room1", taskId="stills")
STILLS = {**job_inputs(onDelete="delete-frames"), "frames": ["stills/1.jpg", "stills/2.jpg"]}
STEPS = {"room": (TYPE, HALL, "StopSnapshot"), "file": (JOB, STILLS, "DeleteObject")}
LEFT = load("review_left.json")
"""Steps as `operation name`, the outcomes of the deletes, how many calls end something."""


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize(("steps", "outcomes", "ends"), LEFT, ids=str)
def test_two_entries_end_it_once(reviewed: Reviewed, kind: str, steps: str, outcomes: str, ends: int) -> None:
    """A rename was interrupted: an entry whose task or frames another has is dropped; nothing is called."""
    type_, declared, action = STEPS[kind]
    pairs = [pair.split() for pair in steps.split(", ")]
    review = reviewed(
        *(step(op, name, declared, declared if op != "delete" else None, type_) for op, name in pairs)
    )
    deleted = [task for task in review["tasks"] if task["action"] == "delete"]
    calls = [{call["action"]: call["count"] for call in task["calls"]} for task in deleted]
    assert " ".join("ended" if action in made else "untouched" for made in calls) == outcomes
    if kind == "room":
        totals = review["totals"]
        assert sum(call["count"] for call in totals["calls"] if call["action"] == action) == ends
        survives = len(deleted) < len(pairs)
        assert (totals["picturesPerHourAfter"] == totals["picturesPerHourBefore"]) == survives
    else:
        assert sum(made.get(action, 0) for made in calls) == len(STILLS["frames"]) * ("ended" in outcomes)


NAMES = "abc"
WARNING = "is below 10 seconds"


def program(**idle: int) -> dict[str, Any]:
    """A room for each name, of which some have another `max_idle_time`."""
    storage = {"tos_config": {"account_id": "1", "bucket": "frames"}}
    usual = {"app_id": "partial", "storage_config": storage}
    own = {name: {"room_id": name, "max_idle_time": idle.get(name, 180)} for name in NAMES}
    return {name: {"kind": "room", "options": {}, "inputs": {**usual, **own[name]}} for name in NAMES}


CASES = load("review_partial.json")
"""The program, options of the preview, what is left out, what has a warning."""


@pytest.mark.rotating
def test_a_targeted_preview_is_reported_in_every_format(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stack.preview(program(b=5), "--show-sames", "--target", "**::b")
    assert reviewed_partly(file, capsys) == ("ac", "b", 1), "before anything is created"
    stack.up(program()).ok()
    for idle, options, left_out, warned in sample(CASES, 0.4):
        file = stack.preview(program(**idle), "--show-sames", *options)
        assert reviewed_partly(file, capsys) == (left_out, warned, len(NAMES) - len(left_out)), options
        texts = [file.with_suffix(".html")]
        videosnap(["review", str(file), "--no-measure", "--html", str(texts[0])])
        text, page = capsys.readouterr().out, texts[0].read_text()
        videosnap(["review", str(file), "--no-measure", "--markdown"])
        for form in (text, page, capsys.readouterr().out):
            assert ("partial, " in form) == ("leaves out" in form) == bool(left_out)
            assert (WARNING in " ".join(form.split())) == bool(warned)
    less = {name: task for name, task in program().items() if name != "a"}
    file = stack.preview(less, "--show-sames", "--target", "**::b")
    assert reviewed_partly(file, capsys)[0] == "ac", "also what the program no longer declares"


def reviewed_partly(file: Any, capsys: pytest.CaptureFixture[str]) -> tuple[str, str, int]:
    """The names that are left out, those that have a warning, and how many tasks the preview is about."""
    videosnap(["review", str(file), "--no-measure", "--json"])
    review = json.loads(capsys.readouterr().out)
    assert all(WARNING in one["text"] for one in review["warnings"])
    about = len(review["tasks"]) + review["unchanged"]
    return "".join(review["leftOut"]), "".join(one["task"] for one in review["warnings"]), about


FORM = FrameForm("jpeg", 640 * 360)
SMALL = {"interval": 5.0, "format": "jpeg", "width": 640, "height": 360}


def picture(key: str, size: int, seconds: float = 10) -> StoredObject:
    return StoredObject(key, size, at(seconds))


def measured(bucket: Bucket, *tasks: tuple[str, RecordedResource]) -> tuple[dict[str, Measured], list[str]]:
    """What is measured of tasks, each with what happens to it, by their names."""
    known = [(step, replace(task, urn=task.name, inputs=task.properties)) for step, task in tasks]
    steps = [Step(step, task.name, task.name, task.kind, task, {}) for step, task in known]
    dependencies = Dependencies(open_bucket=bucket.open, now=lambda: NOON + timedelta(hours=1))
    return measure(Plan("dev", tuple(steps)), dependencies)


def small(name: str, **more: Any) -> RecordedResource:
    return room(name, **{"imageConfig": SMALL, **more})


def test_the_mean_is_that_of_the_tasks_own_pictures() -> None:
    bucket = Bucket(picture("a/1.jpg", 1000), picture("a/2.jpg", 2000), picture("a/notes.txt", 9999))
    assert measured(bucket, ("update", small("a"))) == ({"a": Measured(1500, 2, FORM)}, [])


def test_pictures_of_a_task_that_stays_as_it_is_are_not_taken_for_those_of_one_that_changes() -> None:
    bucket = Bucket(picture("a/1.jpg", 1000), picture("b/1.jpg", 9000))
    mine = small("a", framePrefix="a/")
    other = small("b", framePrefix="b/", imageConfig=SMALL | {"width": 1280})
    assert measured(bucket, ("update", mine), (SAME, other)) == ({"a": Measured(1000, 1, FORM)}, [])


def test_tasks_that_share_a_bucket_are_measured_together_if_they_take_alike_pictures() -> None:
    bucket = Bucket(picture("x/1.jpg", 1000), picture("y/1.jpg", 3000))
    both = measured(bucket, ("update", small("a")), (SAME, small("b")))
    assert both == ({"a": Measured(2000, 2, FORM, shared=True)}, [])
    large = small("b", imageConfig={**SMALL, "width": 1920, "height": 1080})
    sizes, (problem,) = measured(bucket, ("update", small("a")), ("update", large))
    assert sizes == {}
    assert problem.startswith("The frames of a and b were not measured; a: 2 frames could be its own")


def test_a_jobs_pictures_are_measured_too() -> None:
    bucket = Bucket(picture("o_1.jpg", 500), picture("o_2.jpg", 700))
    sizes, _ = measured(bucket, ("replace", job("stills", ["o_1.jpg", "o_2.jpg"])))
    assert (sizes["stills"].bytes_each, sizes["stills"].count) == (600, 2)


def test_a_bucket_is_listed_for_a_task_that_changes_alone_and_named_with_what_it_fails_of() -> None:
    bucket = Bucket(fails=Unreachable("ListObjectsV2", "connection refused"))
    assert measured(bucket, (SAME, small("a"))) == ({}, [])
    assert bucket.listings == []
    sizes, (problem,) = measured(bucket, ("update", small("a")))
    assert (sizes, "connection refused" in problem) == ({}, True)
