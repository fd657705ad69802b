"""Sizes of pictures: those of the tasks that change, whoever else writes to their bucket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from integration.frames.test_report import NOON, Bucket, at, job, room
from pulumi_videosnap.errors import Unreachable
from pulumi_videosnap.report.base import Dependencies
from pulumi_videosnap.review.preview import SAME, Plan, Step
from pulumi_videosnap.review.rules import FrameForm
from pulumi_videosnap.review.sizes import Measured, measure
from pulumi_videosnap.state import RecordedResource
from pulumi_videosnap.storage.bucket import StoredObject

FORM = FrameForm("jpeg", 640 * 360)
SMALL = {"interval": 5.0, "format": "jpeg", "width": 640, "height": 360}


def picture(key: str, size: int, seconds: float = 10) -> StoredObject:
    return StoredObject(key, size, at(seconds))


def measured(bucket: Bucket, *tasks: tuple[str, RecordedResource]) -> tuple[dict[str, Measured], list[str]]:
    """What is measured of tasks, each with what happens to it, by their names."""
    steps = [
        Step(
            operation,
            task.name,
            task.name,
            task.kind,
            replace(task, urn=task.name, inputs=task.properties),
            {},
        )
        for operation, task in tasks
    ]
    dependencies = Dependencies(open_bucket=bucket.open, now=lambda: NOON + timedelta(hours=1))
    return measure(Plan("dev", tuple(steps)), dependencies)


def small(name: str, **more: Any) -> RecordedResource:
    return room(name, **{"imageConfig": SMALL, **more})


def test_the_mean_is_that_of_the_tasks_own_pictures() -> None:
    bucket = Bucket(picture("a/1.jpg", 1000), picture("a/2.jpg", 2000), picture("a/notes.txt", 9999))
    assert measured(bucket, ("update", small("a"))) == ({"a": Measured(1500, 2, FORM)}, [])


def test_pictures_of_a_task_that_stays_as_it_is_are_not_taken_for_those_of_one_that_changes() -> None:
    bucket = Bucket(picture("a/1.jpg", 1000), picture("b/1.jpg", 9000))
    mine, other = (
        small("a", framePrefix="a/"),
        small("b", framePrefix="b/", imageConfig=SMALL | {"width": 1280}),
    )
    assert measured(bucket, ("update", mine), (SAME, other)) == ({"a": Measured(1000, 1, FORM)}, [])


def test_tasks_that_share_a_bucket_and_take_alike_pictures_are_measured_together() -> None:
    bucket = Bucket(picture("x/1.jpg", 1000), picture("y/1.jpg", 3000))
    both = measured(bucket, ("update", small("a")), (SAME, small("b")))
    assert both == ({"a": Measured(2000, 2, FORM, shared=True)}, [])


def test_tasks_that_share_a_bucket_and_take_other_pictures_are_not_measured() -> None:
    bucket = Bucket(picture("x/1.jpg", 1000), picture("y/1.jpg", 9000))
    large = small("b", imageConfig={**SMALL, "width": 1920, "height": 1080})
    sizes, (problem,) = measured(bucket, ("update", small("a")), ("update", large))
    assert sizes == {}
    assert problem.startswith("The frames of a and b were not measured; a: 2 frames could be its own")


def test_a_jobs_pictures_are_measured_too() -> None:
    bucket = Bucket(picture("o_1.jpg", 500), picture("o_2.jpg", 700))
    sizes, _ = measured(bucket, ("replace", job("stills", ["o_1.jpg", "o_2.jpg"])))
    assert (sizes["stills"].bytes_each, sizes["stills"].count) == (600, 2)


def test_nothing_is_listed_where_no_task_that_is_there_changes() -> None:
    bucket = Bucket()
    assert measured(bucket, (SAME, small("a"))) == ({}, [])
    assert bucket.listings == []


def test_a_bucket_that_cannot_be_listed_is_named_with_its_reason() -> None:
    bucket = Bucket(fails=Unreachable("ListObjectsV2", "nobody listens there"))
    sizes, (problem,) = measured(bucket, ("update", small("a")))
    assert (sizes, "nobody listens there" in problem) == ({}, True)
