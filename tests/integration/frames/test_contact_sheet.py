"""The contact sheet and the summary as text: sentences, policy, keys, and positions on the timeline."""

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from integration.frames import samples
from integration.frames.samples import NOON, sheet
from integration.report.page_checks import assert_policy
from pulumi_videosnap.frames.contact_sheet import as_html
from pulumi_videosnap.frames.contact_sheet.timeline import Timeline, scale, timeline
from pulumi_videosnap.frames.model import Condition, Event, Frame, FramesReport, Series, TaskFrames
from pulumi_videosnap.frames.text import location_text, offset, summary
from pulumi_videosnap.report import formatting as figures
from pulumi_videosnap.storage.platforms import Location
from support.data import load

CASES = load("frames/contact_sheet.json")


def task(there: int = 0, missing: int = 0, expected: int | None = None, **changes: Any) -> TaskFrames:
    frames = [Frame(Condition.PRESENT)] * there + [Frame(Condition.MISSING)] * missing
    plain = TaskFrames("t", "kind", "id", None, (Series("s", tuple(frames)),), expected=expected)
    return replace(plain, **changes)


def sheet_of(*frames: Frame) -> str:
    return as_html(FramesReport("s", NOON, (task(0, series=(Series("s", frames),)),)))


@pytest.mark.parametrize(("tasks", "sentence"), CASES["summaries"])
def test_the_summary_names_the_population(tasks: list[dict[str, Any]], sentence: str) -> None:
    assert summary(FramesReport("s", NOON, tuple(task(**one) for one in tasks))) == sentence


def test_the_summary_counts_what_is_odd() -> None:
    odd = "16 missing; 2 late; 2 unreadable; 3 duplicate; 2 black; 1 of 3 tasks could not be checked."
    assert summary(samples.story(600)) == f"584 of 600 expected frames; {odd}"


@pytest.mark.parametrize(("given", "shown"), CASES["visible"])
def test_hidden_characters_are_written_out(given: object, shown: object) -> None:
    assert figures.visible(given) == shown


def test_figures_sizes_times_and_places_as_text() -> None:
    sizes = {0: "0 bytes", 1: "1 byte", 999: "999 bytes", 16_900: "16.9 kB", 999_960: "1.0 MB"}
    assert {count: figures.size(count) for count in sizes} == sizes
    offsets = {0: "0:00.000", 62_040: "1:02.040", 3_662_000: "1:01:02.000"}
    assert {ms: offset(ms) for ms in offsets} == offsets
    for zone in (timezone(timedelta(hours=8)), timezone.utc):
        assert figures.exact(NOON.astimezone(zone)) == "2026-08-04 12:00:00 UTC"
    assert figures.exact(datetime(2026, 8, 4, 12)) == "2026-08-04 12:00:00 UTC"
    assert figures.brief(NOON + timedelta(milliseconds=240), with_day=True) == "08-04 12:00:00.240"
    place = Location("tos", "frames", "cn-beijing", "a/")
    assert location_text(place) == "tos bucket frames, below a/, cn-beijing"
    assert location_text(Location("oss", "frames")) == "oss bucket frames"


def test_the_policy_allows_these_two_texts_and_nothing_else() -> None:
    text = sheet(12)
    assert_policy(text, 'url("#hatch")')
    assert not re.search(r"<[^>]* (style|on\w+)=", text)


def test_a_sheet_of_600_frames_has_no_address_stays_small_and_comes_out_the_same() -> None:
    text = sheet(600)
    links = re.findall(r'(?:href|src|action|srcset)="([^"]*)"', text)
    assert {link.partition(",")[0].rstrip("0123456789") for link in links} <= {
        *("data:", "data:image/webp;base", "data:image/webp;base64", "#main", "#task-"),
        *(f"#mark-{condition.value}" for condition in Condition),
    }
    assert "://" not in text
    assert len(text.encode()) < 3_000_000
    # This leaves 3.5 kB for each thumbnail: more than photos take.
    assert len(re.sub(r"base64,[^\"]*", "", text).encode()) < 900_000
    assert as_html(samples.story(12)) == as_html(samples.story(12))


def test_a_sheet_says_a_single_summary_once_and_calls_no_frame_good_that_was_not_decoded() -> None:
    alone = as_html(FramesReport("s", NOON, (task(58, 2, 60),)))
    assert alone.count("58 of 60 expected frames") == 1
    assert "<nav" not in alone
    closed = as_html(FramesReport("s", NOON, (task(1, 0, 1),)))
    assert "The frames were not decoded" in closed
    assert "not decoded</span>" in closed


def test_a_thumbnail_of_another_type_is_left_out() -> None:
    frame = samples.live("camera0", 0)
    assert frame.decoded
    decoded = replace(frame.decoded, thumbnail_type="image/svg+xml")
    assert "svg+xml" not in sheet_of(replace(frame, decoded=decoded))


@pytest.mark.parametrize(("key", "written"), CASES["keys"])
def test_a_key_breaks_after_separators_and_never_in_its_extension(key: str, written: str) -> None:
    written = re.sub(r"EXT\((.*)\)", r'<span class="extension">\1</span>', written)
    assert f'<dd class="exact">{written}</dd>' in sheet_of(Frame(Condition.PRESENT, key))


def drawn(task: TaskFrames) -> Timeline:
    line = scale(task)
    assert line is not None
    return timeline(task, line)


def of(*frames: Frame, events: tuple[Event, ...] = ()) -> TaskFrames:
    return task(series=(Series("s", frames),), events=events)


def due(second: float, condition: Condition = Condition.PRESENT) -> Frame:
    return Frame(condition, due=NOON + timedelta(seconds=second))


def event(second: float, kind: str = "interval", until: float | None = None) -> Event:
    ends = None if until is None else NOON + timedelta(seconds=until)
    return Event(NOON + timedelta(seconds=second), kind, "words", ends)


@pytest.mark.parametrize("case", CASES["timelines"], ids=lambda case: case["name"])
def test_what_a_timeline_shows(case: dict[str, Any]) -> None:
    frames = [due(second, Condition(condition)) for second, condition in case["frames"]]
    line = drawn(of(*frames, events=tuple(event(*one) for one in case["events"])))
    found: dict[str, Any] = {
        "paths": [row.present for row in line.rows],
        "marks": [[[*mark] for mark in row.marks] for row in line.rows],
        "flags": [[one.number, one.kind, one.at, one.length, one.time, one.row] for one in line.flags],
        "label": line.label,
        "labels": [text for _, text in line.labels],
    }
    assert {name: found[name] for name in case["shown"]} == case["shown"]


@pytest.mark.parametrize("seconds", [0, 0.04, 1, 59, 3601, 86_399, 10**7, 10**9])
def test_any_length_of_time_has_few_labels_inside_of_the_line(seconds: float) -> None:
    labels = drawn(of(due(0), due(seconds))).labels
    assert len(labels) <= 13
    assert all(0 <= at <= 1000 for at, _ in labels)


def test_stills_stand_along_the_video() -> None:
    line = drawn(samples.job(4))
    assert (line.clock, line.extent) == (False, "0:00.000 to 0:06.000 of the video")
    assert line.rows[0].present == "M0 0v1M666.7 0v1M1000 0v1"
    assert line.rows[0].marks == ((333.3, "duplicate"),)
    assert [flag.at for flag in line.flags] == [None]


def test_without_any_time_there_is_no_line() -> None:
    assert scale(of(Frame(Condition.PRESENT, "key"))) is None
    assert scale(replace(of(), series=())) is None
