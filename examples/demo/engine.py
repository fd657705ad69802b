"""`pulumi` for one program, with its home, its state and its stack's settings under `.demo`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Container
from pathlib import Path

from examples.demo.emulator import Cloud
from examples.demo.screen import DEMO, ROOT, Choice, entries, everything, into, nothing

STACK = "demo"
SUCCEEDED = (0,)
FAILED = range(1, 256)
DRIFTED = (1,)
"""Exit code of `videosnap drift` when something drifted and all could be checked."""
AS_EXPECTED_OR_NOT = (0, 1)
"""Exit codes of `videosnap frames` and `drift` that could check everything."""
DRIFT_FOUND = 7
"""Exit code of `pulumi … --expect-no-changes` when something differs."""
_FROM_OUTSIDE = ("PULUMI_", "VOLCENGINE_", "ALIBABA_", "VIDEOSNAP_")


class Pulumi:
    """Runs commands on the stack `demo` of the program whose Pulumi.yaml is in `project`."""

    def __init__(self, cloud: Cloud, project: Path) -> None:
        self._project = project
        self._settings = DEMO / f"Pulumi.{project.name}.yaml"
        self._environment = _environment(cloud)

    def make_stack(self) -> None:
        """`stack init`, which writes the stack's settings beside the program, wherever they belong."""
        written = self._project / f"Pulumi.{STACK}.yaml"
        was_there = written.exists()
        self._run(["stack", "init", STACK], nothing, SUCCEEDED, [])
        if not was_there:
            written.replace(self._settings)

    def __call__(
        self, *arguments: str, show: Choice = everything, expect: Container[int] = SUCCEEDED
    ) -> None:
        """Run a command and show some lines of its output; an exit code not expected ends the demo."""
        self._run([*arguments], show, expect, ["--stack", STACK, "--config-file", str(self._settings)])

    def contact_sheet(self, file: Path, expect: Container[int] = SUCCEEDED) -> None:
        """`videosnap frames`: every frame of the stack, and the contact sheet as a page."""
        self._command(["videosnap", "frames", "--stack", STACK, "--sheet", str(file)], everything, expect, [])

    def review(self) -> None:
        """`videosnap review` of the program's change."""
        preview = DEMO / "preview.json"
        self._run(
            ["preview", "--json", "--show-sames"],
            into(preview),
            SUCCEEDED,
            ["--stack", STACK, "--config-file", str(self._settings)],
        )
        self._command(["videosnap", "review", str(preview)], entries, SUCCEEDED, [])

    def drift(self, expect: Container[int], show: Choice = entries) -> None:
        """`videosnap drift` of the stack."""
        self._command(["videosnap", "drift", "--stack", STACK], show, expect, [])

    def _run(self, arguments: list[str], show: Choice, expect: Container[int], more: list[str]) -> None:
        self._command(["pulumi", *arguments], show, expect, [*more, "--non-interactive"])

    def _command(self, command: list[str], show: Choice, expect: Container[int], more: list[str]) -> None:
        print(f"  $ {' '.join(command).replace(f'{ROOT}/', '')}", flush=True)
        ran = subprocess.run(
            [*command, *more],
            cwd=self._project,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if ran.returncode not in expect:
            raise SystemExit(f"demo: exit code {ran.returncode}, which is not expected:\n{ran.stdout}")
        for line in show(ran.stdout):
            print(f"      {line}".replace(f"{ROOT}/", ""), flush=True)


def _environment(cloud: Cloud) -> dict[str, str]:
    state = DEMO / "state"
    state.mkdir(exist_ok=True)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_FROM_OUTSIDE)},
        **cloud.environment,
        "PATH": os.pathsep.join([str(ROOT / ".venv/bin"), str(ROOT / ".engine/bin"), os.environ["PATH"]]),
        "PULUMI_HOME": str(DEMO / "pulumi-home"),
        "PULUMI_BACKEND_URL": f"file://{state}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "NO_COLOR": "1",
    }
