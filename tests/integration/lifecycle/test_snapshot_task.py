"""Stories of one snapshot task, each ending with an empty preview and no task left."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_videosnap.errors import TaskConflict
from support.miniengine import Refused
from support.story import Story

DAY = 86400


def test_create_starts_the_task_and_reads_it_back(story: Story) -> None:
    with story.emulator.recording(story.app) as calls:
        assert story.stack.up({"lobby": story.declare()}) == {"lobby": "create"}
    assert calls == ["StartSnapshot", "GetSnapshotTask"]
    outputs = story.stack.state["lobby"].outputs
    assert outputs["status"] == "running"
    assert outputs["startTime"].endswith("Z")
    assert "endTime" not in outputs
    assert story.stack.state["lobby"].id == story.task
    assert story.stack.refresh() == {}
    story.ends_settled(lobby=story.declare())


def test_interval_is_updated_in_place(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    faster = story.declare(imageConfig={"interval": 7})
    with story.emulator.recording(story.app) as calls:
        assert story.stack.up({"lobby": faster}) == {"lobby": "update"}
    assert calls == ["UpdateSnapshot", "GetSnapshotTask"]
    assert story.running()[0]["interval"] == 7
    story.ends_settled(lobby=faster)


@pytest.mark.parametrize(
    "change",
    [
        {"imageConfig": {"interval": 5, "width": 640}},
        {"imageConfig": {"interval": 5, "format": "png"}},
        {"storageConfig": {"tosConfig": {"accountId": "2100000000", "bucket": "media"}}},
        {"targetStreams": {"streamList": [{"userId": "user0"}]}},
        {"maxIdleTime": 200},
        {"businessId": "B1"},
        {"triggers": ["again"]},
        {"roomId": "Room2"},
        {"taskId": "Task2"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_else_replaces_the_task(story: Story, change: dict[str, Any]) -> None:
    story.stack.up({"lobby": story.declare()})
    with story.emulator.recording(story.app) as calls:
        assert story.stack.up({"lobby": story.declare(**change)}) == {"lobby": "replace"}
    assert calls == ["StopSnapshot", "StartSnapshot", "GetSnapshotTask"]
    assert len(story.running()) == 1
    story.ends_settled(lobby=story.declare(**change))


def test_keep_running_is_a_switch_of_ours_and_calls_nothing(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    with story.emulator.recording(story.app) as calls:
        assert story.stack.up({"lobby": story.declare(keepRunning=True)}) == {"lobby": "update"}
    assert calls == []
    story.ends_settled(lobby=story.declare(keepRunning=True))


def test_a_change_to_a_complete_task_starts_a_new_run(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    story.everybody_leaves()
    story.stack.refresh()
    changed = story.declare(imageConfig={"interval": 9})
    with story.emulator.recording(story.app) as calls:
        assert story.stack.up({"lobby": changed}) == {"lobby": "update"}
    assert calls == ["StartSnapshot", "GetSnapshotTask"]
    assert story.running()[0]["interval"] == 9
    story.ends_settled(lobby=changed)


def test_turning_keep_running_off_does_not_wake_a_complete_task(story: Story) -> None:
    story.stack.up({"lobby": story.declare(keepRunning=True)})
    story.everybody_leaves()
    story.stack.refresh()
    with story.emulator.recording(story.app) as calls:
        story.stack.up({"lobby": story.declare()})
    assert calls == []
    assert story.running() == []
    story.ends_settled(lobby=story.declare())


def test_an_update_of_a_task_that_ended_meanwhile_starts_a_new_run(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    story.emulator.stop(story.task)
    changed = story.declare(imageConfig={"interval": 9})
    with story.emulator.recording(story.app) as calls:
        story.stack.up({"lobby": changed})
    assert calls == ["UpdateSnapshot", "GetSnapshotTask", "StartSnapshot", "GetSnapshotTask"]
    story.ends_settled(lobby=changed)


def test_the_interval_of_a_task_too_old_to_be_read_still_changes(story: Story) -> None:
    story.stack.up({"lobby": story.declare(imageConfig={"interval": 600})})
    story.emulator.advance(3 * DAY + 60)
    changed = story.declare(imageConfig={"interval": 300})
    assert story.stack.up({"lobby": changed}) == {"lobby": "update"}
    assert story.running()[0]["interval"] == 300
    story.ends_settled(lobby=changed)


def test_an_equal_running_task_is_adopted(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    story.stack.state.clear()
    assert story.stack.up({"lobby": story.declare()}) == {"lobby": "create"}
    assert len(story.emulator.tasks(app=story.app)) == 1
    story.ends_settled(lobby=story.declare())


def test_an_adopted_task_is_brought_in_line_with_the_interval(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    story.stack.state.clear()
    changed = story.declare(imageConfig={"interval": 9})
    with story.emulator.recording(story.app) as calls:
        story.stack.up({"lobby": changed})
    assert calls == ["StartSnapshot", "GetSnapshotTask", "UpdateSnapshot", "GetSnapshotTask"]
    assert story.stack.refresh() == {}
    story.ends_settled(lobby=changed)


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
    story.ends_settled(foyer=story.declare())


def test_two_resources_cannot_declare_one_task(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        story.stack.preview({"lobby": story.declare(), "foyer": story.declare()})
    assert refused.value.lines == ["task_id 'Task1' is also declared by resource 'lobby'; choose another"]
    story.ends_settled()


def test_delete_of_a_task_that_is_gone_succeeds(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    story.emulator.stop(story.task)
    story.stack.destroy()
    assert "had ended already" in story.stack.said
    story.ends_settled()
