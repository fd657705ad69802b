"""A task's life under the real engine, through its command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.cli import Project
from support.emulator import Emulator

Declare = Callable[..., None]
DRIFT = 7
HOUR = 3600


def test_up_and_a_second_up_that_changes_nothing(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.up().ok()
    (task,) = project.tasks()
    assert task["id"] == f"{app}/Room1/Task1"
    assert task["outputs"]["status"] == "running"
    with emulator.recording(app) as calls:
        project.up("--expect-no-changes").ok()
    assert calls == []
    project.destroy().ok()
    assert emulator.running(app) == []


def test_an_interval_is_updated_in_place(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.up().ok()
    declare(image_config={"interval": 7})
    assert "~ interval: 5 => 7" in project.preview().ok().output
    with emulator.recording(app) as calls:
        project.up().ok()
    assert calls == ["UpdateSnapshot", "GetSnapshotTask"]
    assert [task["interval"] for task in emulator.running(app)] == [7]
    project.up("--expect-no-changes").ok()
    project.destroy().ok()


def test_a_width_replaces_the_task_after_it_was_stopped(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.up().ok()
    declare(image_config={"interval": 5, "width": 640})
    preview = project.preview().ok().output
    assert "(replace)" in preview
    assert "~ width: 0 => 640" in preview
    with emulator.recording(app) as calls:
        project.up().ok()
    assert calls == ["StopSnapshot", "StartSnapshot", "GetSnapshotTask"]
    project.up("--expect-no-changes").ok()
    project.destroy().ok()
    assert emulator.running(app) == []


def test_a_task_stopped_outside_is_named_and_started_again(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.up().ok()
    emulator.stop(f"{app}/Room1/Task1")
    drift = project.drift().exits(DRIFT)
    assert '~ state: "running" => "ended: StopByAPI"' in drift.output
    project.up("--refresh").ok()
    assert len(emulator.running(app)) == 1
    project.drift().ok()
    project.destroy().ok()


def test_an_interval_changed_outside_is_named_and_healed(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.up().ok()
    emulator.change(f"{app}/Room1/Task1", interval=9)
    assert "~ interval: 5 => 9" in project.drift().exits(DRIFT).output
    with emulator.recording(app) as calls:
        project.up("--refresh").ok()
    assert calls == ["GetSnapshotTask", "UpdateSnapshot", "GetSnapshotTask"]
    project.drift().ok()
    project.destroy().ok()


def test_after_73_hours_refresh_keeps_the_resource_and_says_why(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    declare(image_config={"interval": 600})
    project.up().ok()
    before = project.tasks()
    emulator.advance(73 * HOUR)
    refreshed = project.run("refresh", "--yes", "--skip-preview").ok()
    assert "cannot be read any more: the service answers for 72 hours after the start" in refreshed.output
    assert [task["outputs"] for task in project.tasks()] == [task["outputs"] for task in before]
    project.up("--expect-no-changes").ok()
    project.destroy().ok()
    assert emulator.running(app) == []


def test_a_task_that_is_gone_is_made_again(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.up().ok()
    emulator.reset()
    refreshed = project.run("refresh", "--yes", "--skip-preview").ok()
    assert "- 1 deleted" in refreshed.output
    project.up().ok()
    assert len(emulator.running(app)) == 1
    project.destroy().ok()


def test_a_renamed_resource_keeps_its_task_running(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.up().ok()
    declare("foyer")
    with emulator.recording(app) as calls:
        project.up().ok()
    assert "StopSnapshot" not in calls
    assert len(emulator.running(app)) == 1
    assert [task["urn"].rpartition("::")[2] for task in project.tasks()] == ["foyer"]
    project.drift().ok()
    project.destroy().ok()
    assert emulator.running(app) == []


def test_target_replace_ends_with_a_running_task(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.up().ok()
    urn = project.tasks()[0]["urn"]
    project.up("--target-replace", urn).ok()
    assert len(emulator.running(app)) == 1
    project.drift().ok()
    project.destroy().ok()


def test_a_plan_that_was_reviewed_is_what_runs(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.run("preview", "--save-plan", "plan.json").ok()
    project.up("--plan", "plan.json").ok()
    declare(image_config={"interval": 7})
    project.run("preview", "--save-plan", "plan.json").ok()
    declare(image_config={"interval": 8})
    refused = project.up("--plan", "plan.json").exits(1)
    assert "violates plan" in refused.output
    assert [task["interval"] for task in emulator.running(app)] == [5]
    project.destroy().ok()


@pytest.mark.parametrize("change", ["interval", "width"])
def test_an_unknown_value_is_left_alone_by_the_preview(
    project: Project, declare: Declare, emulator: Emulator, app: str, change: str
) -> None:
    program = """\
import pulumi
from pulumi_videosnap import volcengine

first = volcengine.SnapshotTask("first", app_id="{app}", room_id="Room1", image_config={{"interval": 5}},
    storage_config={{"tos_config": {{"account_id": "2100000000", "bucket": "frames"}}}})
later = first.start_time.apply(lambda start: 7)
volcengine.SnapshotTask("second", app_id="{app}", room_id="Room2", image_config={{"{change}": later}},
    storage_config={{"tos_config": {{"account_id": "2100000000", "bucket": "frames"}}}})
pulumi.export("task", first.task_id)
pulumi.export("interval", first.image_config["interval"])
"""
    project.write(program.format(app=app, change=change))
    project.preview().ok()
    assert emulator.tasks(app=app) == []
    project.up().ok()
    second = next(task for task in emulator.running(app) if task["roomId"] == "Room2")
    assert second[change] == 7
    assert second["taskId"] == "stories.dev.second"
    outputs = project.run("stack", "output", "--json").ok().output
    assert '"task": "stories.dev.first"' in outputs
    assert '"interval": 5' in outputs
    project.destroy().ok()
