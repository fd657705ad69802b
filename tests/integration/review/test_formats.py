"""A review as text, as a comment and as a page; and that strangers' text is nothing but text in each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, expect

from integration.review import samples
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
from pulumi_videosnap.report import formatting
from pulumi_videosnap.report.markdown import LIMIT
from pulumi_videosnap.review.html import as_html
from pulumi_videosnap.review.markdown import as_markdown
from pulumi_videosnap.review.model import Action, Outcome, Review
from pulumi_videosnap.review.text import as_text
from support.golden import Golden
from support.sampling import examples


def text_of(review: Review) -> str:
    return "\n".join(as_text(review)) + "\n"


@pytest.mark.parametrize("name", ["usual", "everything", "failed", "partly_listed", "calm"])
def test_a_review_as_text_and_as_a_comment(name: str, golden: Golden) -> None:
    review = getattr(samples, name)()
    golden(f"review/{name}.txt", text_of(review))
    golden(f"review/{name}.md", as_markdown(review))


@pytest.mark.parametrize(
    ("review", "line"),
    [
        (samples.calm(), "dev: no task changes, 4 stay as they are"),
        (samples.calm(1), "dev: no task changes, 1 stays as it is"),
        (samples.calm(0), "dev: the stack has no snapshot task"),
        (samples.calm(0).model_copy(update={"unlisted": 3}), "dev: no task changes"),
    ],
)
def test_nothing_changes_in_exactly_one_line(review: Review, line: str) -> None:
    assert list(as_text(review)) == [line]
    assert len(as_markdown(review).split("\n\n")) == 2


def test_a_preview_that_failed_never_says_that_nothing_changes() -> None:
    nothing = samples.calm().model_copy(update={"problem": "broken"})
    assert "no task changes" not in text_of(nothing) + as_markdown(nothing)


def test_everything_is_told() -> None:
    review = samples.everything()
    assert {task.action for task in review.tasks} == set(Action)
    assert {task.outcome for task in review.tasks} == set(Outcome)
    said = re.sub(r"\s+", " ", text_of(review))
    for told in (said, as_markdown(review), as_html(review)):
        for outcome in Outcome:
            assert outcome.value.replace("pictures", "frames") in told
        for risk in review.risks:
            assert risk.code in told


def test_without_prices_no_cost_is_told() -> None:
    for told in (text_of(samples.usual()), as_markdown(samples.usual()), as_html(samples.usual())):
        assert "cost" not in re.sub(r"<style>.*</style>", "", told, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (720, 1800, "720 -> 1,800 (x2.5)"), (4, 5, "4 -> 5 (+25%)"), (5, 2, "5 -> 2 (-60%)"),
        (0, 720, "0 -> 720"), (720, 720.0, "720"), (None, 7.2, "not known yet -> 7.2"),
        (0.0125, 1e6, "0.0125 -> 1,000,000 (x80,000,000)"), (None, None, "not known yet"),
    ],
)  # fmt: skip
def test_changes_of_a_figure(before: float | None, after: float | None, said: str) -> None:
    assert formatting.change(before, after) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (16_900, "16.9 kB"), (999_999_999, "1.0 GB"), (2.5e12, "2.5 TB"), (4e18, "4,000.0 PB")],
)
def test_sizes_reach_from_bytes_to_petabytes(count: float, said: str) -> None:
    assert formatting.byte_size(count) == said


strangers = st.one_of(st.text(max_size=60), st.sampled_from(samples.HOSTILE))


@given(strangers)
@settings(max_examples=examples(15, 60))
def test_lines_fit_a_terminal_and_hide_nothing(text: str) -> None:
    for line in as_text(samples.hostile(text)):
        assert line.isprintable()
        assert len(line) <= 80 or " " not in re.sub(r"^ *([-+~]+ +)?", "", line)


def test_real_lines_fit_a_terminal() -> None:
    assert max(map(len, as_text(samples.everything()))) <= 80


@given(strangers)
@settings(max_examples=examples(25, 100))
def test_a_comment_holds_nothing_but_text_of_strangers(text: str) -> None:
    comment = as_markdown(samples.hostile(text))
    assert re.fullmatch(r"<!-- videosnap review: [\w%./~-]* -->", comment.splitlines()[0], re.ASCII)
    assert comment.splitlines()[0].count("--") == 2
    assert not MEANS_SOMETHING.search(plain(comment))
    assert {line[:1] for line in comment.splitlines()} <= set("<#>-|*4") | {""}
    assert {line.count("|") for line in comment.splitlines() if line.startswith("|")} == {5}


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_no_reference_is_left_where_a_host_looks_for_one(text: str) -> None:
    seen = outside_of_code(as_markdown(samples.hostile(text)))
    assert not re.search(r"[@#!~%&$]\w|\w-\d|://|www\.|[0-9a-f]{7}|:tada", seen)


def test_who_looks_sees_the_name_itself() -> None:
    comment = as_markdown(samples.hostile("a|b_*<@x>"))
    assert "<code>a&#124;b&#95;&#42;&#60;&#64;x&#62;</code>" in comment


def test_500_tasks_fit_into_a_comment() -> None:
    comment = as_markdown(samples.many())
    assert len(comment) <= LIMIT
    rows = [line for line in comment.splitlines() if line.startswith("| `~`")]
    assert len(rows) == 500
    left_out = re.search(r"The details of (\d+) more tasks are left out here", comment)
    assert left_out is not None
    assert int(left_out[1]) + comment.count("**`~`**") == 500
    assert comment.endswith("of the last 24 hours.\n\n</details>\n")


@given(st.integers(0, 2000), strangers, st.integers(0, 400))
@settings(max_examples=examples(5, 15))
def test_no_comment_is_too_long(count: int, text: str, risks: int) -> None:
    review = samples.hostile(text * 20)
    tasks = tuple(review.tasks[0].model_copy(update={"name": f"{text}{n}"}) for n in range(count))
    risky = tuple(review.risks[0].model_copy(update={"text": f"{text} {n}"}) for n in range(risks))
    comment = as_markdown(review.model_copy(update={"tasks": tasks, "risks": risky}))
    assert len(comment) <= LIMIT
    assert comment.count("<details>") == comment.count("</details>")
    assert comment.count("<code>") == comment.count("</code>")


def test_a_page_is_guarded_and_loads_nothing() -> None:
    for review in (samples.everything(), samples.failed(), samples.calm()):
        text = as_html(review)
        assert_guarded(text)
        assert "://" not in text
        assert text == as_html(review)


@given(strangers)
@settings(max_examples=examples(10, 40))
def test_a_page_has_the_same_parts_whatever_strangers_write(text: str) -> None:
    harmless = shape(as_html(samples.hostile("`" * text.count("`") or "harmless")))
    tags, attributes = shape(as_html(samples.hostile(text or "harmless")))
    assert set(tags) <= {*harmless[0], "code"}
    assert {name for _, name in attributes} == {name for _, name in harmless[1]}
    assert tags["script"] == tags["style"] == 1
    assert not any(name.startswith("on") or name == "style" for _, name in attributes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of each kind."""
    made = tmp_path_factory.mktemp("reviews")
    pages = {"everything": samples.everything(), "failed": samples.failed(), "calm": samples.calm()}
    hostile = {f"hostile{number}": samples.hostile(text) for number, text in enumerate(samples.HOSTILE)}
    for name, review in {**pages, **hostile, "many": samples.many(60)}.items():
        (made / f"{name}.html").write_text(as_html(review), encoding="utf-8")
    return made


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["everything", "failed", "calm"])
def test_a_page_can_be_read(browser: Browser, folder: Path, name: str, scheme: str) -> None:
    with opened(browser, folder / f"{name}.html", scheme=scheme) as page:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            check_looks(page)


@pytest.mark.browser
@pytest.mark.parametrize("number", range(len(samples.HOSTILE)))
def test_strangers_do_nothing(browser: Browser, folder: Path, number: int) -> None:
    with opened(browser, folder / f"hostile{number}.html", WIDTHS[0]) as page:
        expect(page.locator(".fold")).to_have_count(2)
        check_looks(page)


@pytest.mark.browser
def test_a_page_shows_only_what_is_chosen(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "everything.html") as page:
        page.get_by_role("button", name="replace 2").press("Enter")
        assert page.locator(".fold:visible .who bdi:first-child").all_text_contents()[::2] == [
            "stage",
            "stills",
        ]
        expect(page.get_by_role("status")).to_have_text("2 of 11 tasks shown")
        page.get_by_role("button", name="all", exact=True).click()
        expect(page.locator(".fold:visible")).to_have_count(11)


@pytest.mark.browser
def test_tasks_open_by_keyboard_by_a_link_and_on_paper(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "many.html") as page:
        expect(page.locator(".fold[open]")).to_have_count(0)
        page.locator(".fold summary").nth(3).press("Enter")
        expect(page.locator(".fold[open]")).to_have_count(1)
        page.evaluate("location.hash = '#task-7'")
        expect(page.locator("#task-7 .inside")).to_be_visible()
        page.get_by_role("button", name="Open all").click()
        expect(page.locator(".fold[open]")).to_have_count(60)
        page.get_by_role("button", name="Open all").click()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".fold[open]")).to_have_count(60)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        expect(page.locator(".fold[open]")).to_have_count(0)


@pytest.mark.browser
def test_without_scripts_all_is_there(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "everything.html", 360, java_script_enabled=False) as page:
        expect(page.locator("time")).to_have_text("2026-11-21 18:04:05 UTC")
        expect(page.locator("#tools")).to_be_hidden()
        expect(page.locator("#age")).to_be_hidden()
        expect(page.locator(".fold")).to_have_count(11)
