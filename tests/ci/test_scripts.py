"""The scripts against a forge on this machine: what they write to whom, and what they keep to themselves."""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.fake_forge import HOOK, REQUEST, STRANGER, TOKEN, FakeForge, Written
from support.cli import Ran

REVIEW = "<!-- videosnap review: dev -->"
DRIFT = "<!-- videosnap drift -->"
Run = Callable[..., Ran]


@pytest.fixture
def run(
    kind: str,
    forge: FakeForge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    """Run a script in a job of a forge; a text is put into the file that it is given."""
    base = {"NO_PROXY": "127.0.0.1", "PULUMI_STACK": "dev", "VIDEOSNAP_WEBHOOK_URL": f"{forge.url}/{HOOK}"}
    base |= {"GITHUB_TOKEN": TOKEN, "GITLAB_TOKEN": TOKEN, "PULL_REQUEST": str(REQUEST)}
    file = tmp_path / "told"

    def script(name: str, text: str | None, *arguments: str, **environment: str) -> Ran:
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text)
        monkeypatch.setattr(os, "environ", {**base, **forge.environment(kind), **environment})
        monkeypatch.setattr(sys, "argv", [name, str(file), *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(f"examples.ci.scripts.{name}", run_name="__main__", alter_sys=True)
        printed = "".join(capfd.readouterr())
        assert not [secret for secret in (TOKEN, HOOK) if secret in printed], printed
        assert printed.count("\n") == 1, printed
        assert isinstance(ended.value.code, int)
        return Ran(name, ended.value.code, printed)

    return script


def test_the_comment_is_found_behind_hundreds_of_others(run: Run, forge: FakeForge) -> None:
    forge.comments += [Written(number, "hello") for number in range(1, 251)]
    forge.comments.append(Written(251, f"{REVIEW}\r\n\r\nold"))
    run("post_comment", f"{REVIEW}\n\nnew\n").ok()
    assert len(forge.comments) == 251
    assert forge.comments[-1].body == f"{REVIEW}\n\nnew\n"


def test_a_comment_that_somebody_else_wrote_is_left_alone(run: Run, forge: FakeForge) -> None:
    forge.comments.append(Written(1, f"{REVIEW}\n\nforged", author=STRANGER))
    run("post_comment", f"{REVIEW}\n\nnew\n").ok()
    assert [comment.body for comment in forge.comments] == [f"{REVIEW}\n\nforged", f"{REVIEW}\n\nnew\n"]


def test_each_stack_has_a_comment_of_its_own(run: Run, forge: FakeForge) -> None:
    run("post_comment", f"{REVIEW}\n\ndev\n").ok()
    run("post_comment", "<!-- videosnap review: prod -->\n\nprod\n", PULUMI_STACK="team/rooms/prod").ok()
    run("post_comment", f"{REVIEW}\n\nquoted: <!-- videosnap review: prod -->\n").ok()
    assert [comment.body.splitlines()[-1] for comment in forge.comments] == [
        "quoted: <!-- videosnap review: prod -->",
        "prod",
    ]


@pytest.mark.parametrize("text", [None, "", "<!-- videosnap review:  -->\n\n### of no stack\n"])
def test_a_preview_that_failed_early_stays_in_the_stacks_comment(
    run: Run, forge: FakeForge, text: str | None
) -> None:
    run("post_comment", f"{REVIEW}\n\nold\n").ok()
    run("post_comment", text).ok()
    (comment,) = forge.comments
    assert comment.body.startswith(f"{REVIEW}\n\n### ")
    assert ("https://forge.example/" in comment.body) == (not text)


def test_drift_opens_updates_and_closes_one_issue(run: Run, forge: FakeForge) -> None:
    forge.issues += [Written(1, f"{DRIFT}\n\nby hand", author=STRANGER), Written(2, DRIFT, is_request=True)]
    run("drift_issue", f"{DRIFT}\n\none", "1").ok()
    run("drift_issue", f"{DRIFT}\n\ntwo", "1").ok()
    issue = forge.issues[2]
    assert (issue.title, issue.body) == ("Snapshot tasks have drifted", f"{DRIFT}\n\ntwo")
    run("drift_issue", f"{DRIFT}\n\nnone", "0").ok()
    assert (issue.open, issue.body) == (False, f"{DRIFT}\n\nnone")
    assert "no open issue" in run("drift_issue", f"{DRIFT}\n\nnone", "0").ok().output
    run("drift_issue", f"{DRIFT}\n\nagain", "1").ok()
    assert [one.number for one in forge.open_issues()] == [1, 4]


@pytest.mark.parametrize(
    ("text", "code"), [("half", "2"), (None, "2"), (None, "0"), ("one", "127"), ("", "1")]
)
def test_an_incomplete_check_never_closes(run: Run, forge: FakeForge, text: str | None, code: str) -> None:
    run("drift_issue", f"{DRIFT}\n\none", "1").ok()
    (issue,) = forge.issues
    run("drift_issue", f"{DRIFT}\n\n{text}" if text else "", code).ok()
    assert forge.open_issues() == [issue]
    assert issue.title == "Snapshot tasks: the drift check is incomplete"
    assert issue.body.startswith(f"{DRIFT}\n\n")
    assert (text or "the check did not run") in issue.body


@pytest.mark.parametrize(
    ("counts", "code", "text"),
    [
        ({"in sync": 3, "stopped": 0}, "0", "no drift; 3 in sync"),
        ({"in sync": 3, "stopped": 1}, "1", "drift; 3 in sync, 1 stopped"),
        ({"in sync": 3, "cannot be read": 1}, "2", "the check is incomplete; 3 in sync, 1 cannot be read"),
        ({}, "2", "the check did not run"),
        ({}, "0", "the check did not run"),
    ],
)
def test_the_webhook_is_told_in_one_sentence(
    run: Run, forge: FakeForge, counts: dict[str, int], code: str, text: str
) -> None:
    run("webhook", json.dumps({"counts": counts}) if counts else "", code).ok()
    (told,) = forge.told
    assert told["text"].startswith(f"videosnap drift: {text}; https://forge.example/")
    assert (told["exitCode"], told["counts"]) == (int(code), counts)


SCRIPTS = [("post_comment", ()), ("drift_issue", ("1",)), ("webhook", ("1",))]
COUNTED = '{"counts": {"stopped": 1}}'


@pytest.mark.parametrize(("script", "arguments"), SCRIPTS)
@pytest.mark.parametrize("status", [301, 401, 403, 404, 422, 500])
def test_a_refusal_is_one_line(
    run: Run, forge: FakeForge, script: str, arguments: tuple[str], status: int
) -> None:
    forge.refuses = status
    said = run(script, COUNTED, *arguments).exits(1).output
    assert said.startswith(f"{script}.py: ")
    assert f"was answered with {status}" in said
    assert len(forge.calls) == 1, "a redirect was followed"


def test_an_answer_of_something_else_is_one_line(run: Run, forge: FakeForge) -> None:
    forge.answer = b"<html>please log in</html>"
    assert "is no JSON" in run("post_comment", REVIEW).exits(1).output


@pytest.mark.parametrize(("script", "arguments"), SCRIPTS)
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:9/", "ConnectionRefusedError"),
        ("file:///etc/", "neither https:// nor http://"),
        ("http://127.0.0.1:9/a b", "InvalidURL"),
        ("http://[::1/", "ValueError"),
    ],
)
def test_an_address_that_does_not_work_is_not_told(
    run: Run, script: str, arguments: tuple[str], address: str, reason: str
) -> None:
    names = ("GITHUB_API_URL", "CI_API_V4_URL", "VIDEOSNAP_WEBHOOK_URL")
    environment = dict.fromkeys(names, f"{address}{HOOK}")
    assert reason in run(script, COUNTED, *arguments, **environment).exits(1).output


def test_a_token_with_a_line_break_is_not_told(run: Run) -> None:
    torn = f"{TOKEN}\n{TOKEN}"
    run("post_comment", REVIEW, GITHUB_TOKEN=torn, GITLAB_TOKEN=torn).exits(1)


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITLAB_TOKEN"])
def test_what_is_not_set_is_named(run: Run, kind: str, missing: str) -> None:
    told = run("post_comment", REVIEW, **{missing: ""})
    if missing.lower().startswith(kind):
        assert told.exits(1).output == f"post_comment.py: {missing} is not set\n"
    else:
        told.ok()


def test_another_ci_is_refused(run: Run) -> None:
    said = run("drift_issue", DRIFT, "1", GITHUB_ACTIONS="", GITLAB_CI="").exits(1).output
    assert "this is no job of GitHub or GitLab" in said


def test_arguments_that_do_not_fit_are_named(run: Run) -> None:
    assert "give it what `videosnap drift --markdown` wrote and its exit code" in (
        run("drift_issue", DRIFT).exits(1).output
    )
    assert "must be a number" in run("webhook", COUNTED, "one").exits(1).output
    assert "no report" in run("webhook", "[]", "1").exits(1).output
