"""The recipes, run as a CI runs them: the real engine, the emulator, and a forge on this machine."""

from __future__ import annotations

import pytest

from ci.conftest import UNREACHABLE, Pipeline
from ci.fake_forge import HOOK, ME, STRANGER, Written
from support.emulator import Emulator

pytestmark = pytest.mark.engine


def test_a_review_is_one_comment_through_all_pushes(pipeline: Pipeline) -> None:
    forge = pipeline.forge
    pipeline.run("review.yml", "review").ok()
    (comment,) = forge.comments
    assert comment.body.startswith(
        "<!-- videosnap review: dev -->\n\n### videosnap review of <code>dev</code>"
    )
    assert "720 frames an hour" in comment.body
    assert "<html" in (pipeline.project.folder / "review.html").read_text()

    pipeline.declare(lobby=1)
    pipeline.settings["REVIEW_OPTIONS"] = "--strict"
    pipeline.run("review.yml", "review").exits(1)
    assert forge.comments == [comment]
    assert "interval-below-floor" in comment.body

    pipeline.project.write("import nothing_such")
    pipeline.run("review.yml", "review").exits(2)
    assert forge.comments == [comment]
    assert "The preview failed" in comment.body
    assert "No module named" in comment.body

    pipeline.run("review.yml", "review", PULUMI_CONFIG_PASSPHRASE="another").exits(2)
    assert forge.comments == [comment]
    assert "The preview failed before it began" in comment.body


def test_what_is_applied_is_what_was_approved(pipeline: Pipeline, emulator: Emulator) -> None:
    def running() -> dict[str, int]:
        return {task["roomId"]: task["interval"] for task in emulator.running(pipeline.app)}

    pipeline.declare(lobby=5, stage=5)
    planned = pipeline.run("apply.yml", "plan").ok()
    summary = pipeline.project.folder / "github-summary"
    assert "2 of 2 tasks change" in (summary.read_text() if summary.exists() else planned.output)

    pipeline.declare(lobby=5, stage=8)
    refused = pipeline.run("apply.yml", "apply").exits(1)
    assert "SnapshotTask::stage violates plan\n" in refused.output
    assert "interval" not in refused.output
    assert running() == {"lobby": 5}, "a refusal does not take back what was done before it"

    pipeline.run("apply.yml", "plan").ok()
    pipeline.run("apply.yml", "apply").ok()
    assert running() == {"lobby": 5, "stage": 8}

    emulator.stop(f"{pipeline.app}/lobby/lobby")
    pipeline.run("apply.yml", "apply").ok()
    assert running() == {"stage": 8}, "a plan neither sees drift nor mends it"


def test_drift_is_one_issue_from_its_beginning_to_its_end(pipeline: Pipeline, emulator: Emulator) -> None:
    forge = pipeline.forge
    forge.issues.append(Written(1, "<!-- videosnap drift -->\n\nnot ours", author=STRANGER))
    pipeline.project.up().ok()
    assert "no drift" in pipeline.run("drift.yml", "drift").ok().output
    assert [issue for issue in forge.issues if issue.author == ME] == []

    emulator.stop(f"{pipeline.app}/lobby/lobby")
    pipeline.run("drift.yml", "drift").ok()
    _, issue = forge.open_issues()
    assert issue.body.startswith("<!-- videosnap drift -->")
    assert "ended: StopByAPI" in issue.body
    assert issue.title == "Snapshot tasks have drifted"

    pipeline.run("drift.yml", "drift", **UNREACHABLE).exits(1)
    assert forge.open_issues()[1:] == [issue]
    assert issue.title == "Snapshot tasks: the drift check is incomplete"
    assert "INCOMPLETE" in issue.body

    pipeline.settings["VIDEOSNAP_WEBHOOK_URL"] = f"{forge.url}/{HOOK}"
    pipeline.run("drift-webhook.yml", "drift-webhook" if pipeline.kind == "gitlab" else "drift").ok()
    (told,) = forge.told
    assert told["exitCode"] == 1
    assert told["counts"]["stopped"] == 1
    assert told["text"].startswith("videosnap drift: drift; 1 stopped; https://forge.example/")

    pipeline.project.up("--refresh").ok()
    pipeline.run("drift.yml", "drift").ok()
    assert not issue.open
    assert forge.issues[0].open
    assert (pipeline.project.folder / "drift.html").is_file()
