"""`videosnap frames` on a live room's task and two jobs, against the emulator's real S3-protocol store."""

import hashlib
import json
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from integration.frames.samples import NOON
from pulumi_videosnap.cli import run_command
from pulumi_videosnap.cli.frames import main
from pulumi_videosnap.errors import Rejected
from pulumi_videosnap.frames.download import download
from pulumi_videosnap.frames.model import Condition, Frame, FramesReport, Series, TaskFrames
from pulumi_videosnap.report.base import Dependencies
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location
from support.data import load
from support.emulator import Emulator
from support.engine_model import EngineModel
from support.exports import export, resources_of
from support.jobs import PLACE, job_engine, job_inputs, store_of
from support.story import declare, task_engine

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def state(emulated: Emulator, app: str, tmp_path: Path) -> Path:
    """What `pulumi stack export` would write: a room watched for 22 s, three stills, a sheet."""
    emulated.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    rooms = task_engine()
    rooms.up({"lobby": declare(app, framePrefix=f"{app}/")})
    emulated.advance(22)
    emulated.stop(f"{app}/Room1/Task1")
    rooms.refresh()
    jobs = job_engine(emulated)
    tiles = {"tileOut": {"lines": 2, "columns": 2, "isKeepCellPic": False}}
    sheet = {**PLACE, "object": "sheet_{TileCount}.jpg"}
    cells = job_inputs("cells", interval=3, num=4, tileOutputFile=sheet, **tiles)
    jobs.up({"stills": job_inputs(frameType="normal"), "sheet": cells})
    return write(tmp_path / "state.json", rooms=rooms, jobs=jobs)


def write(file: Path, **stacks: EngineModel) -> Path:
    tokens = {"rooms": "volcengine:SnapshotTask", "jobs": "alibaba:SnapshotJob"}
    file.write_text(export(*(one for kind in stacks for one in resources_of(stacks[kind], tokens[kind]))))
    return file


@pytest.fixture
def run(state: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command's exit code and what it printed."""

    def command(*arguments: str) -> tuple[int, str]:
        code = run_command("frames", main, ["--state", str(state), *arguments])
        output = capsys.readouterr()
        return code, output.out + output.err

    return command


def keys_of(emulator: Emulator) -> list[str]:
    listed = store_of(emulator.environment).list_objects_v2(Bucket="frames")
    return [item["Key"] for item in listed["Contents"]]


def test_all_is_well_in_every_form(run: Run, tmp_path: Path) -> None:
    code, output = run("--verify")
    assert code == 0, output
    assert "user0-camera: 5 of 5 present" in output
    assert "user1-camera: 5 of 5 present" in output
    assert "frames: 3 of 3 present" in output
    assert "sheets: 1 of 1 present" in output
    assert "All 14 expected frames are present." in output
    assert "every frame decoded" in output

    code, output = run("--json")
    exported = json.loads(output)
    assert (code, exported["exitCode"]) == (0, 0)
    assert [task["name"] for task in exported["tasks"]] == ["lobby", "stills", "sheet"]
    assert exported["tasks"][0]["events"][-1]["kind"] == "end"
    assert exported["tasks"][1]["counts"]["present"] == len(exported["tasks"][1]["series"][0]["frames"]) == 3

    code, output = run("stills")
    assert (code, "lobby" in output) == (0, False)
    code, output = run("nobody")
    assert code == 2
    assert "dev has no task 'nobody'; it has lobby, sheet, stills" in output

    folder, sheet, written = tmp_path / "frames", tmp_path / "sheet.html", list[dict[Path, int]]()
    for _ in range(2):
        assert run("--download", str(folder))[0] == 0
        written.append({file: file.stat().st_mtime_ns for file in folder.rglob("*.jpg")})
    assert written[0] == written[1], "nothing is downloaded twice"
    assert len(written[0]) == 14
    assert folder / "stills/stills/output_00001.jpg" in written[0]
    assert run("--sheet", str(sheet))[0] == 0
    html = sheet.read_text()
    assert html.count("data:image/webp;base64,") >= 14
    assert "stills/output_00001.jpg" in html
    assert "http" not in html.replace("http://www.w3.org", "").replace("http-equiv", "")


def test_three_deleted_and_one_replaced_by_garbage_are_exactly_named(run: Run, emulator: Emulator) -> None:
    store = store_of(emulator.environment)
    of_room = [key for key in keys_of(emulator) if "user0" in key]
    deleted, garbage = [of_room[2], "stills/output_00002.jpg", "sheet_00001.jpg"], "stills/output_00003.jpg"
    for key in deleted:
        store.delete_object(Bucket="frames", Key=key)
    store.put_object(Bucket="frames", Key=garbage, Body=b"<html>sorry</html>")
    code, output = run("--verify")
    bad = [line.strip() for line in output.splitlines() if line.startswith("    ")]
    assert code == 1
    assert len(bad) == 4, output
    assert bad[0].startswith("missing: due "), "the key of a missing frame is not known"
    assert bad[1].startswith("missing: stills/output_00002.jpg")
    assert bad[2].startswith("unreadable: stills/output_00003.jpg")
    assert bad[3].startswith("missing: sheet_00001.jpg")
    assert "11 of 14 expected frames; 3 missing; 1 unreadable." in output


def test_a_black_frame_and_a_frozen_stream_are_found_by_decoding(run: Run, emulator: Emulator) -> None:
    store = store_of(emulator.environment)
    first = store.get_object(Bucket="frames", Key="stills/output_00001.jpg")["Body"].read()
    store.put_object(Bucket="frames", Key="stills/output_00002.jpg", Body=first)
    black = BytesIO()
    Image.new("RGB", (640, 360)).save(black, "JPEG")
    store.put_object(Bucket="frames", Key="stills/output_00003.jpg", Body=black.getvalue())
    assert run("stills")[0] == 0
    code, output = run("stills", "--verify")
    assert code == 1
    assert "duplicate: stills/output_00002.jpg" in output
    assert "black: stills/output_00003.jpg" in output


@pytest.mark.parametrize(
    ("variable", "value", "arguments"),
    [
        *(("ALIBABA_CLOUD_ACCESS_KEY_ID", "wrong", form) for form in ([], ["--verify"], ["--json"])),
        ("ALIBABA_CLOUD_OSS_ENDPOINT", "http://127.0.0.1:9", []),
    ],
)
def test_a_store_that_refuses_or_is_dead_is_one_line_and_never_no_frames(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, arguments: list[str]
) -> None:
    monkeypatch.setenv(variable, value)
    code, output = run("stills", *arguments)
    assert code == 2
    assert output.count("cannot be checked") == 1 or '"problem"' in output
    assert "wrong" not in output
    assert "There are no snapshot tasks" not in output


def test_without_state_it_says_what_to_do(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run_command("frames", main, ["--state", str(tmp_path / "none.json")]) == 2
    assert "cannot be read (FileNotFoundError)" in capsys.readouterr().err


def test_a_second_download_has_what_the_bucket_has_now(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    """Content counts, not length; an upload in parts has no MD5, so it is downloaded again."""
    folder, store = tmp_path / "frames", store_of(emulator.environment)
    assert run("stills", "--download", str(folder))[0] == 0
    files = sorted((folder / "stills/stills").iterdir())
    before = [file.read_bytes() for file in files]
    other = bytes(reversed(before[0]))
    store.put_object(Bucket="frames", Key="stills/output_00001.jpg", Body=other)
    upload = {"Bucket": "frames", "Key": "stills/output_00002.jpg"}
    upload["UploadId"] = store.create_multipart_upload(**upload)["UploadId"]
    in_parts = bytes(reversed(before[1]))
    part = store.upload_part(**upload, PartNumber=1, Body=in_parts)["ETag"]
    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}
    store.complete_multipart_upload(**upload, MultipartUpload=parts)
    files[2].write_bytes(b"x" * len(before[2]))  # damaged on the disk
    assert run("stills", "--download", str(folder))[0] == 0
    assert [file.read_bytes() for file in files] == [other, in_parts, before[2]]
    assert sorted((folder / "stills/stills").iterdir()) == files, "no part is left"

    store.delete_object(Bucket="frames", Key="sheet_00001.jpg")
    assert run("--download", str(folder))[0] == 1, "a missing frame is a finding, the others are downloaded"
    target = tmp_path / "file"
    target.write_text("")
    for bad in (target, target / "below"):
        code, output = run("stills", "--download", str(bad))
        assert (code, output.count("\n")) == (2, 1), output
        assert re.search(rf"--download: {bad} cannot be written \(Not a directory\)", output)


class Stored:
    """A bucket in memory: the content of each object is its bucket's name and its key."""

    def __init__(self, location: Location, *absent: str) -> None:
        self.location, self.absent = location, absent

    def download(self, key: str, path: Path) -> None:
        if key in self.absent or self.location.bucket in self.absent:
            code = "NoSuchKey" if key in self.absent else "AccessDenied"
            raise Rejected("GetObject", f"{self.location.bucket}/{key}", code=code)
        path.write_bytes(content(self.location, key))


def content(location: Location, key: str) -> bytes:
    return f"{location.bucket} {key}".encode()


def stored_series(bucket: str, *keys: str) -> Series:
    place = Location("oss", bucket)
    digests = {key: hashlib.md5(content(place, key), usedforsecurity=False).hexdigest() for key in keys}
    found = [StoredObject(key, len(content(place, key)), NOON, digests[key].upper()) for key in keys]
    return Series(bucket, tuple(Frame(Condition.PRESENT, one.key, stored=one) for one in found), place)


def report_of_series(*series: Series) -> FramesReport:
    task = TaskFrames("../L:obby", "k", "i", None, series, open_bucket=Stored)
    other = replace(task, name="../l:obby", series=series[:1])
    return FramesReport("dev", NOON, (task, other))


KEYS = load("frames/odd_keys.json")


@given(st.lists(st.sampled_from(KEYS), min_size=2, unique=True), st.booleans())
@example(KEYS, True)
@settings(max_examples=20, deadline=None)
def test_no_two_frames_share_a_file_on_any_disk(keys: list[str], two_buckets: bool) -> None:
    series = [stored_series("frames", *keys), *([stored_series("sheets", *keys)] if two_buckets else [])]
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            report = report_of_series(*series)
            assert download(report, Path(folder), lambda *_: None) == (len([*report.frames()]), [])
        files = [file for file in Path(folder).rglob("*") if file.is_file()]
        names = {unicodedata.normalize("NFC", str(file).casefold()) for file in files}
        assert len(names) == len(files) == len([*report.frames()]), "also: none is outside of the folder"
        parts = [part for file in files for part in file.relative_to(folder).parts]
        assert all(len(part.encode()) <= 120 and part.isprintable() for part in parts)
        wanted = Counter(
            content(Location("oss", one.name), str(frame.key)) for _, one, frame in report.frames()
        )
        assert Counter(file.read_bytes() for file in files) == wanted


@pytest.mark.parametrize(
    ("absent", "there", "problem"),
    [
        ("o_2.jpg", 5, "GetObject was refused: sheets/o_2.jpg .NoSuchKey"),
        ("sheets", 4, "GetObject was refused: sheets/o_[12].jpg .AccessDenied"),
    ],
)
def test_a_series_that_fails_leaves_the_others(tmp_path: Path, absent: str, there: int, problem: str) -> None:
    keys = ("o_1.jpg", "o_2.jpg")
    report = report_of_series(stored_series("frames", *keys), stored_series("sheets", *keys))

    def opened(place: Location) -> Stored:
        return Stored(place, *([absent] if place.bucket == "sheets" else []))

    tasks = tuple(replace(task, open_bucket=opened) for task in report.tasks)
    count, [failure] = download(replace(report, tasks=tasks), tmp_path, lambda *_: None)
    assert count == there
    assert re.match(f"../L:obby, sheets: {problem}", failure)


def test_a_claimed_moment_is_the_one_that_the_frame_shows(
    emulated: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The emulator's own metadata is the judge; the product never reads it."""
    emulated.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    jobs, program = job_engine(emulated), {}
    for number, config in enumerate(MOMENTS):
        output = {**PLACE, "object": f"m{number}/{{Count}}.jpg"}
        program[f"m{number}"] = job_inputs(f"m{number}")
        program[f"m{number}"]["snapshotConfig"] = {"outputFile": output, "frameType": "normal", **config}
    jobs.up(program)
    main(["--state", str(write(tmp_path / "state.json", jobs=jobs)), "--json"])
    store, claimed = store_of(emulated.environment), 0
    for task in json.loads(capsys.readouterr().out)["tasks"]:
        for frame in (frame for series in task["series"] for frame in series["frames"]):
            shown = store.head_object(Bucket="frames", Key=frame["key"])["Metadata"]["source-ms"]
            if "offsetMs" in frame:
                claimed += 1
                assert 0 <= frame["offsetMs"] - int(shown) < 40, (task["name"], frame)
    assert claimed == CLAIMED


MOMENTS: list[dict[str, Any]] = load("frames/moments.json")
CLAIMED = 12
"""Of the frames of these jobs, so many have a moment."""


def test_follow_prints_each_frame_once_until_it_is_interrupted(
    state: Path, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = json.loads(state.read_text())
    lobby = exported["deployment"]["resources"][0]["outputs"]
    lobby["status"] = "running"
    del lobby["endTime"]
    state.write_text(json.dumps(exported))
    looks = iter([0.1, 0.1])

    def sleep(_seconds: float) -> None:
        if next(looks, None) is None:
            raise KeyboardInterrupt

    now = datetime.fromisoformat(emulator.request("GET", "/clock")["now"].replace("Z", "+00:00"))
    code = main(["--state", str(state), "lobby", "--follow"], Dependencies(sleep=sleep, now=lambda: now))
    output = capsys.readouterr().out
    assert code == 0, output
    frames = [line for line in output.splitlines() if line.startswith("lobby  present  ")]
    assert len(frames) == len(set(frames)) == 10


@pytest.mark.parametrize("refreshes", [True, False])
def test_a_task_that_was_stopped_and_started_again_has_a_named_gap(
    emulated: Emulator, app: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], refreshes: bool
) -> None:
    engine, program, sheet = task_engine(), declare(app, framePrefix=f"{app}/"), tmp_path / "sheet.html"
    engine.up({"lobby": program})
    emulated.advance(17.3)
    emulated.stop(f"{app}/Room1/Task1")
    emulated.advance(16.4)
    if refreshes:
        engine.refresh()
    else:  # UpdateSnapshot finds the task stopped: its end is read before it is started again
        program["imageConfig"] = {"interval": 2}
    engine.up({"lobby": program})
    emulated.advance(20)
    engine.refresh()
    file = write(tmp_path / "state.json", rooms=engine)
    assert main(["--state", str(file), "--sheet", str(sheet)]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  gap: ")]
    gap = line.removeprefix("  gap: ")
    assert re.fullmatch(r"stopped \d\d:\d\d:\d\d to \d\d:\d\d:\d\d, StopByAPI", gap)
    page = sheet.read_text()
    assert page.count(f"after a gap: {gap}</p>") == 2, "before the first frame of each stream"
    assert f"<title>{gap}</title>" in page
    assert "frames are missing" not in page
    engine.destroy()
