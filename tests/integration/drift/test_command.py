"""The command around a drift run: what it refuses, which stacks it takes, how it heals."""

import io
import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from integration.drift.test_check import NOW
from integration.protocol.fake_rtc import FakeRtc, text_of
from integration.report import drift_samples as samples
from integration.report.review_samples import urn
from pulumi_videosnap import pulumi_cli
from pulumi_videosnap.cli import run_command
from pulumi_videosnap.cli.drift import main
from pulumi_videosnap.drift.model import Change, Verdict
from pulumi_videosnap.drift.remediate import remediate
from pulumi_videosnap.errors import CannotCheck, InvalidInput
from pulumi_videosnap.report.base import Dependencies
from support.data import load
from support.exports import export, resource
from support.plugin import DYNAMIC_TYPE, NATIVE_TYPE
from unit.inputs.tasks import plain_task

EMPTY = export(manifest={"time": "2026-08-04T10:00:00.123456789Z"})
NOBODY = Dependencies(now=lambda: NOW)


class Engine:
    """A `pulumi` that prints what a test wants, and the commands that it ran."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], tuple[int, str]]) -> None:
        self.commands: list[str] = []
        self._answer = answer
        monkeypatch.setattr(pulumi_cli, "run", self._run)
        monkeypatch.setattr(pulumi_cli, "run_streaming", self._hand_over)

    def _run(self, arguments: Sequence[str], _folder: Path) -> CompletedProcess[str]:
        command = " ".join(arguments)
        self.commands.append(command)
        code, text = self._answer(command)
        return CompletedProcess([], code, text if code == 0 else "", "" if code == 0 else text)

    def _hand_over(self, arguments: Sequence[str], folder: Path) -> int:
        return self._run(arguments, folder).returncode


@pytest.mark.parametrize(("arguments", "named"), load("drift_bad_arguments.json"))
def test_bad_arguments_are_refused_by_name(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if arguments == ["--all"]:
        Engine(monkeypatch, lambda _: (0, "[]"))
    assert run_command("drift", main, arguments) == 2
    out, err = capsys.readouterr()
    assert (named in err, len(err.splitlines()), out) == (True, 1, "")


PROVIDERS: dict[str, tuple[dict[str, str], str, dict[str, str]]] = load("drift_providers.json")
"""The keys of a stack's providers, the provider of the second of two tasks, and who calls in which room."""


@pytest.mark.parametrize("case", PROVIDERS)
def test_a_key_of_a_provider_reaches_no_task_of_another(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys, second, called = PROVIDERS[case]
    for name in [name for name in os.environ if name.startswith(("VOLCENGINE_", "BYTEPLUS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VIDEOSNAP_QUOTA_DIR", str(tmp_path))
    with FakeRtc() as rtc:
        monkeypatch.setenv("VOLCENGINE_RTC_ENDPOINT", rtc.endpoint)
        rtc.task = {"Status": 2, "StartTime": 1_700_000_000_000, "ImageConfig": {"Interval": 5}}
        resources: list[dict[str, Any]] = []
        for name, key in keys.items():
            pair = {"volcengineAccessKey": key, "volcengineSecretKey": f"S{key}"} if key else {}
            provider = f"urn:pulumi:dev::shop::pulumi:providers:videosnap::{name}"
            type_ = "pulumi:providers:videosnap"
            resources.append({"urn": provider, "type": type_, "id": "1", "inputs": pair})
        for room, owner in (("R1", "default"), ("R2", second)):
            inputs = plain_task(roomId=room)
            outputs = {**inputs, "status": "running", "startTime": "2023-11-14T22:13:20.000Z"}
            provider = f"urn:pulumi:dev::shop::pulumi:providers:videosnap::{owner}::1"
            task = resource(
                "volcengine:SnapshotTask", room, f"a/{room}/t", inputs, outputs, provider=provider
            )
            resources.append(task)
        file = tmp_path / "state.json"
        file.write_text(export(*resources).replace(DYNAMIC_TYPE, NATIVE_TYPE))
        run_command("drift", main, ["--state", str(file), "--json"])
        unread = sum(
            "no Volcengine credentials" in (one["why"] or "")
            for stack in json.loads(capsys.readouterr().out)["stacks"]
            for one in stack["findings"]
        )
    sent = map(text_of, rtc.requests)
    pairs = {(re.findall("R[12]", text)[0], re.findall("Credential=(AK[a-z]+)", text)[0]) for text in sent}
    assert (sorted(pairs), unread) == (sorted(called.items()), 2 - len(called))


def test_one_unknown_stack_does_not_keep_the_others_from_being_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = (255, "error: no stack named 'nope' found")
    Engine(monkeypatch, lambda command: unknown if "nope" in command else (0, EMPTY))
    assert main(["--stack", "nope", "--stack", "dev", "--stack", "dev", "--json"], NOBODY) == 2
    report = json.loads(capsys.readouterr().out)
    assert [stack["stack"] for stack in report["stacks"]] == ["nope", "dev"]
    assert "no stack named 'nope'" in report["stacks"][0]["problem"]
    assert report["stacks"][1]["problem"] is None


def test_all_stacks_are_checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.dumps([{"name": "dev"}, {"name": "prod"}])
    Engine(monkeypatch, lambda command: (0, listed if command.startswith("stack ls") else EMPTY))
    assert main(["--all"], NOBODY) == 0
    assert "no drift" not in capsys.readouterr().out.lower()


def test_secrets_are_opened_only_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:"}
    sealed = export({"urn": "urn:pulumi:dev::shop", "outputs": mark})
    for text, opened in ((EMPTY, False), (sealed, True)):
        engine = Engine(monkeypatch, lambda _, state=text: (0, state))  # type: ignore[misc]
        main(["--stack", "dev"], NOBODY)
        assert ("stack export --stack dev --show-secrets" in engine.commands) is opened


LOST = Change(field="frames", recorded=3, actual=2, meaning="one frame is not there")
STILLS = {"kind": "video file", "urn": urn("video file", "stills"), "changes": (LOST,)}
DRIFTED = (samples.finding(Verdict.STOPPED, "hall"), samples.room("stills", Verdict.CHANGED, **STILLS))
REPORT = samples.report(
    samples.stack(*DRIFTED, samples.room("fine"), samples.unreadable("dark")),
    samples.stack(samples.room("fine"), name="calm"),
)
AIM = f"--stack dev --target {urn('live room', 'hall')} --target-replace {urn('video file', 'stills')}"


def test_healing_shows_the_plan_and_aims_at_what_drifted_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Engine(monkeypatch, lambda _: (0, '{"steps": []}'))
    assert remediate(REPORT, Path(), confirmed=True)
    preview, up = engine.commands
    plan = preview.partition("--save-plan ")[2].partition(" ")[0]
    flags = "--json --show-sames --show-replacement-steps --refresh"
    assert preview == f"preview {flags} --save-plan {plan} {AIM}"
    assert up == f"up --refresh --yes --skip-preview --plan {plan} {AIM}"
    assert not Path(plan).parent.exists(), "it has the stack's inputs"
    assert capsys.readouterr().err


@pytest.mark.parametrize(("answer", "runs"), [("yes\n", True), ("y\n", True), ("no\n", False), ("\n", False)])
def test_healing_takes_nothing_but_a_yes(monkeypatch: pytest.MonkeyPatch, answer: str, runs: bool) -> None:
    terminal: Any = io.StringIO(answer)
    monkeypatch.setattr("sys.stdin", terminal)
    engine = Engine(monkeypatch, lambda _: (0, '{"steps": []}'))
    with pytest.raises(InvalidInput, match="use --yes"):
        remediate(REPORT, Path(), confirmed=False)
    assert engine.commands == [], "nobody can answer"
    terminal.isatty = lambda: True
    assert remediate(REPORT, Path(), confirmed=False) is runs
    assert any(command.startswith("up ") for command in engine.commands) is runs


@pytest.mark.parametrize("failing", ["preview", "up"])
def test_healing_that_fails_says_so(monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    Engine(monkeypatch, lambda run: (1, "error: no") if run.startswith(failing) else (0, '{"steps": []}'))
    with pytest.raises(CannotCheck, match=f"pulumi {failing}"):
        remediate(REPORT, Path(), confirmed=True)
