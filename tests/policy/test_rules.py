"""The rules about one resource: buckets, intervals, business ids."""

from __future__ import annotations

from typing import Any

import pytest

from policy.rules.buckets import foreign_places
from policy.rules.business_id import missing_business_id
from policy.rules.facts import JOB, TASK
from policy.rules.findings import Finding, Misconfigured, Unchecked, Violation
from policy.rules.interval import interval_out_of_range
from policy.rules.values import NotKnown, Secret

STORAGES = [
    ("tosConfig", "bucket", "storage_config.tos_config.bucket"),
    ("vodConfig", "space", "storage_config.vod_config.space"),
    ("customConfig", "bucket", "storage_config.custom_config.bucket"),
    ("veImageXConfig", "serviceId", "storage_config.ve_image_x_config.service_id"),
]


def places(resource_type: str, properties: dict[str, Any], *allowed: str) -> list[Finding]:
    return list(foreign_places(resource_type, properties, allowed))


def interval(resource_type: str, block: str, value: Any) -> list[Finding]:
    return list(interval_out_of_range(resource_type, {block: {"interval": value}}, 2.0, 600.0))


def business_id(value: Any, pattern: str | None = None) -> list[Finding]:
    return list(missing_business_id({} if value is None else {"businessId": value}, pattern))


@pytest.mark.parametrize(("block", "name", "field"), STORAGES)
def test_every_place_of_a_task_is_held_against_the_list(block: str, name: str, field: str) -> None:
    task = {"storageConfig": {block: {name: "private"}}}
    assert places(TASK, task, "frames", "media") == [
        Violation(f"{field} is 'private': write 'frames' or 'media'")
    ]
    assert places(TASK, task, "private") == []
    assert places(TASK, task) == []


def test_both_outputs_of_a_job_are_held_against_the_list() -> None:
    job = {
        "input": {"bucket": "media"},
        "snapshotConfig": {"outputFile": {"bucket": "a"}, "tileOutputFile": {"bucket": "b"}},
    }
    assert places(JOB, job, "frames") == [
        Violation("snapshot_config.output_file.bucket is 'a': write 'frames'"),
        Violation("snapshot_config.tile_output_file.bucket is 'b': write 'frames'"),
    ]


def test_other_resources_have_no_places() -> None:
    assert places("aws:s3/bucket:Bucket", {"storageConfig": {"tosConfig": {"bucket": "x"}}}, "frames") == []


def test_a_secret_bucket_is_checked_and_not_shown() -> None:
    task = {"storageConfig": Secret({"tosConfig": {"bucket": "private"}})}
    assert places(TASK, task, "frames") == [
        Violation("storage_config.tos_config.bucket is [secret]: write 'frames'")
    ]
    assert places(TASK, task, "private") == []


def test_a_place_that_is_not_known_is_named_where_that_begins() -> None:
    assert set(places(TASK, {"storageConfig": NotKnown()}, "frames")) == {Unchecked("storage_config")}
    bucket = {"storageConfig": {"tosConfig": {"bucket": NotKnown()}}}
    assert places(TASK, bucket, "frames") == [Unchecked("storage_config.tos_config.bucket")]


@pytest.mark.parametrize("value", [2.0, 5.0, 600.0])
def test_an_interval_within_the_range_is_fine(value: float) -> None:
    assert interval(TASK, "imageConfig", value) == []


@pytest.mark.parametrize(("value", "shown"), [(1.0, "1"), (601.0, "601"), (Secret(1.0), "[secret]")])
def test_an_interval_outside_the_range_is_told_with_the_range(value: Any, shown: str) -> None:
    assert interval(TASK, "imageConfig", value) == [
        Violation(f"image_config.interval is {shown}: write 2 to 600 (seconds)")
    ]


def test_a_job_without_a_pace_has_no_interval() -> None:
    assert interval(JOB, "snapshotConfig", 0.0) == []
    assert interval(JOB, "snapshotConfig", None) == []
    assert interval(JOB, "snapshotConfig", 1.0) == [
        Violation("snapshot_config.interval is 1: write 2 to 600 (seconds)")
    ]


def test_an_interval_that_is_not_known_is_no_violation() -> None:
    assert interval(TASK, "imageConfig", NotKnown()) == [Unchecked("image_config.interval")]


def test_a_range_that_is_empty_is_the_configurations_fault() -> None:
    with pytest.raises(Misconfigured, match="minimum 9 is above maximum 5"):
        list(interval_out_of_range(TASK, {}, 9.0, 5.0))


def test_a_business_id_is_wanted() -> None:
    assert business_id("team-a") == []
    assert business_id(None) == [Violation('business_id is not given: write business_id="…"')]
    assert business_id(NotKnown()) == []


def test_a_business_id_matches_the_pattern_as_a_whole() -> None:
    pattern = "team-[a-z]+"
    wanted = "that matches 'team-[a-z]+' as a whole"
    assert business_id("team-a", pattern) == []
    assert business_id("team-a1", pattern) == [Violation(f"business_id is 'team-a1': write one {wanted}")]
    assert business_id(Secret("x"), pattern) == [Violation(f"business_id is [secret]: write one {wanted}")]
    assert business_id(None, pattern) == [
        Violation(f'business_id is not given: write business_id="…" {wanted}')
    ]
    assert business_id(NotKnown(), pattern) == [Unchecked("business_id")]


def test_a_pattern_that_is_none_is_the_configurations_fault() -> None:
    with pytest.raises(Misconfigured, match=r"pattern '\(' in the configuration is no regular expression"):
        business_id("x", "(")
