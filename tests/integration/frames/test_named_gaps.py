"""A task that was stopped and started again: one gap with its times and reason, no missing frames in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.cli.frames import main
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.frames.expected import frames_of_stream
from pulumi_videosnap.frames.model import Condition
from pulumi_videosnap.frames.schedule import events_of, pace_of
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.volcengine.api import connect
from pulumi_videosnap.volcengine.convert import with_history
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from support.emulator import Emulator
from support.miniengine import MiniEngine
from support.story import declare

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)


def text(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def recorded(*history: tuple[float, str], **more: Any) -> dict[str, Any]:
    """What state records of a task with an interval of 5 s: an event that is a stop reason is an end."""
    entries = [
        {"at": text(moment), "event": event, "interval": 5}
        if event == "start"
        else {"at": text(moment), "event": "end", "reason": event}
        for moment, event in history
    ]
    return {"imageConfig": {"interval": 5}, "startTime": text(0), "history": entries, **more}


def bad_frames(task: dict[str, Any], *written: float, until: float) -> list[tuple[str, float | None]]:
    """Each frame that is not present: its condition, and when it was due."""
    objects = [
        StoredObject(f"{second:09.3f}.jpg", 1000, NOON + timedelta(seconds=second)) for second in written
    ]
    found = frames_of_stream(objects, pace_of(task), NOON + timedelta(seconds=until))
    return [
        (frame.condition.value, (frame.due - NOON).total_seconds() if frame.due else None)
        for frame in found
        if frame.condition is not Condition.PRESENT
    ]


STOPPED_ONCE = ((0, "start"), (12, "StopByAPI"), (28.5, "start"))


@pytest.mark.parametrize(
    ("history", "written", "until", "bad"),
    [
        pytest.param(STOPPED_ONCE, (0, 5, 10, 28, 33), 36, [], id="a store that cuts off milliseconds"),
        pytest.param(STOPPED_ONCE, (0, 5, 10, 26, 31), 34, [], id="a bucket's clock that is behind"),
        pytest.param(STOPPED_ONCE, (3, 8, 13, 32, 37), 40, [], id="a bucket's clock that is ahead"),
        pytest.param(
            STOPPED_ONCE, (0, 10, 29, 39), 41, [("missing", 5), ("missing", 34)], id="missing in a run"
        ),
        pytest.param(STOPPED_ONCE, (0, 30), 33, [("missing", 5)], id="nothing is expected at the end"),
        pytest.param(STOPPED_ONCE, (0, 5, 10), 38, [("missing", 33.5)], id="none since the restart"),
        pytest.param(STOPPED_ONCE, (100, 105), 107, [], id="a user who joined after the restart"),
        pytest.param(((0, "start"), (28.5, "start")), (0, 5, 28, 33), 36, [], id="an end that is not known"),
        pytest.param(((0, "start"), (12, "StopByAPI")), (0, 5, 10), 500, [], id="stopped for good"),
    ],
)
def test_no_frame_is_expected_in_a_gap(
    history: tuple[tuple[float, str], ...],
    written: tuple[float, ...],
    until: float,
    bad: list[tuple[str, float]],
) -> None:
    assert bad_frames(recorded(*history), *written, until=until) == bad


def test_a_gap_is_one_event_with_its_times_and_its_reason() -> None:
    task = recorded(*STOPPED_ONCE, endTime=text(90_000), stopReason="IdleTimeOut")
    found = [(event.kind, event.text, event.until) for event in events_of(task)]
    assert found == [
        ("start", "started, every 5 s", None),
        ("restart", "started again, every 5 s", None),
        ("gap", "stopped 12:00:12 to 12:00:28, StopByAPI", NOON + timedelta(seconds=28.5)),
        ("end", "ended: IdleTimeOut", None),
    ]


def test_an_end_is_recorded_once_and_before_the_next_start() -> None:
    running = {"startTime": text(0), "imageConfig": {"interval": 5}}
    ended = {**running, "endTime": text(12), "stopReason": "StopByAPI"}
    again = {"startTime": text(28), "imageConfig": {"interval": 5}}
    first = with_history({}, running)
    seen = with_history(with_history(first, ended), ended)
    assert [entry["event"] for entry in seen["history"]] == ["start", "end"]
    assert seen["history"][1] == {"at": text(12), "event": "end", "reason": "StopByAPI"}
    for before in (seen, {**ended, "history": first["history"]}):  # the second as an older release wrote it
        assert [one["event"] for one in with_history(before, again)["history"]] == ["start", "end", "start"]


def _frames_report(engine: MiniEngine, file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    entry = engine.state["lobby"]
    kind = "pulumi-python:dynamic/volcengine:SnapshotTask"
    urn = f"urn:pulumi:dev::stories::{kind}::lobby"
    resource = {"urn": urn, "type": kind, "id": entry.id, "outputs": entry.outputs}
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": [resource]}}))
    assert main(["--state", str(file), "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def _by_refresh(engine: MiniEngine, program: dict[str, Any]) -> None:
    engine.refresh()
    engine.up({"lobby": program})


def _by_an_update(engine: MiniEngine, program: dict[str, Any]) -> None:
    """UpdateSnapshot finds the task stopped: the end is read before the task is started again."""
    engine.up({"lobby": {**program, "imageConfig": {"interval": 2}}})


@pytest.mark.parametrize("start_again", [_by_refresh, _by_an_update])
def test_a_task_that_was_stopped_and_started_again_has_a_named_gap(
    emulator: Emulator,
    app: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    start_again: Callable[[MiniEngine, dict[str, Any]], None],
) -> None:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VIDEOSNAP_QUOTA_DIR", str(tmp_path / "quota"))

    def lifecycle(context: Context) -> SnapshotTaskLifecycle:
        return SnapshotTaskLifecycle(context, connect, sleep=lambda seconds: None)

    engine, program = MiniEngine(lifecycle), declare(app, framePrefix=f"{app}/")
    engine.up({"lobby": program})
    emulator.advance(17.3)
    emulator.stop(f"{app}/Room1/Task1")
    emulator.advance(16.4)
    start_again(engine, program)
    emulator.advance(20)
    engine.refresh()
    [task] = _frames_report(engine, tmp_path / "state.json", capsys)["tasks"]
    [gap] = [event["text"] for event in task["events"] if event["kind"] == "gap"]
    assert gap.startswith("stopped "), gap
    assert gap.endswith(", StopByAPI"), gap
    assert main(["--state", str(tmp_path / "state.json")]) == 0
    assert f"  gap: {gap}\n" in capsys.readouterr().out
    engine.destroy()
