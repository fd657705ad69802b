"""A project in a CI: its checkout, a forge to talk to, and its jobs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ci.fake_forge import HOOK, REQUEST, TOKEN, FakeForge, serving
from ci.recipes import put_scripts, run_github, run_gitlab
from support.cli import STACK, Project, Ran
from support.emulator import Emulator

PROGRAM = """\
import json
from pathlib import Path
from pulumi import ResourceOptions
from pulumi_videosnap import volcengine

before = []
for name, inputs in json.loads(Path("declared.json").read_text()).items():
    before = [volcengine.SnapshotTask(name, **inputs, opts=ResourceOptions(depends_on=before))]
"""
KEYS = (
    "VOLCENGINE_ACCESS_KEY",
    "VOLCENGINE_SECRET_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
)
STATE = ("PULUMI_STACK", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")
UNREACHABLE = {"VOLCENGINE_RTC_ENDPOINT": "http://127.0.0.1:9", "VIDEOSNAP_CALL_BUDGET": "1"}


@dataclass
class Pipeline:
    """The jobs of one project; `settings` are what a team sets up in its forge beside the keys."""

    kind: str
    project: Project
    forge: FakeForge
    keys: Mapping[str, str]
    app: str
    settings: dict[str, str] = field(default_factory=dict)

    def declare(self, **intervals: int) -> None:
        """Let the program declare a task in each room; each waits for the one before."""
        tos = {"tos_config": {"account_id": "2100000000", "bucket": "frames"}}
        declared = {
            room: {
                "app_id": self.app,
                "room_id": room,
                "task_id": room,
                "image_config": {"interval": interval},
                "storage_config": tos,
            }
            for room, interval in intervals.items()
        }
        (self.project.folder / "declared.json").write_text(json.dumps(declared))

    def run(self, recipe: str, job: str, **environment: str) -> Ran:
        """Run a job; GitLab has all recipes in one file. No secret may be in what it prints."""
        ran = self._run(recipe, job, environment)
        secrets = (TOKEN, HOOK, self.keys["VOLCENGINE_SECRET_KEY"])
        assert not [secret for secret in secrets if secret in ran.output], ran.output
        return ran

    def _run(self, recipe: str, job: str, environment: Mapping[str, str]) -> Ran:
        folder, known = self.project.folder, {**self.project.environment, **environment}
        base = {name: value for name, value in known.items() if name not in (*KEYS, *STATE)}
        base |= self.forge.environment(self.kind)
        state = {name: known[name] for name in STATE}
        if self.kind == "gitlab":
            everything = {"GITLAB_TOKEN": TOKEN, **base, **state, **self.keys, **self.settings}
            return run_gitlab(job, folder, everything)
        values = {f"{where}.{name}": value for name, value in state.items() for where in ("vars", "secrets")}
        values |= {f"secrets.{name}": value for name, value in self.keys.items()}
        values |= {f"secrets.DRIFT_{name}": value for name, value in self.keys.items()}
        values |= {f"secrets.REVIEW_{name}": value for name, value in self.keys.items()}
        values |= {
            f"{where}.{name}": value for name, value in self.settings.items() for where in ("vars", "secrets")
        }
        values |= {"github.token": TOKEN, "github.event.pull_request.number": str(REQUEST)}
        return run_github(recipe, job, folder, base, values)


@pytest.fixture
def forge() -> Iterator[FakeForge]:
    with serving() as running:
        yield running


@pytest.fixture(params=["github", "gitlab"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pipeline(kind: str, tmp_path: Path, emulator: Emulator, forge: FakeForge, app: str) -> Pipeline:
    """A checkout of a project whose CI uses the recipes; it begins with one task in the lobby."""
    project = Project(tmp_path, PROGRAM, emulator.environment)
    tools = f"{Path(sys.prefix) / 'bin'}:{project.environment['PATH']}"
    project.environment |= {"PATH": tools, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    assert project.environment["PULUMI_STACK"] == STACK
    put_scripts(tmp_path)
    keys = {name: emulator.environment[name] for name in KEYS}
    made = Pipeline(kind, project, forge, keys, app)
    made.declare(lobby=5)
    return made
