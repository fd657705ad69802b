"""The recipes' own scripts, run as a CI runs them, with one fake for all the programs that they call."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration.ci.recipes import run_github, run_gitlab

FAKE = Path(__file__).resolve().parents[2] / "data" / "fake_forge"
TOKEN, HOOK, KEY = "dummy-token", "https://hook.test/dummy-path", "dummy-key"
GITHUB = {"github.token": TOKEN, "secrets.PULUMI_CONFIG_PASSPHRASE": KEY}
GITHUB |= {"github.event.pull_request.number": "12"}
GITLAB = {"GITLAB_TOKEN": TOKEN, "PULUMI_CONFIG_PASSPHRASE": KEY, "CI_PIPELINE_ID": "77"}
GITLAB |= {"CI_PROJECT_ID": "7", "CI_PROJECT_PATH": "team/rooms", "CI_MERGE_REQUEST_IID": "12"}
DIFFERS = """error: resource …::SnapshotTask::a violates plan: properties changed: ++secretKey[{&{{SECRET-1
SECRET-2}}}!={&{{SECRET-3}}}]
"""
REFUSAL = f"Updating (dev):\n    volcengine:SnapshotTask a  {DIFFERS}\nDiagnostics:\n    {DIFFERS}\n"
"""As Pulumi 3.259 prints it, with a secret of two lines."""


@dataclass
class Pipeline:
    kind: str
    folder: Path
    hook: str = ""

    def fake(self, tool: str, output: str, code: int = 0) -> None:
        (self.folder / f"{tool}.out").write_text(output)
        (self.folder / f"{tool}.code").write_text(str(code))

    def run(self, recipe: str, *jobs: str) -> tuple[int, str]:
        """Run jobs in order, after a failed one too; returns the first code that is not 0, and the output."""
        base = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "FAKE": str(self.folder)}
        if self.kind == "github":
            values = {**GITHUB, "secrets.VIDEOSNAP_WEBHOOK_URL": self.hook}
            base |= {"GITHUB_REPOSITORY": "team/rooms", "GITHUB_RUN_ID": "77"}
            ran = [run_github(f"{recipe}.yml", jobs[0], self.folder, base, values)]
        else:
            env = {**base, **GITLAB, "VIDEOSNAP_WEBHOOK_URL": self.hook}
            ran = [run_gitlab(job, self.folder, env) for job in jobs]
        output = "".join(text for _, text in ran)
        assert not [secret for secret in (TOKEN, HOOK, KEY) if secret in output], output
        return next((code for code, _ in ran if code), 0), output

    def forge(self, kind: str) -> list[dict[str, Any]]:
        written: list[dict[str, Any]] = json.loads((self.folder / "forge.json").read_text())[kind]
        return [each for each in written if each["author"] != "stranger"]

    def calls(self, tool: str) -> list[list[str]]:
        calls = map(json.loads, (self.folder / "calls").read_text().splitlines())
        return [words for words in calls if words[0] == tool]


@pytest.fixture(params=["github", "gitlab"])
def pipeline(request: pytest.FixtureRequest, tmp_path: Path) -> Pipeline:
    (tmp_path / "bin").mkdir()
    for tool in ("gh", "glab", "pulumi", "videosnap", "curl"):
        program = tmp_path / "bin" / tool
        program.write_text(f"#!{sys.executable} -IS\n{FAKE.read_text()}")
        program.chmod(0o755)
    forged = {"number": 1, "author": "stranger", "open": True, "title": "videosnap drift"}
    both = [{**forged, "body": "<!-- videosnap review: dev -->\n\nforged"}]
    (tmp_path / "forge.json").write_text(json.dumps({"comments": both, "issues": both}))
    made = Pipeline(request.param, tmp_path)
    made.fake("pulumi", "{}")
    return made


def test_a_review_is_one_comment_through_all_pushes(pipeline: Pipeline) -> None:
    for code, text in ((0, "one"), (1, "a risk"), (2, "the preview failed")):
        pipeline.fake("pulumi", "{}", code)
        pipeline.fake("videosnap", f"<!-- videosnap review: dev -->\n\n{text}\n", code)
        assert pipeline.run("review", "review", "comment")[0] == code
        (comment,) = pipeline.forge("comments")
        assert comment["body"].strip() == f"<!-- videosnap review: dev -->\n\n{text}"
    pipeline.fake("videosnap", "", 2)
    assert pipeline.run("review", "review", "comment")[0] == 2
    (comment,) = pipeline.forge("comments")
    assert "the preview failed before it began" in comment["body"]


def test_drift_is_one_issue_from_its_beginning_to_its_end(pipeline: Pipeline) -> None:
    jobs = ("drift", "drift", "issue")
    pipeline.fake("videosnap", "no drift")
    assert pipeline.run(*jobs)[0] == 0
    assert pipeline.forge("issues") == []
    for code, text in ((1, "stopped"), (1, "stopped, changed"), (2, "incomplete"), (2, ""), (127, "")):
        pipeline.fake("videosnap", text, code)
        assert pipeline.run(*jobs)[0] == int(code > 1)
        (issue,) = pipeline.forge("issues")
        assert (issue["title"], issue["open"]) == ("videosnap drift", True)
        assert (text or "the check did not run") in issue["body"]
    pipeline.fake("videosnap", "", 0)
    pipeline.run(*jobs)
    assert pipeline.forge("issues")[0]["open"], "no report is no reason to close"
    pipeline.fake("videosnap", "no drift")
    assert pipeline.run(*jobs)[0] == 0
    assert [each["open"] for each in pipeline.forge("issues")] == [False]
    assert pipeline.calls("curl") == []
    pipeline.hook = HOOK
    pipeline.fake("videosnap", "stopped", 1)
    pipeline.run(*jobs)
    assert [each["open"] for each in pipeline.forge("issues")] == [False, True]
    ((*_, text, url),) = pipeline.calls("curl")
    assert json.loads(text)["text"].startswith("videosnap drift: exit code 1 in ")
    assert url == HOOK


def test_what_is_applied_is_what_was_approved(pipeline: Pipeline) -> None:
    pipeline.fake("videosnap", "2 of 2 tasks change")
    code, printed = pipeline.run("apply", "plan")
    summary = pipeline.folder / "github-summary"
    assert code == 0
    assert "2 of 2 tasks change" in (summary.read_text() if summary.exists() else printed)
    pipeline.fake("pulumi", "Updating (dev):\nerror: create is not allowed by the plan\n")
    assert pipeline.run("apply", "apply") == (0, (pipeline.folder / "pulumi.out").read_text())
    pipeline.fake("pulumi", REFUSAL, 3)
    code, printed = pipeline.run("apply", "apply")
    assert code == 3
    assert "SnapshotTask::a violates plan\n" in printed
    assert "SECRET" not in printed
    preview, *ups = pipeline.calls("pulumi")
    assert preview[-2:] == ["--save-plan", "plan.json"]
    assert ups == [["pulumi", "up", "--yes", "--skip-preview", "--plan", "plan.json"]] * 2
