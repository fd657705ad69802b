"""A drift report as text, as a comment and as a page; and that none says more than was checked."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, expect

from integration.drift import samples
from integration.review.page_checks import (
    MEANS_SOMETHING,
    WIDTHS,
    assert_guarded,
    check_looks,
    opened,
    outside_of_code,
    plain,
    shape,
)
from pulumi_videosnap.drift.html import as_html
from pulumi_videosnap.drift.markdown import as_markdown
from pulumi_videosnap.drift.model import DriftReport, StackDrift, Verdict
from pulumi_videosnap.drift.text import as_text
from pulumi_videosnap.report.markdown import LIMIT
from support.golden import Golden
from support.sampling import examples


def text_of(report: DriftReport) -> str:
    return "\n".join(as_text(report)) + "\n"


@pytest.mark.parametrize(
    "name",
    ["each_verdict", "two_stacks", "in_sync", "with_unmanaged", "many", "no_tasks", "no_stacks"],
)
def test_a_report_as_text_and_as_a_comment(name: str, golden: Golden) -> None:
    report = getattr(samples, name)()
    golden(f"drift/{name}.txt", text_of(report))
    golden(f"drift/{name}.md", as_markdown(report))


def test_one_error_of_many_tasks_is_told_once(golden: Golden) -> None:
    golden("drift/one_error.txt", text_of(samples.one_error()))
    assert as_markdown(samples.one_error()).count("AccessDenied") == 2
    page = as_html(samples.one_error())
    assert page.count("AccessDenied") == 1
    assert "room-199" in page


def test_states_have_an_age() -> None:
    young, old = samples.stack(samples.room("a")), samples.stack(samples.room("b"), name="prod", hours=80)
    said = text_of(samples.report(young, old))
    assert "in 3.6 s; states written 2 h to 3 d before.\n" in said
    assert "\ndev: 1 task (1 in sync); state written 2 h before\n" in said
    ahead = samples.stack(samples.room("a"), hours=-1)
    assert "; state written just then.\n" in text_of(samples.report(ahead, seconds=200))
    unknown = young.model_copy(update={"written": None})
    assert "18:04:05 UTC in 3 min.\n" in text_of(samples.report(unknown, seconds=200))


def test_reasons_that_differ_are_told_apart() -> None:
    one = samples.room("lobby", Verdict.UNREADABLE, why="GetSnapshotTask was throttled")
    said = text_of(samples.report(samples.stack(samples.unreadable("hall"), one)))
    assert said.count("cannot be read: ") == 2
    assert "(RequestId 2026112118040501)" in said


def test_what_names_the_task_itself_is_no_other_reason() -> None:
    tasks = (
        samples.room(name, Verdict.MISSING, why=f"{name} is gone", remedy=f"`pulumi up --target {name}`")
        for name in ("lobby", "hall")
    )
    said = text_of(samples.report(samples.stack(*tasks)))
    assert "missing: lobby and hall (2 live rooms)\n  why: <name> is gone\n" in said


verdicts = st.lists(st.sampled_from(Verdict), max_size=6)
words = st.one_of(
    st.text(max_size=60).filter(lambda text: "drift" not in text.lower()),
    st.sampled_from(samples.HOSTILE),
)


@given(verdicts, verdicts, st.booleans(), words)
@settings(max_examples=examples(15, 60))
def test_only_a_complete_check_finds_no_drift(
    one: list[Verdict], other: list[Verdict], closed: bool, text: str
) -> None:
    stacks = [
        samples.stack(*(samples.room(text, verdict, why=text) for verdict in kinds), name=f"{text}{number}")
        for number, kinds in enumerate((one, other))
    ]
    if closed:
        stacks[1] = stacks[1].model_copy(update={"findings": (), "problem": text})
    report = samples.report(*stacks)
    for told in (text_of(report), as_markdown(report), as_html(report)):
        assert ("no drift" in told.lower()) == (report.exit_code == 0 and sum(report.counts.values()) > 0)
        assert ("INCOMPLETE" in told) == (not report.complete)


@given(words, st.booleans())
@settings(max_examples=examples(15, 60))
def test_lines_fit_a_terminal_and_hide_nothing(text: str, complete: bool) -> None:
    for line in as_text(samples.hostile(text, complete)):
        assert line.isprintable()
        assert len(line) <= 80 or " " not in re.sub(r"^ *(- )?", "", line)


@given(words, st.booleans())
@settings(max_examples=examples(25, 100))
def test_a_comment_holds_nothing_but_text_of_strangers(text: str, complete: bool) -> None:
    comment = as_markdown(samples.hostile(text, complete))
    assert comment.startswith("<!-- videosnap drift -->\n\n### videosnap drift: ")
    assert not MEANS_SOMETHING.search(plain(comment))
    assert {line[:1] for line in comment.splitlines()} <= set("<#-|*C") | {""}
    cells = {line.count("|") for line in comment.splitlines() if line.startswith("|")}
    assert cells == ({4} if complete else {5})


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_no_reference_is_left_where_a_host_looks_for_one(text: str) -> None:
    seen = outside_of_code(as_markdown(samples.hostile(text)))
    found = re.search(r"[@#!~%&$]\w|\w-\d|://|www\.|[0-9a-f]{7}|:tada", seen.replace("2026-11-21", ""))
    assert found is None


def test_500_tasks_that_differ_fit_into_a_comment() -> None:
    comment = as_markdown(samples.all_different())
    assert len(comment) <= LIMIT
    rows = comment.count("\n| changed |")
    assert rows == 500
    left_out = re.search(r"The details of (\d+) more are left out here", comment)
    assert left_out is not None
    assert int(left_out[1]) + comment.count("**changed**") == 500


@given(words, st.integers(0, 900), st.integers(0, 300))
@settings(max_examples=examples(5, 15))
def test_no_comment_is_too_long(text: str, count: int, others: int) -> None:
    report = samples.hostile(text * 20)
    found = report.stacks[0].findings[0]
    tasks = tuple(found.model_copy(update={"name": f"{text}{n}", "why": str(n)}) for n in range(count))
    stack = report.stacks[0].model_copy(update={"findings": tasks})
    closed = [StackDrift(stack=f"{text}{n}", problem=text * 20) for n in range(others)]
    stray = tuple(report.unmanaged[0].model_copy(update={"state": f"{text}{n}"}) for n in range(others))
    whole = samples.report(stack, *closed, unmanaged=stray, scope=(text * 20,) * others)
    comment = as_markdown(whole)
    assert len(comment) <= LIMIT
    assert comment.count("<details>") == comment.count("</details>")
    assert comment.count("<code>") == comment.count("</code>")


@given(words)
@settings(max_examples=examples(7, 30))
def test_a_page_has_the_same_parts_whatever_strangers_write(text: str) -> None:
    harmless = shape(as_html(samples.hostile("harmless")))
    tags, attributes = shape(as_html(samples.hostile(text or "harmless")))
    assert set(tags) <= {*harmless[0], "code"}
    assert {name for _, name in attributes} <= {name for _, name in harmless[1]}
    assert tags["script"] == tags["style"] == 1


REPORTS = {
    "each_verdict": samples.each_verdict(),
    "in_sync": samples.in_sync(),
    "two_stacks": samples.two_stacks(),
    "one_error": samples.one_error(),
    "no_tasks": samples.no_tasks(),
    "no_stacks": samples.no_stacks(),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of each kind."""
    made = tmp_path_factory.mktemp("drift")
    hostile = {f"hostile{n}": samples.hostile(text, False) for n, text in enumerate(samples.HOSTILE)}
    for name, report in {**REPORTS, **hostile}.items():
        (made / f"{name}.html").write_text(as_html(report), encoding="utf-8")
    return made


def test_a_page_is_guarded_and_loads_nothing(folder: Path) -> None:
    for name in REPORTS:
        text = (folder / f"{name}.html").read_text()
        assert_guarded(text)
        assert "://" not in text
        assert set(re.findall(r' (?:href|src)="([^"#]+)', text)) == {"data:,"}


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_page_can_be_read(browser: Browser, folder: Path, name: str, scheme: str) -> None:
    with opened(browser, folder / f"{name}.html", scheme=scheme) as page:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            check_looks(page)
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        check_looks(page)


@pytest.mark.browser
@pytest.mark.parametrize("number", range(len(samples.HOSTILE)))
def test_strangers_do_nothing(browser: Browser, folder: Path, number: int) -> None:
    with opened(browser, folder / f"hostile{number}.html", WIDTHS[0]) as page:
        expect(page.locator(".finding")).to_have_count(3)
        check_looks(page)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("hours", "age"), [(0.01, "36 s ago"), (0.5, "30 min ago"), (3, "3 h ago"), (100, "4 d ago")]
)
def test_a_page_says_how_old_it_is(browser: Browser, folder: Path, hours: float, age: str) -> None:
    with opened(browser, folder / "in_sync.html", at=samples.AT + timedelta(hours=hours)) as page:
        expect(page.locator("time")).to_have_text("2026-11-21 18:04:05 UTC")
        expect(page.locator("#age")).to_have_text(f"({age})")


@pytest.mark.browser
def test_a_page_ages_while_it_is_open_and_is_never_of_the_future(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "in_sync.html", at=samples.AT - timedelta(minutes=1)) as page:
        expect(page.locator("#age")).to_be_hidden()
        page.clock.fast_forward(60 * 61 * 1000)
        expect(page.locator("#age")).to_have_text("(60 min ago)")


@pytest.mark.browser
def test_without_scripts_the_date_stands_there(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "each_verdict.html", WIDTHS[0], java_script_enabled=False) as page:
        expect(page.locator("time")).to_have_text("2026-11-21 18:04:05 UTC")
        expect(page.locator("#age")).to_be_hidden()
        expect(page.locator("#tools")).to_be_hidden()
        expect(page.locator(".finding")).to_have_count(7)


@pytest.mark.browser
def test_a_page_shows_only_what_is_chosen(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "each_verdict.html") as page:
        page.get_by_role("button", name="stopped 1").press("Enter")
        page.get_by_role("button", name="in sync 1").press(" ")
        expect(page.locator(".finding:visible")).to_have_count(2)
        expect(page.get_by_role("status")).to_have_text("2 of 7 tasks shown")


@pytest.mark.browser
def test_on_paper_everything_is_there(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "each_verdict.html", scheme="dark") as page:
        page.get_by_role("button", name="failed 1").click()
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".finding:visible")).to_have_count(7)
        expect(page.locator("details:not([open])")).to_have_count(0)
        expect(page.locator("#tools")).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 33, 36)"
