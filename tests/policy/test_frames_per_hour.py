"""The pictures of a whole stack, added up."""

from __future__ import annotations

from typing import Any

from policy.rules.findings import Finding, Unchecked, Violation
from policy.rules.frames_per_hour import too_many_frames
from policy.rules.values import NotKnown, Secret

Task = tuple[str, dict[str, Any]]


def task(name: str, interval: Any, streams: Any = 0) -> Task:
    listed = [{"userId": f"user{n}"} for n in range(streams)] if isinstance(streams, int) else streams
    return name, {"imageConfig": {"interval": interval}, "targetStreams": {"streamList": listed}}


def found(*tasks: Task, maximum: float = 3600.0) -> list[Finding]:
    return list(too_many_frames(tasks, maximum, 2.0))


def only_text(findings: list[Finding]) -> str:
    (violation,) = findings
    assert isinstance(violation, Violation)
    return violation.text


def test_the_limit_itself_is_allowed() -> None:
    assert found(task("a", 2.0, streams=1), task("b", 4.0)) == []
    assert found() == []


def test_streams_that_are_not_listed_are_assumed_and_said() -> None:
    assert only_text(found(task("hall", 1.0))) == (
        "1 task with 7,200 pictures an hour, 3,600 are allowed. "
        "Biggest: 'hall' with 7,200 (every stream of the room, counted as 2, every 1 s). "
        "Raise image_config.interval, or name only the streams you need in target_streams.stream_list"
    )


def test_the_biggest_three_are_named() -> None:
    tasks = [task("a", 10.0), task("b", 1.0, 17), task("c", 2.0, 1), task("d", 5.0, 2)]
    text = only_text(found(*tasks))
    assert text.startswith("4 tasks with 65,160 pictures an hour")
    assert "'b' with 61,200 (17 streams, every 1 s); 'c' with 1,800 (1 stream, every 2 s); 'd'" in text
    assert "'a'" not in text


def test_two_resources_of_one_name_both_count() -> None:
    assert only_text(found(task("a", 2.0), task("a", 2.0))).startswith("2 tasks with 7,200")


def test_a_task_that_is_not_known_is_named_and_not_counted() -> None:
    unknown = [task("a", NotKnown()), task("b", 5.0, NotKnown()), ("c", {"imageConfig": NotKnown()})]
    assert found(*unknown) == [
        Unchecked("'a': image_config.interval"),
        Unchecked("'b': target_streams.stream_list"),
        Unchecked("'c': image_config"),
    ]


def test_secret_settings_count_and_are_not_shown() -> None:
    text = only_text(found(task("a", Secret(1.0)), task("b", 1.0, Secret([{}, {}]))))
    assert "'a' with [secret]; 'b' with [secret]" in text
