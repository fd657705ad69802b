"""What the sheet says, as text: summaries, times, policy, and names of strangers."""

from __future__ import annotations

import base64
import builtins
import hashlib
import html
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from integration.frames.contact_sheet import samples
from integration.frames.contact_sheet.conftest import sheet
from integration.frames.contact_sheet.samples import NOON
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.frames.contact_sheet import formatting as words
from pulumi_videosnap.frames.contact_sheet import render
from pulumi_videosnap.frames.model import Condition, Frame, Report, Series, TaskFrames
from pulumi_videosnap.report import formatting as figures
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
        ((task(3, 0, 3),), "All 3 expected frames are there."),
        ((task(1, 0, 1),), "The expected frame is there."),
        ((task(0, 0, 0),), "No frame expected."),
        (
            (task(58, 2, 60), task(60, 0, 60), unread()),
            "118 of 120 expected frames; 2 missing; 1 of 3 tasks could not be read.",
        ),
        ((task(5, 0, 3),), "All 3 expected frames are there; 2 more than expected."),
        ((task(2, 1, 2),), "1 of 2 expected frames; 1 missing; 1 more than expected."),
        ((task(1, 0, 4),), "1 of 4 expected frames; 3 missing."),
        ((task(7),), "7 frames, and nothing says how many there should be."),
        (
            (task(1, 0, 1), task(1)),
            "The expected frame is there; 1 frame where nothing says how many there should be.",
        ),
        ((unread(),), "1 of 1 task could not be read."),
    ],
)
def test_the_summary_names_the_population(tasks: tuple[TaskFrames, ...], sentence: str) -> None:
    assert words.summary(Report("s", NOON, tasks)) == sentence


def test_the_summary_counts_what_is_odd() -> None:
    text = words.summary(samples.story(600))
    assert text == (
        "584 of 600 expected frames; 16 missing; 2 late; 2 unreadable; 3 duplicate; 2 black; "
        "1 of 3 tasks could not be read."
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
def test_moments_of_a_video(ms: int, text: str) -> None:
    assert words.offset(ms) == text


def test_times_are_told_in_utc_whatever_their_zone() -> None:
    east = timezone(timedelta(hours=8))
    assert figures.exact(datetime(2026, 8, 4, 20, tzinfo=east)) == "2026-08-04 12:00:00 UTC"
    assert figures.exact(datetime(2026, 8, 4, 12)) == "2026-08-04 12:00:00 UTC"
    assert figures.brief(NOON + timedelta(milliseconds=240), with_day=True) == "08-04 12:00:00.240"


def test_a_place_says_all_that_is_known() -> None:
    assert (
        words.place(Location("tos", "frames", "cn-beijing", "a/"))
        == "tos bucket frames, below a/, cn-beijing"
    )
    assert words.place(Location("oss", "frames")) == "oss bucket frames"


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
    alone = render(Report("s", NOON, (task(58, 2, 60),)))
    assert alone.count("58 of 60 expected frames") == 1
    assert "<nav" not in alone


def test_pictures_that_nobody_opened_are_not_called_good() -> None:
    closed = render(Report("s", NOON, (task(1, 0, 1),)))
    assert "The pictures were not opened" in closed
    assert "not opened</span>" in closed


def test_a_thumbnail_of_another_type_is_left_out() -> None:
    frame = samples.live("camera0", 0)
    assert frame.picture
    svg = replace(frame, picture=replace(frame.picture, thumbnail_type="image/svg+xml"))
    text = render(Report("s", NOON, (task(0, series=(Series("s", (svg,)),)),)))
    assert "svg+xml" not in text


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(samples.story(12)) == render(samples.story(12))


def test_without_jinja_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.endswith("sheet.page"):
            raise ModuleNotFoundError("No module named 'jinja2'", name="jinja2")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(VideosnapError, match=r"needs Jinja2.*pip install 'pulumi-videosnap\[frames\]'"):
        render(samples.story(12))
