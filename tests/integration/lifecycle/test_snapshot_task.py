"""Stories of one snapshot task, each ending with an empty preview and no task left."""

import contextlib
from dataclasses import replace
from typing import Any

import pytest

from pulumi_videosnap import volcengine
from pulumi_videosnap.errors import NotFound, TaskConflict
from support.data import load
from support.engine_model import Refused
from support.story import Story

STORIES = load("rtc/stories.json")
REPLACED = {"step": "replace", "calls": "StopSnapshot StartSnapshot GetSnapshotTask"}
THREE_DAYS = 3 * 86400
SELDOM: dict[str, Any] = {"imageConfig": {"interval": 600}}
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:bm8="}


def test_create_starts_the_task_and_reads_it_back_and_delete_accepts_that_it_is_gone(story: Story) -> None:
    with story.emulator.recording(story.app) as calls:
        assert story.stack.up({"lobby": story.declare()}) == {"lobby": "create"}
    assert calls == ["StartSnapshot", "GetSnapshotTask"]
    outputs = story.stack.state["lobby"].outputs
    assert outputs["status"] == "running"
    assert outputs["startTime"].endswith("Z")
    assert "endTime" not in outputs
    assert story.stack.state["lobby"].id == story.task
    found = volcengine.get_snapshot_task(story.app, "Room1", "Task1")
    assert (found.status, found.stop_reason, found.end_time) == ("running", None, None)
    assert found.image_config == {"interval": 5, "format": "jpeg", "width": 0, "height": 0}
    assert found.storage_config["tos_config"]["bucket"] == "frames"
    assert found.start_time == outputs["startTime"]
    with pytest.raises(NotFound, match="found nothing"):
        volcengine.get_snapshot_task(story.app, "Room1", "nobody")
    assert story.stack.refresh() == {}
    story.emulator.stop(story.task)
    story.stack.destroy()
    assert "had ended already" in story.stack.said
    story.ends_settled()


@pytest.mark.parametrize("name", STORIES)
def test_a_change_takes_the_documented_step_and_calls(story: Story, name: str) -> None:
    """Everything but what the table says replaces the task."""
    row = {**({} if "step" in STORIES[name] else REPLACED), **STORIES[name]}
    story.stack.up({"lobby": story.declare(**row.get("declared", {}))})
    happen(story, row.get("event", ""))
    if row.get("refresh"):
        story.stack.refresh()
    changed = story.declare(**row["change"])
    with story.emulator.recording(story.app) as calls:
        assert story.stack.up({"lobby": changed}) == {"lobby": row["step"]}
    if "calls" in row:
        assert calls == row["calls"].split()
    running = story.running()
    assert len(running) == row.get("running", 1)
    assert not running or running[0].items() >= row.get("there", {}).items()
    if row.get("event") == "state is lost":
        assert len(story.emulator.tasks(app=story.app)) == 1
        assert story.stack.refresh() == {}
    story.ends_settled(lobby=changed)


def happen(story: Story, event: str) -> None:
    if event == "everybody leaves":
        story.everybody_leaves()
    elif event == "three days":
        story.emulator.advance(THREE_DAYS + 60)
    elif event == "a rename":
        story.stack.state["hall"] = story.stack.state.pop("lobby")
    if "stop" in event:
        story.emulator.stop(story.task)
    if "the answer to a start is lost" in event:
        story.stack.refresh()
        story.emulator.fault("close-after", "StartSnapshot")
    if "state is lost" in event:
        story.stack.state.clear()


OURS = ("stop, state is lost", "a rename", "stop, the answer to a start is lost")
ADOPTIONS = {"state is lost": True, **dict.fromkeys(OURS, False)}


"""What happens before an `up`, and whether it takes over a task that may be another stack's."""


@pytest.mark.parametrize("event", ADOPTIONS)
@pytest.mark.parametrize("interval", [5, 7])
def test_the_adoption_of_a_task_that_may_be_another_stacks_is_reported(
    story: Story, event: str, interval: int
) -> None:
    story.stack.up({"lobby": story.declare()})
    since = story.running()[0]["startTime"]
    happen(story, event)
    story.stack.said.clear()
    declared = story.declare(imageConfig={"interval": interval})
    story.stack.up({"lobby": declared})
    warned = [line for line in story.stack.said if "another stack started it" in line]
    assert bool(warned) is ADOPTIONS[event], story.stack.said
    if warned:
        assert warned[0].startswith(f"snapshot task {story.task} runs since {since} and is adopted: ")
    story.ends_settled(lobby=declared)


def test_a_running_task_with_other_settings_is_not_taken_over(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    kept = dict(story.stack.state)
    story.stack.state.clear()
    with pytest.raises(TaskConflict) as refused:
        story.stack.up({"lobby": story.declare(imageConfig={"interval": 9, "width": 640, "format": "png"})})
    assert "image_config.width: running with 0, declared 640" in str(refused.value)
    assert "image_config.format: running with 'jpeg', declared 'png'" in str(refused.value)
    assert "StopSnapshot" in str(refused.value)
    assert story.running()[0]["interval"] == 5, "a task that is not ours was changed"
    story.stack.state.update(kept)
    story.ends_settled(lobby=story.declare())


def test_a_renamed_resource_keeps_its_task_running(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    with story.emulator.recording(story.app) as calls:
        assert story.stack.up({"foyer": story.declare()}) == {"foyer": "create", "lobby": "delete"}
    assert "StopSnapshot" not in calls
    assert len(story.running()) == 1
    assert list(story.stack.state) == ["foyer"]
    with pytest.raises(Refused) as refused:
        story.stack.preview({"foyer": story.declare(), "hall": story.declare()})
    both = "by urn:pulumi:test::mini::task::hall and by urn:pulumi:test::mini::task::foyer"
    assert refused.value.lines == [f"task_id 'Task1' is declared {both}; set another one"]
    story.ends_settled(foyer=story.declare())


def test_a_rename_with_other_settings_says_what_to_do(story: Story) -> None:
    """Without an alias nobody knows that the old entry of state is this resource's."""
    story.stack.up({"lobby": story.declare()})
    wider = {"imageConfig": {"interval": 5, "width": 64}}
    with pytest.raises(TaskConflict, match=r"it is recorded as urn:\S+::lobby: rename or move it first"):
        story.stack.up({"foyer": story.declare(**wider)})
    assert len(story.running()) == 1
    story.stack.up({"foyer": story.declare()})
    story.stack.up({"foyer": story.declare(**wider)})
    story.ends_settled(foyer=story.declare(**wider))


TOO_OLD_TO_BE_READ: dict[str, tuple[dict[str, Any], Any, str]] = {
    "its name alone": ({}, {}, ""),
    "its interval": ({"imageConfig": {"interval": 9}}, {}, ""),
    "what the service never knew": ({"keepRunning": True, "framePrefix": "hall/"}, {}, ""),
    "its width": (
        {"imageConfig": {"interval": 600, "width": 64}},
        {},
        r"image_config.width: running with 0\S*, declared 64\); it is recorded as urn:\S+::lobby: rename",
    ),
    "a task that is recorded as ended": ({}, {"status": "ended"}, "its settings cannot be read"),
    "a task that may never have run": ({}, {"status": "not confirmed"}, "its settings cannot be read"),
    "a task with a secret bucket": ({}, {"storageConfig": SECRET}, "storage_config.type: running with None"),
    "a task that nothing records": ({}, None, r"its settings cannot be read: .*\); declare the settings"),
}
"""What a rename without an alias changes, what else state has (None for nothing), and the refusal if any."""


@pytest.mark.parametrize("name", TOO_OLD_TO_BE_READ)
def test_a_rename_when_the_task_cannot_be_read_any_more(story: Story, name: str) -> None:
    """Its old entry of state says what it has; that it runs, StartSnapshot says."""
    changes, recorded, refusal = TOO_OLD_TO_BE_READ[name]
    story.stack.up({"lobby": story.declare(**SELDOM)})
    happen(story, "three days")
    kept = story.stack.state.pop("lobby")
    if recorded is not None:
        story.stack.state["lobby"] = replace(kept, outputs={**kept.outputs, **recorded})
    [before] = story.running()
    story.emulator.change(story.task, interval=500)  # nobody can see this either
    refused = pytest.raises(TaskConflict, match=refusal) if refusal else contextlib.nullcontext()
    with story.emulator.recording(story.app) as calls, refused:
        story.stack.up({"foyer": story.declare(**{**SELDOM, **changes})})
    assert "StopSnapshot" not in calls
    assert [task["startTime"] for task in story.running()] == [before["startTime"]]
    if refusal:
        story.stack.state = {"foyer": kept}
        story.ends_settled(foyer=story.declare(**SELDOM))
        return
    foyer = story.stack.state["foyer"].outputs
    assert story.running()[0]["interval"] == foyer["imageConfig"]["interval"]
    assert (foyer["startTime"], foyer["history"]) == (kept.outputs["startTime"], kept.outputs["history"])
    story.ends_settled(foyer=story.declare(**{**SELDOM, **changes}))


@pytest.mark.parametrize("runs", [True, False])
def test_a_start_that_was_never_answered_stays_in_state(story: Story, runs: bool) -> None:
    """Nobody can tell one that never ran from one that runs for too long to be read."""
    declared = story.declare(taskId="Task1" if runs else "Task2", **SELDOM)
    story.stack.up({"lobby": story.declare(**SELDOM)})
    lobby = story.stack.state["lobby"]
    outputs = {name: value for name, value in lobby.outputs.items() if name not in ("startTime", "history")}
    lobby.outputs = {**outputs, **declared, "status": "not confirmed"}
    lobby.id = f"{story.app}/Room1/{declared['taskId']}"
    happen(story, "three days")
    assert story.stack.refresh()["lobby.state"] == ("running", "not confirmed")
    if runs:
        story.stack.destroy()
        story.ends_settled()
    else:
        assert story.stack.up({"lobby": declared}) == {"lobby": "update"}
        story.emulator.stop(story.task)
        story.ends_settled(lobby=declared)


def test_an_automatic_task_goes_by_the_users_name(story: Story) -> None:
    settings: dict[str, Any] = {"autoSnapshot": {"interval": 3, "bucket": "frames"}}
    story.emulator.request("PUT", f"/rooms/{story.app}/Room1", settings)
    running = volcengine.get_snapshot_task(story.app, "Room1", "user0")
    assert (running.status, running.image_config["interval"]) == ("running", 3)
    story.emulator.request("DELETE", f"/rooms/{story.app}/Room1/users/user0")
    left = volcengine.get_snapshot_task(story.app, "Room1", "user0")
    assert (left.status, left.stop_reason) == ("ended", "UserDisconnect")
    story.emulator.reset()
    story.ends_settled()
