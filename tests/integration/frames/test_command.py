"""`videosnap frames` on a live room's task and two jobs, against the emulator's real S3-protocol store."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pulumi_videosnap.cli.frames import Here, main
from pulumi_videosnap.frames.download import file_of
from pulumi_videosnap.frames.model import Condition, Frame, TaskFrames
from pulumi_videosnap.volcengine.api import connect
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from support.emulator import Emulator
from support.jobs import PLACE, job_engine, job_inputs, store_of
from support.miniengine import MiniEngine
from support.story import declare

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def state(emulator: Emulator, app: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What `pulumi stack export` would write: a room watched for 22 s, three stills, a sheet."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VIDEOSNAP_QUOTA_DIR", str(tmp_path / "quota"))
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    rooms = MiniEngine(lambda host: SnapshotTaskLifecycle(host, connect, sleep=lambda seconds: None))
    rooms.up({"lobby": declare(app, framePrefix=f"{app}/")})
    emulator.advance(22)
    emulator.stop(f"{app}/Room1/Task1")
    rooms.refresh()
    jobs = job_engine(emulator)
    tiles = {"tileOut": {"lines": 2, "columns": 2, "isKeepCellPic": False}}
    sheet = {**PLACE, "object": "sheet_{TileCount}.jpg"}
    jobs.up(
        {
            "stills": job_inputs(frameType="normal"),
            "sheet": job_inputs("cells", interval=3, num=4, tileOutputFile=sheet, **tiles),
        }
    )
    return export(tmp_path / "state.json", {"volcengine:SnapshotTask": rooms, "alibaba:SnapshotJob": jobs})


def export(file: Path, stacks: dict[str, MiniEngine]) -> Path:
    resources = [
        {
            "urn": f"urn:pulumi:dev::stories::pulumi-python:dynamic/{kind}::{name}",
            "type": f"pulumi-python:dynamic/{kind}",
            "id": entry.id,
            "outputs": entry.outputs,
        }
        for kind, stack in stacks.items()
        for name, entry in stack.state.items()
    ]
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
    return file


@pytest.fixture
def run(state: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command's exit code and what it printed."""

    def command(*arguments: str) -> tuple[int, str]:
        code = main(["--state", str(state), *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return command


def keys_of(emulator: Emulator) -> list[str]:
    listed = store_of(emulator.environment).list_objects_v2(Bucket="frames")
    return [item["Key"] for item in listed["Contents"]]


def test_all_is_well(run: Run) -> None:
    code, said = run("--verify")
    assert code == 0, said
    assert "user0-camera: 5 of 5" in said
    assert "user1-camera: 5 of 5" in said
    assert "pictures: 3 of 3" in said
    assert "sheets: 1 of 1" in said
    assert "All 14 expected frames are there." in said
    assert "each picture opened" in said


def test_three_deleted_and_one_replaced_by_garbage_are_exactly_named(run: Run, emulator: Emulator) -> None:
    store = store_of(emulator.environment)
    of_room = [key for key in keys_of(emulator) if "user0" in key]
    deleted, garbage = [of_room[2], "stills/output_00002.jpg", "sheet_00001.jpg"], "stills/output_00003.jpg"
    for key in deleted:
        store.delete_object(Bucket="frames", Key=key)
    store.put_object(Bucket="frames", Key=garbage, Body=b"<html>sorry</html>")
    code, said = run("--verify")
    bad = [line.strip() for line in said.splitlines() if line.startswith("    ")]
    assert code == 1
    assert len(bad) == 4, said
    assert bad[0].startswith("missing: due "), "a room's frame has no name that could be foretold"
    assert bad[1].startswith("missing: stills/output_00002.jpg")
    assert bad[2].startswith("unreadable: stills/output_00003.jpg")
    assert bad[3].startswith("missing: sheet_00001.jpg")
    assert "11 of 14 expected frames; 3 missing; 1 unreadable." in said


def test_a_black_picture_and_a_frozen_stream_are_seen_when_opened(run: Run, emulator: Emulator) -> None:
    store = store_of(emulator.environment)
    first = store.get_object(Bucket="frames", Key="stills/output_00001.jpg")["Body"].read()
    store.put_object(Bucket="frames", Key="stills/output_00002.jpg", Body=first)
    black = BytesIO()
    Image.new("RGB", (640, 360)).save(black, "JPEG")
    store.put_object(Bucket="frames", Key="stills/output_00003.jpg", Body=black.getvalue())
    assert run("stills")[0] == 0
    code, said = run("stills", "--verify")
    assert code == 1
    assert "duplicate: stills/output_00002.jpg" in said
    assert "black: stills/output_00003.jpg" in said


def test_the_json_is_one_document(run: Run) -> None:
    code, said = run("--json")
    told = json.loads(said)
    assert (code, told["exitCode"]) == (0, 0)
    assert [task["name"] for task in told["tasks"]] == ["lobby", "stills", "sheet"]
    assert told["tasks"][0]["events"][-1]["kind"] == "end"


def test_one_resource_can_be_asked_for(run: Run) -> None:
    code, said = run("stills")
    assert code == 0
    assert "lobby" not in said
    code, said = run("nobody")
    assert code == 2
    assert "dev has no task 'nobody'; it has lobby, sheet, stills" in said


def test_pictures_are_downloaded_and_not_twice(run: Run, tmp_path: Path, emulator: Emulator) -> None:
    folder = tmp_path / "pictures"
    assert run("--download", str(folder))[0] == 0
    files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.jpg"))
    assert len(files) == 14
    assert "stills/stills/output_00001.jpg" in files
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*.jpg")}
    assert run("--download", str(folder))[0] == 0
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*.jpg")} == before


def test_a_contact_sheet_is_written(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "sheet.html"
    assert run("--sheet", str(file))[0] == 0
    html = file.read_text()
    assert html.count("data:image/webp;base64,") >= 14
    assert "stills/output_00001.jpg" in html
    assert "http" not in html.replace("http://www.w3.org", "").replace("http-equiv", "")


@pytest.mark.parametrize("arguments", [(), ("--verify",), ("--json",)])
def test_a_store_that_refuses_is_one_line_and_never_no_frames(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong")
    code, said = run("stills", *arguments)
    assert code == 2
    assert "could not be looked at" in said or '"problem"' in said
    assert "wrong" not in said
    assert "There are no snapshot tasks" not in said


def test_a_dead_endpoint_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_OSS_ENDPOINT", "http://127.0.0.1:9")
    code, said = run("stills")
    assert code == 2
    assert said.count("could not be looked at") == 1


def test_no_state_is_an_error_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["--state", str(tmp_path / "none.json")]) == 2
    assert "cannot be read (FileNotFoundError)" in capsys.readouterr().err
    (tmp_path / "other.json").write_text("{}")
    assert main(["--state", str(tmp_path / "other.json")]) == 2
    assert "create one with `pulumi stack export`" in capsys.readouterr().err


def test_hostile_keys_stay_in_the_folder() -> None:
    task = TaskFrames("../st:ills", "video file", "abc", None)
    for key in (
        "../../etc/passwd",
        "/etc/passwd",
        "a\x00b",
        "..",
        "C:\\x",
        "é" * 400 + ".jpg",
        "a/./b ",
        "con%41",
    ):
        path = file_of(task, Frame(Condition.PRESENT, key))
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert all(len(part.encode()) <= 120 and part.isprintable() for part in path.parts), path


def test_following_prints_each_picture_once_until_it_is_broken_off(
    state: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(state.read_text())
    lobby = told["deployment"]["resources"][0]["outputs"]
    lobby["status"] = "running"
    del lobby["endTime"]
    state.write_text(json.dumps(told))
    looks = iter([0.1, 0.1])

    def sleep(_seconds: float) -> None:
        if next(looks, None) is None:
            raise KeyboardInterrupt

    now = datetime.fromisoformat(emulator.request("GET", "/clock")["now"].replace("Z", "+00:00"))
    code = main(["--state", str(state), "lobby", "--follow"], Here(sleep=sleep, now=lambda: now))
    said = capsys.readouterr().out
    assert code == 0, said
    pictures = [line for line in said.splitlines() if line.startswith("lobby  present  ")]
    assert len(pictures) == len(set(pictures)) == 10
