"""Looking at tasks that nobody declared, against the emulator."""

from __future__ import annotations

import pytest

from pulumi_videosnap import volcengine
from pulumi_videosnap.errors import NotFound
from support.story import Story


def test_a_task_is_told_in_a_programs_words(story: Story) -> None:
    story.stack.up({"lobby": story.declare()})
    found = volcengine.get_snapshot_task(story.app, "Room1", "Task1")
    assert (found.status, found.stop_reason, found.end_time) == ("running", None, None)
    assert found.image_config == {"interval": 5, "format": "jpeg", "width": 0, "height": 0}
    assert found.storage_config["tos_config"]["bucket"] == "frames"
    assert found.start_time == story.stack.state["lobby"].outputs["startTime"]
    story.ends_settled(lobby=story.declare())


def test_an_automatic_task_goes_by_the_users_name(story: Story) -> None:
    settings = {"autoSnapshot": {"interval": 3, "bucket": "frames"}}
    story.emulator.request("PUT", f"/rooms/{story.app}/Room1", settings)
    running = volcengine.get_snapshot_task(story.app, "Room1", "user0")
    assert (running.status, running.image_config["interval"]) == ("running", 3)
    story.emulator.request("DELETE", f"/rooms/{story.app}/Room1/users/user0")
    left = volcengine.get_snapshot_task(story.app, "Room1", "user0")
    assert (left.status, left.stop_reason) == ("ended", "UserDisconnect")
    story.emulator.reset()
    story.ends_settled()


def test_a_task_that_is_not_there_is_an_error(story: Story) -> None:
    with pytest.raises(NotFound, match="found no such task"):
        volcengine.get_snapshot_task(story.app, "Room1", "nobody")
    story.ends_settled()
