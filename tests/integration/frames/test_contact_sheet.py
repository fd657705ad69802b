"""The contact sheet and the summary as text: sentences, policy, keys, and positions on the timeline."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from integration.frames import samples
from integration.frames.samples import NOON, sheet
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.frames.contact_sheet import as_html
from pulumi_videosnap.frames.contact_sheet.timeline import Timeline, scale, timeline
from pulumi_videosnap.frames.model import Condition, Event, Frame, FramesReport, Series, TaskFrames
from pulumi_videosnap.frames.text import location_text, offset, summary
from pulumi_videosnap.report import formatting as figures
from pulumi_videosnap.report import html as report_html
from pulumi_videosnap.storage.platforms import Location


def task(there: int, missing: int = 0, expected: int | None = None, **changes: Any) -> TaskFrames:
    frames = [Frame(Condition.PRESENT)] * there + [Frame(Condition.MISSING)] * missing
    plain = TaskFrames("t", "kind", "id", None, (Series("s", tuple(frames)),), expected=expected)
    return replace(plain, **changes)


def unread() -> TaskFrames:
    return task(0, problem="AccessDenied")


@pytest.mark.parametrize(
    ("tasks", "sentence"),
    [
        ((), "There are no snapshot tasks."),
        ((task(3, 0, 3),), "All 3 expected frames are present."),
        ((task(1, 0, 1),), "The expected frame is present."),
        ((task(0, 0, 0),), "No frame expected."),
        (
            (task(58, 2, 60), task(60, 0, 60), unread()),
            "118 of 120 expected frames; 2 missing; 1 of 3 tasks could not be checked.",
        ),
        ((task(5, 0, 3),), "All 3 expected frames are present; 2 more than expected."),
        ((task(2, 1, 2),), "1 of 2 expected frames; 1 missing; 1 more than expected."),
        ((task(1, 0, 4),), "1 of 4 expected frames; 3 missing."),
        ((task(7),), "7 frames; how many there should be is not known."),
        (
            (task(1, 0, 1), task(1)),
            "The expected frame is present; 1 frame of tasks whose number of frames is not known.",
        ),
        ((unread(),), "1 of 1 task could not be checked."),
    ],
)
def test_the_summary_names_the_population(tasks: tuple[TaskFrames, ...], sentence: str) -> None:
    assert summary(FramesReport("s", NOON, tasks)) == sentence


def test_the_summary_counts_what_is_odd() -> None:
    text = summary(samples.story(600))
    assert text == (
        "584 of 600 expected frames; 16 missing; 2 late; 2 unreadable; 3 duplicate; 2 black; "
        "1 of 3 tasks could not be checked."
    )


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain ä 图 text", "plain ä 图 text"),
        ("a\x00\x1b[31m\r\n", "a\\x00\\x1b[31m\\r\\n"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u200bzero\u2028", "\\u200bzero\\u2028"),
        ("\ud800 \U000e0041", "\\ud800 \\U000e0041"),
        (7, 7),
    ],
)
def test_hidden_characters_are_written_out(given: object, shown: object) -> None:
    assert figures.visible(given) == shown


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (16_900, "16.9 kB"), (999_960, "1.0 MB")],
)
def test_sizes(count: int, text: str) -> None:
    assert figures.size(count) == text


@pytest.mark.parametrize(("ms", "text"), [(0, "0:00.000"), (62_040, "1:02.040"), (3_662_000, "1:01:02.000")])
def test_times_in_a_video(ms: int, text: str) -> None:
    assert offset(ms) == text


def test_times_are_in_utc_whatever_their_zone() -> None:
    east = timezone(timedelta(hours=8))
    assert figures.exact(datetime(2026, 8, 4, 20, tzinfo=east)) == "2026-08-04 12:00:00 UTC"
    assert figures.exact(datetime(2026, 8, 4, 12)) == "2026-08-04 12:00:00 UTC"
    assert figures.brief(NOON + timedelta(milliseconds=240), with_day=True) == "08-04 12:00:00.240"


def test_the_text_of_a_location() -> None:
    assert (
        location_text(Location("tos", "frames", "cn-beijing", "a/"))
        == "tos bucket frames, below a/, cn-beijing"
    )
    assert location_text(Location("oss", "frames")) == "oss bucket frames"


def test_the_policy_allows_these_two_texts_and_nothing_else() -> None:
    text = sheet(12)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    rules = html.unescape(policy[1])
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        inline = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        assert inline is not None
        digest = base64.b64encode(hashlib.sha256(inline[1].encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in rules
    assert "default-src 'none'; img-src data:;" in rules
    assert "unsafe" not in rules
    assert not re.search(r"<[^>]* (style|on\w+)=", text)


def test_no_address_is_in_the_sheet() -> None:
    links = re.findall(r'(?:href|src|action|srcset)="([^"]*)"', sheet(600))
    assert {link.partition(",")[0].rstrip("0123456789") for link in links} <= {
        "data:", "data:image/webp;base", "data:image/webp;base64", "#frames", "#task-",
        *(f"#mark-{condition.value}" for condition in Condition),
    }  # fmt: skip
    assert "://" not in sheet(600)
    assert "url(" not in sheet(600).replace('url("#hatch")', "")


def test_a_sheet_of_600_frames_stays_small() -> None:
    assert len(sheet(600).encode()) < 3_000_000
    without_pictures = re.sub(r"base64,[^\"]*", "", sheet(600))
    assert len(without_pictures.encode()) < 900_000  # leaves 3.5 kB for each thumbnail: more than photos take


def test_a_sheet_of_one_task_says_its_summary_once() -> None:
    alone = as_html(FramesReport("s", NOON, (task(58, 2, 60),)))
    assert alone.count("58 of 60 expected frames") == 1
    assert "<nav" not in alone


def test_frames_that_were_not_decoded_are_not_called_good() -> None:
    closed = as_html(FramesReport("s", NOON, (task(1, 0, 1),)))
    assert "The frames were not decoded" in closed
    assert "not decoded</span>" in closed


def test_a_thumbnail_of_another_type_is_left_out() -> None:
    frame = samples.live("camera0", 0)
    assert frame.decoded
    svg = replace(frame, decoded=replace(frame.decoded, thumbnail_type="image/svg+xml"))
    text = as_html(FramesReport("s", NOON, (task(0, series=(Series("s", (svg,)),)),)))
    assert "svg+xml" not in text


def test_the_same_report_gives_the_same_bytes() -> None:
    assert as_html(samples.story(12)) == as_html(samples.story(12))


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (
            "a/user0-x_1/2026.jpg",
            "a/<wbr>user0-<wbr>x_<wbr>1/<wbr>2026<wbr>EXT(.jpg)",
        ),
        ("plain", "plain"),
        ("a..b/", "a..<wbr>b/"),
        ("a.extension", "a.<wbr>extension"),
        ("<b>/\u202e.png", "&lt;b&gt;/<wbr>\\u202e<wbr>EXT(.png)"),
    ],
)
def test_a_key_breaks_after_separators_and_never_in_its_extension(key: str, written: str) -> None:
    frame = Frame(Condition.PRESENT, key)
    text = as_html(FramesReport("s", NOON, (task(0, series=(Series("s", (frame,)),)),)))
    written = re.sub(r"EXT\((.*)\)", r'<span class="extension">\1</span>', written)
    assert f'<dd class="exact">{written}</dd>' in text


def test_without_jinja_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setattr(report_html, "_environment", report_html._environment.__wrapped__)
    with pytest.raises(VideosnapError, match=r"needs Jinja2.*pip install 'pulumi-videosnap\[frames\]'"):
        as_html(samples.story(12))


def drawn(task: TaskFrames) -> Timeline:
    line = scale(task)
    assert line is not None
    return timeline(task, line)


def of(*frames: Frame, events: tuple[Event, ...] = ()) -> TaskFrames:
    return TaskFrames("t", "k", "i", None, (Series("s", frames),), events)


def due(second: float, condition: Condition = Condition.PRESENT) -> Frame:
    return Frame(condition, due=NOON + timedelta(seconds=second))


def event(second: float, kind: str = "interval", until: float | None = None) -> Event:
    ends = None if until is None else NOON + timedelta(seconds=until)
    return Event(NOON + timedelta(seconds=second), kind, "words", ends)


def test_good_frames_are_one_path_and_others_are_marks() -> None:
    row = drawn(of(due(0), due(5, Condition.MISSING), due(10))).rows[0]
    assert row.present == "M0 0v1M1000 0v1"
    assert row.marks == ((500, "missing"),)


def test_the_line_reaches_over_events_and_gaps() -> None:
    flags = drawn(of(due(50), events=(event(0, "start"), event(60, "gap", 80), event(100, "end")))).flags
    assert [(flag.number, flag.kind, flag.at, flag.length) for flag in flags] == [
        (1, "start", 0, 0), (2, "gap", 600, 200), (3, "end", 1000, 0),
    ]  # fmt: skip
    assert [flag.time for flag in flags] == ["12:00:00", "", "12:01:40"], "the text of a gap has its times"


def test_numbers_that_would_cover_each_other_stand_in_rows() -> None:
    flags = drawn(of(due(0), due(100), events=tuple(event(second) for second in (10, 11, 12, 13, 50)))).flags
    assert [flag.row for flag in flags] == [0, 1, 2, 0, 0]


def test_events_are_numbered_in_the_order_of_time() -> None:
    flags = drawn(of(events=(event(9, "end"), event(0, "start")))).flags
    assert [(flag.number, flag.kind) for flag in flags] == [(1, "start"), (2, "end")]


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (25, ["12:00:00", "12:00:05", "12:00:10", "12:00:15", "12:00:20", "12:00:25"]),
        (1250, ["12:00:00", "12:05:00", "12:10:00", "12:15:00", "12:20:00"]),
        (
            72 * 3600,
            ["08-05 00:00", "08-05 12:00", "08-06 00:00", "08-06 12:00", "08-07 00:00", "08-07 12:00"],
        ),
    ],
)
def test_labels_are_round_times(seconds: int, labels: list[str]) -> None:
    assert [label for _, label in drawn(of(due(0), due(seconds))).labels][-len(labels) :] == labels


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


def test_the_label_has_the_extent_and_the_gaps() -> None:
    missing = [due(second, Condition.MISSING) for second in (5, 10, 20)]
    label = drawn(of(due(0), *missing[:2], due(15), missing[2])).label
    assert label == (
        "Timeline, 2026-08-04 12:00:00 UTC to 2026-08-04 12:00:20 UTC: frames are missing in 2 places"
    )


def test_without_any_time_there_is_no_line() -> None:
    assert scale(of(Frame(Condition.PRESENT, "key"))) is None
    assert scale(replace(of(), series=())) is None
