"""Each command that reads buckets uses the account of a task, wherever it stands, and tells no key of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from pulumi_videosnap import pulumi_cli
from pulumi_videosnap.cli import run_command
from pulumi_videosnap.cli.drift import main as drift
from pulumi_videosnap.cli.frames import main as frames
from pulumi_videosnap.cli.review import main as review
from pulumi_videosnap.core.encrypted import MARK
from pulumi_videosnap.report.base import ExitCode
from pulumi_videosnap.volcengine.frames import location
from support.canary import leaks
from support.emulator import Emulator
from support.exports import resources_of
from support.fake_server import FakeServer, Response
from support.jobs import job_engine, job_inputs
from support.plugin import DYNAMIC_TYPE
from support.story import declare, task_engine
from support.workflow_stacks import ObjectStory, engine_of, workflow_inputs

Values = dict[str, Any]
KEYS = {
    "VOLCENGINE_ACCESS_KEY": "volcengineAccessKey",
    "VOLCENGINE_SECRET_KEY": "volcengineSecretKey",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "alibabaAccessKeyId",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "alibabaAccessKeySecret",
}
OTHER = {name: f"other/{name}" for name in KEYS.values()}
"""Key pairs that the emulator does not know."""
BASE, PYTHON = "urn:pulumi:dev::shop::", "pulumi:providers:pulumi-python"
OWN = f"{BASE}pulumi:providers:videosnap::own"
COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"frames": frames, "drift": drift, "review": review}


@dataclass(frozen=True)
class Secret:
    """A value that an export has encrypted or shown, and a preview not at all."""

    value: str

    def exported(self, *, shown: bool) -> Values:
        mark = {MARK: "1b47061264138c4ac30d75fd1eb44270"}
        return {**mark, "plaintext": json.dumps(self.value)} if shown else {**mark, "ciphertext": "v1:"}


class Project:
    """A stack whose room, job and workflow took frames. `pulumi` is this: it prints its state and a preview.

    `config` and `own` are the configuration and that of the program's own provider.
    """

    def __init__(self, emulator: Emulator, home: Path, app: str, patch: pytest.MonkeyPatch) -> None:
        self.right = {name: emulator.environment[variable] for variable, name in KEYS.items()}
        self.tasks = took_frames(emulator, app)
        self.config: Mapping[str, Any] = {}
        self.own: Mapping[str, Any] | None = None
        self.locked = False
        self._home, self._patch = home, patch
        for variable in KEYS:
            patch.delenv(variable)
        patch.setattr(pulumi_cli, "run", self._run)

    def set_environment(self, keys: Mapping[str, str]) -> None:
        for variable, name in KEYS.items():
            self._patch.setenv(variable, keys[name])

    def set_profiles(self, **profiles: Mapping[str, str]) -> None:
        """Write the vendors' profile files; the first profile is the current one."""
        pairs = {name: list(keys.values()) for name, keys in profiles.items()}
        volcengine = {name: {"access-key": one[0], "secret-key": one[1]} for name, one in pairs.items()}
        names = ("name", "access_key_id", "access_key_secret")
        alibaba = [dict(zip(names, (name, *one[2:]), strict=True)) for name, one in pairs.items()]
        for folder, entries in ((".volcengine", volcengine), (".aliyun", alibaba)):
            (self._home / folder).mkdir()
            file = {"current": next(iter(profiles)), "profiles": entries}
            (self._home / folder / "config.json").write_text(json.dumps(file))

    def set_profile_of_tasks(self, name: str) -> None:
        for task in self.tasks:
            task["inputs"]["profile"] = task["outputs"]["profile"] = name

    def resources(self) -> list[Values]:
        config = {f"videosnap:{name}": value for name, value in self.config.items()}
        found: list[Values] = [
            {"urn": f"{BASE}{PYTHON}::default", "type": PYTHON, "id": "1", "inputs": config}
        ]
        front, provider = DYNAMIC_TYPE, f"{found[0]['urn']}::1"
        if self.own is not None:
            front, provider = "videosnap:", f"{OWN}::2"
            own = {"urn": OWN, "type": "pulumi:providers:videosnap", "id": "2", "inputs": self.own}
            found.append(own)
        for task in self.tasks:
            named = {name: task[name].replace(DYNAMIC_TYPE, front) for name in ("urn", "type")}
            found.append({**task, **named, "provider": provider})
        return found

    def preview(self) -> Values:
        steps = [
            {"op": "update" if "outputs" in one else "same", "urn": one["urn"], "oldState": one}
            for one in self.resources()
        ]
        for step in steps:
            step["newState"] = {**step["oldState"], "outputs": None}
        return {"config": steps[0]["oldState"]["inputs"], "steps": steps}

    def _run(self, arguments: Sequence[str], _folder: Path) -> CompletedProcess[str]:
        shown = "--show-secrets" in arguments
        if shown and self.locked:
            return CompletedProcess([], 255, "", "error: passphrase must be set")
        if arguments[0] == "preview":
            text = json.dumps(self.preview(), default=lambda _: "[secret]")
        else:
            state = {"deployment": {"resources": self.resources()}}
            text = json.dumps(state, default=lambda secret: secret.exported(shown=shown))
        return CompletedProcess([], 0, text, "")


def took_frames(emulator: Emulator, app: str) -> list[Values]:
    """A room, a job and the run of a workflow, as state has them."""
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    rooms, jobs = task_engine(), job_engine(emulator)
    workflows = ObjectStory(engine_of("workflow"), emulator)
    rooms.up({"lobby": declare(app, framePrefix=f"{app}/")})
    emulator.advance(22)
    emulator.stop(f"{app}/Room1/Task1")
    rooms.refresh()
    jobs.up({"stills": job_inputs(frameType="normal")})
    workflows.stack.up({"thumbs": workflow_inputs()})
    workflows.upload("in/a.mp4")
    kinds = {"volcengine:SnapshotTask": rooms, "alibaba:SnapshotJob": jobs}
    kinds["alibaba:SnapshotWorkflow"] = workflows.stack
    return [one for kind, stack in kinds.items() for one in resources_of(stack, kind)]


def half(keys: Mapping[str, str]) -> Values:
    """Key pairs of which the secret keys are secrets."""
    return {name: Secret(key) if "Secret" in name else key for name, key in keys.items()}


@pytest.fixture
def project(emulated: Emulator, tmp_path: Path, app: str, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(emulated, tmp_path, app, monkeypatch)


def in_environment(project: Project) -> None:
    project.set_environment(project.right)
    project.config = OTHER


def in_configuration(project: Project) -> None:
    project.config = project.right
    project.set_profiles(current=OTHER)


def in_secrets_of_the_configuration(project: Project) -> None:
    in_configuration(project)
    project.config = half(project.right)


def in_own_provider(project: Project) -> None:
    project.own, project.config = project.right, OTHER
    project.set_profiles(current=OTHER)


def in_secrets_of_own_provider(project: Project) -> None:
    in_own_provider(project)
    project.own = half(project.right)


def in_profile(project: Project) -> None:
    project.set_environment(OTHER)
    project.config = OTHER
    project.set_profiles(current=OTHER, team=project.right)
    project.set_profile_of_tasks("team")


def in_current_profile_without_the_passphrase(project: Project) -> None:
    project.config, project.locked = half(OTHER), True
    project.set_profiles(current=project.right)


@pytest.mark.parametrize(
    ("account", "refused"),
    [
        (in_environment, ""),
        (in_configuration, ""),
        (in_secrets_of_the_configuration, "review"),
        (in_own_provider, ""),
        (in_secrets_of_own_provider, "review"),
        (in_profile, ""),
        (in_current_profile_without_the_passphrase, "drift"),
    ],
)
def test_every_command_reads_with_the_account_of_the_task(
    project: Project, account: Callable[[Project], None], refused: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The emulator accepts one key pair: it stands in this place, and others in those that come later."""
    account(project)
    read = {}
    for name, command in COMMANDS.items():
        code = run_command(name, command, ["--verify"] if name == "frames" else [])
        output = capsys.readouterr()
        text = " ".join((output.out + output.err).split())
        read[name] = (code < ExitCode.FAILED and "not measured" not in text) or text
        assert not [key for key in OTHER.values() if key in text]
    assert {name for name, outcome in read.items() if outcome is not True} == set(refused.split()), read
    assert "measured over 3 frames" in text or refused == "review"


def test_no_key_of_the_configuration_and_no_secret_of_a_task_is_shown(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every service repeats the key pair that it got, and a room has its bucket as a secret."""
    canaries = {name: f"cAnAry/+{name}/=42" for name in KEYS.values()}
    project.config = {name: Secret(key) for name, key in canaries.items()}
    lobby = project.tasks[0]["outputs"]
    storage = {"type": "tos", "tosConfig": {"region": 1, "bucket": Secret("a-bucket-to-hide")}}
    lobby["storageConfig"] = storage
    sent = " ".join(key for name, key in canaries.items() if name.startswith("alibaba"))
    error = f"<Error><Code>Refused</Code><Message>got {sent} in vain</Message></Error>"
    with FakeServer(Response(400, error.encode())) as services:
        for service in ("OSS", "MPS"):
            monkeypatch.setenv(f"ALIBABA_CLOUD_{service}_ENDPOINT", services.endpoint)
        assert run_command("frames", frames, []) == ExitCode.FAILED
    text = "".join(capsys.readouterr())
    assert (text.count("in vain"), text.count("its bucket is a secret in state")) == (2, 1), text
    assert not [key for key in (*canaries.values(), "a-bucket-to-hide") if leaks(text, key)], text


def test_what_is_not_decrypted_is_said_and_a_profile_is_that_of_its_own_cloud(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.config, project.locked = half(OTHER), True
    for name in ("frames", "review"):
        run_command(name, COMMANDS[name], [])
        text = " ".join("".join(capsys.readouterr()).split())
        assert "in the stack's configuration, whose secrets are not decrypted here, and" in text
    oss = {"type": "custom", "customConfig": {"vendor": "aliyun", "bucket": "frames", "region": 1}}
    tos = {"type": "tos", "tosConfig": {"bucket": "frames", "region": 1}}
    places = [location({"storageConfig": storage, "profile": "team"}) for storage in (oss, tos)]
    assert [place.profile for place in places] == [None, "team"]
