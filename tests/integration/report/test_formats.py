"""Reviews and drift reports as text and as a comment; strangers' text is nothing but text in each."""

import builtins
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.frames.samples import story
from integration.report import drift_samples, review_samples
from integration.report.page_checks import MEANS_SOMETHING, assert_policy, outside_of_code, plain, shape
from integration.report.review_samples import HOSTILE
from pulumi_videosnap.drift import html as drift_html
from pulumi_videosnap.drift import markdown as drift_markdown
from pulumi_videosnap.drift import text as drift_text
from pulumi_videosnap.drift.model import Verdict
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.frames import contact_sheet
from pulumi_videosnap.report import formatting
from pulumi_videosnap.report import html as report_page
from pulumi_videosnap.report.markdown import LIMIT
from pulumi_videosnap.review import html, markdown, text
from pulumi_videosnap.review.model import Action, Outcome, Review
from support.data import Golden
from support.sampling import examples


@dataclass(frozen=True)
class Form:
    """A command's reports: their forms, samples of them, and what their comments are made of."""

    name: str
    samples: Any
    as_text: Callable[[Any], Iterable[str]]
    as_markdown: Callable[[Any], str]
    as_html: Callable[[Any], str]
    head: str
    bullets: str
    line_starts: str

    def hostile(self, text: str) -> list[tuple[Any, int]]:
        """Reports that are made of a text, with the number of bars in each row of their comment."""
        if self.name == "review":
            return [(review_samples.hostile(text), 5)]
        return [(drift_samples.hostile(text, complete), 4 if complete else 5) for complete in (True, False)]

    def all_forms(self, report: Any) -> tuple[str, str, str]:
        return self.text(report), self.as_markdown(report), self.as_html(report)

    def text(self, report: Any) -> str:
        return "\n".join(self.as_text(report)) + "\n"


REVIEW = Form(
    "review",
    review_samples,
    text.as_text,
    markdown.as_markdown,
    html.as_html,
    head=r"<!-- videosnap review: [\w%./~-]* -->\n",
    bullets=r"^ *([-+~]+ +)?",
    line_starts="<#>-|*4",
)
DRIFT = Form(
    "drift",
    drift_samples,
    drift_text.as_text,
    drift_markdown.as_markdown,
    drift_html.as_html,
    head="<!-- videosnap drift -->\n\n### videosnap drift: ",
    bullets=r"^ *(- )?",
    line_starts="<#-|*C",
)
both = pytest.mark.parametrize("form", [REVIEW, DRIFT], ids=lambda form: form.name)
strangers = st.one_of(st.text(max_size=60), st.sampled_from(HOSTILE))
GOLDEN = {
    REVIEW: ("usual", "everything", "failed", "partly_listed", "calm"),
    DRIFT: (
        "each_verdict",
        "two_stacks",
        "in_sync",
        "with_unmanaged",
        "with_failed_runs",
        "many",
        "no_tasks",
        "no_stacks",
        "one_error",
    ),
}


@pytest.mark.parametrize(
    ("form", "name"), [pytest.param(form, n, id=f"{form.name}-{n}") for form in GOLDEN for n in GOLDEN[form]]
)
def test_a_report_as_text_and_as_a_comment(form: Form, name: str, golden: Golden) -> None:
    report = getattr(form.samples, name)()
    golden(f"{form.name}/{name}.txt", form.text(report))
    if name != "one_error":
        golden(f"{form.name}/{name}.md", form.as_markdown(report))


@both
@given(text=strangers)
@settings(max_examples=examples(15, 60))
def test_lines_fit_a_terminal_and_hide_nothing(form: Form, text: str) -> None:
    for report, _ in form.hostile(text):
        for line in form.as_text(report):
            assert line.isprintable()
            assert len(line) <= 80 or " " not in re.sub(form.bullets, "", line)


@both
@given(text=strangers)
@settings(max_examples=examples(25, 100))
def test_a_comment_holds_nothing_but_text_of_strangers(form: Form, text: str) -> None:
    for report, bars in form.hostile(text):
        comment = form.as_markdown(report)
        lines = comment.splitlines()
        assert re.match(form.head, comment, re.ASCII)
        assert lines[0].count("--") == 2
        assert not MEANS_SOMETHING.search(plain(comment))
        assert {line[:1] for line in lines} <= set(form.line_starts) | {""}
        assert {line.count("|") for line in lines if line.startswith("|")} == {bars}


@both
@pytest.mark.parametrize("text", HOSTILE)
def test_no_reference_is_left_where_a_host_looks_for_one(form: Form, text: str) -> None:
    for report, _ in form.hostile(text):
        seen = outside_of_code(form.as_markdown(report)).replace("2026-11-21", "")
        assert not re.search(r"[@#!~%&$]\w|\w-\d|://|www\.|[0-9a-f]{7}|:tada", seen)


@pytest.mark.parametrize(
    ("form", "report", "row", "item"),
    [
        (REVIEW, review_samples.many(), "\n| `~`", "**`~`**"),
        (DRIFT, drift_samples.all_different(), "\n| changed |", "**changed**"),
    ],
    ids=["review", "drift"],
)
def test_500_tasks_that_differ_fit_into_a_comment(form: Form, report: Any, row: str, item: str) -> None:
    comment = form.as_markdown(report)
    assert len(comment) <= LIMIT
    assert comment.count(row) == 500
    left_out = re.search(r"The details of (\d+) more (?:tasks )?are left out here", comment)
    assert left_out is not None
    assert int(left_out[1]) + comment.count(item) == 500
    assert form is DRIFT or comment.endswith("of the last 24 hours.\n\n</details>\n")


@both
@given(text=strangers, tasks=st.integers(0, 2000), others=st.integers(0, 400))
@settings(max_examples=examples(5, 15))
def test_no_comment_is_too_long(form: Form, text: str, tasks: int, others: int) -> None:
    comment = form.as_markdown(form.samples.grown(text, tasks, others))
    assert len(comment) <= LIMIT
    for tag in ("details", "code"):
        assert comment.count(f"<{tag}>") == comment.count(f"</{tag}>")


@both
@given(text=strangers)
@settings(max_examples=examples(10, 40))
def test_a_page_has_the_same_parts_whatever_strangers_write(form: Form, text: str) -> None:
    harmless = shape(form.as_html(form.samples.hostile("`" * text.count("`") or "harmless")))
    tags, attributes = shape(form.as_html(form.samples.hostile(text or "harmless")))
    assert set(tags) <= {*harmless[0], "code"}
    assert {name for _, name in attributes} == {name for _, name in harmless[1]}
    assert tags["script"] == tags["style"] == 1
    assert not any(name.startswith("on") or name == "style" for _, name in attributes)


@both
def test_a_page_has_a_policy_and_loads_nothing(form: Form) -> None:
    for name in GOLDEN[form]:
        report = getattr(form.samples, name)()
        page = form.as_html(report)
        assert_policy(page)
        assert "://" not in page
        assert set(re.findall(r' (?:href|src)="([^"#]+)', page)) == {"data:,"}
        assert page == form.as_html(report)


@pytest.mark.parametrize(
    ("review", "line"),
    [
        (review_samples.calm(), "dev: no task changes, 4 stay as they are"),
        (review_samples.calm(1), "dev: no task changes, 1 stays as it is"),
        (review_samples.calm(0), "dev: the stack has no snapshot task"),
        (review_samples.calm(0).model_copy(update={"unlisted": 3}), "dev: no task changes"),
    ],
)
def test_nothing_changes_in_exactly_one_line_unless_the_preview_failed(review: Review, line: str) -> None:
    assert list(REVIEW.as_text(review)) == [line]
    assert len(REVIEW.as_markdown(review).split("\n\n")) == 2
    broken = review.model_copy(update={"problem": "broken"})
    assert "no task changes" not in REVIEW.text(broken) + REVIEW.as_markdown(broken)


def test_everything_is_reported_and_no_cost_without_prices() -> None:
    review = review_samples.everything()
    assert {task.action for task in review.tasks} == set(Action)
    assert {task.outcome for task in review.tasks} == set(Outcome)
    assert max(map(len, REVIEW.as_text(review))) <= 80
    text, *others = REVIEW.all_forms(review)
    for shown in (re.sub(r"\s+", " ", text), *others):
        assert all(outcome.value.replace("pictures", "frames") in shown for outcome in Outcome)
        assert all(risk.code in shown for risk in review.risks)
    for shown in REVIEW.all_forms(review_samples.usual()):
        assert "cost" not in re.sub(r"<style>.*</style>", "", shown, flags=re.DOTALL)
    comment = REVIEW.as_markdown(review_samples.hostile("a|b_*<@x>"))
    assert "<code>a&#124;b&#95;&#42;&#60;&#64;x&#62;</code>" in comment, "who looks sees the name itself"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (720, 1800, "720 -> 1,800 (x2.5)"),
        (4, 5, "4 -> 5 (+25%)"),
        (5, 2, "5 -> 2 (-60%)"),
        (0, 720, "0 -> 720"),
        (720, 720.0, "720"),
        (None, 7.2, "not known yet -> 7.2"),
        (0.0125, 1e6, "0.0125 -> 1,000,000 (x80,000,000)"),
        (None, None, "not known yet"),
    ],
)
def test_changes_of_a_figure(before: float | None, after: float | None, shown: str) -> None:
    assert formatting.change(before, after) == shown


def test_sizes_reach_from_bytes_to_petabytes() -> None:
    counts = (0, 16_900, 999_999_999, 2.5e12, 4e18)
    assert [*map(formatting.byte_size, counts)] == ["0 bytes", "16.9 kB", "1.0 GB", "2.5 TB", "4,000.0 PB"]


def test_without_jinja_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "jinja2":
            raise ModuleNotFoundError("No module named 'jinja2'", name="jinja2")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    review, frames = review_samples.usual(), story(12)
    for as_page in (partial(html.as_html, review), partial(contact_sheet.as_html, frames)):
        report_page._environment.cache_clear()
        with pytest.raises(VideosnapError, match=r"needs Jinja2.*pip install 'pulumi-videosnap\[frames\]'"):
            as_page()


def test_one_error_of_many_tasks_is_reported_once() -> None:
    _, comment, page = DRIFT.all_forms(drift_samples.one_error())
    assert (comment.count("AccessDenied"), page.count("AccessDenied")) == (2, 1)
    assert "room-199" in page


def test_states_have_an_age() -> None:
    young = drift_samples.stack(drift_samples.room("a"))
    old = drift_samples.stack(drift_samples.room("b"), name="prod", hours=80)
    shown = DRIFT.text(drift_samples.report(young, old))
    assert "in 3.6 s; states written 2 h to 3 d before.\n" in shown
    assert "\ndev: 1 task (1 in sync); state written 2 h before\n" in shown
    ahead = drift_samples.stack(drift_samples.room("a"), hours=-1)
    assert "; state written just then.\n" in DRIFT.text(drift_samples.report(ahead, seconds=200))
    unknown = young.model_copy(update={"written": None})
    assert "18:04:05 UTC in 3 min.\n" in DRIFT.text(drift_samples.report(unknown, seconds=200))


def test_reasons_that_differ_are_kept_apart_and_a_tasks_own_name_is_no_other_reason() -> None:
    one = drift_samples.room("lobby", Verdict.UNREADABLE, why="GetSnapshotTask was throttled")
    shown = DRIFT.text(drift_samples.report(drift_samples.stack(drift_samples.unreadable("hall"), one)))
    assert shown.count("cannot be read: ") == 2
    assert "(RequestId 2026112118040501)" in shown
    up = {name: f"`pulumi up --target {name}`" for name in ("lobby", "hall")}
    tasks = [drift_samples.room(n, Verdict.MISSING, why=f"{n} is gone", remedy=up[n]) for n in up]
    shown = DRIFT.text(drift_samples.report(drift_samples.stack(*tasks)))
    assert "missing: lobby and hall (2 live rooms)\n  why: <name> is gone\n" in shown


verdicts = st.lists(st.sampled_from(Verdict), max_size=6)


@given(verdicts, verdicts, st.booleans(), strangers.filter(lambda text: "drift" not in text.lower()))
@settings(max_examples=examples(15, 60))
def test_only_a_complete_check_finds_no_drift(
    one: list[Verdict], other: list[Verdict], closed: bool, text: str
) -> None:
    rooms = ([drift_samples.room(text, verdict, why=text) for verdict in kinds] for kinds in (one, other))
    stacks = [drift_samples.stack(*kinds, name=f"{text}{at}") for at, kinds in enumerate(rooms)]
    if closed:
        stacks[1] = stacks[1].model_copy(update={"findings": (), "problem": text})
    report = drift_samples.report(*stacks)
    for shown in DRIFT.all_forms(report):
        assert ("no drift" in shown.lower()) == (report.exit_code == 0 and sum(report.counts.values()) > 0)
        assert ("INCOMPLETE" in shown) == (not report.complete)


FINE = re.compile(r"(?i)no drift|in sync|(?<!response was )\bcomplete\b|as recorded|nothing drifted")
"""What a reader takes for "nothing drifted"."""


@given(st.lists(st.sampled_from([*Verdict, Verdict.UNREADABLE, Verdict.UNREADABLE]), min_size=1, max_size=6))
@settings(max_examples=examples(30, 200))
def test_what_cannot_be_read_is_named_and_never_reported_as_no_drift(found: list[Verdict]) -> None:
    findings = [drift_samples.finding(verdict, f"room-{number}") for number, verdict in enumerate(found)]
    paragraphs = DRIFT.text(drift_samples.report(drift_samples.stack(*findings))).split("\n\n")
    unread = [finding.name for finding in findings if finding.verdict is Verdict.UNREADABLE]
    others = [text for text in paragraphs if not text.startswith(Verdict.UNREADABLE.value)]
    blocks = " ".join(text for text in paragraphs if text not in others)
    named = [name for name in unread if re.search(rf"\b{name}\b", blocks)]
    assert len(named) + sum(map(int, re.findall(r"and (\d+) more", blocks))) == len(unread)
    assert not [text for text in others for name in unread if re.search(rf"\b{name}\b", text)]
    if unread:
        head = rf"\b{len(unread)} of {len(found)} tasks?[^.;]*cannot be read"
        assert re.search(head, paragraphs[0])
    if len(unread) == len(found):
        assert not [text for text in others if FINE.search(" ".join(text.split()))]
