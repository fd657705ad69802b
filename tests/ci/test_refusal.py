"""What a job prints where the engine refuses a plan: Pulumi tells both values then, those of secrets too."""

from __future__ import annotations

import os
from pathlib import Path

from ci.recipes import run_github, run_gitlab

DIFFERS = """\
error: resource urn:…::SnapshotTask::a violates plan: properties changed: ++secretKey[{&{{SEKRIT-1
SEKRIT-2}}}!={&{{SEKRIT-3}}}]
"""
REFUSAL = f"""\
Updating (dev):
 +  pulumi:pulumi:Stack rooms-dev creating (0s)
    pulumi-python:dynamic/volcengine:SnapshotTask a  {DIFFERS}
Diagnostics:
    {DIFFERS}
"""
"""As Pulumi 3.259 prints it, with a secret of two lines."""


def test_a_refusal_tells_no_secret(kind: str, tmp_path: Path) -> None:
    said = _applied_with(kind, tmp_path, REFUSAL, 3)
    assert said.startswith("Updating (dev):")
    assert "SnapshotTask::a violates plan\n" in said
    assert "SEKRIT" not in said


def test_all_else_is_printed_as_it_is(kind: str, tmp_path: Path) -> None:
    text = "Updating (dev):\nerror: create is not allowed by the plan\nResources:\n    1 errored\n"
    assert _applied_with(kind, tmp_path, text, 0) == text


def _applied_with(kind: str, folder: Path, text: str, code: int) -> str:
    """What the job prints where the engine prints a text; it must end as the engine does."""
    engine = folder / "bin" / "pulumi"
    engine.parent.mkdir()
    engine.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{text}END\nexit {code}\n")
    engine.chmod(0o700)
    path = {"PATH": f"{engine.parent}:{os.environ['PATH']}"}
    if kind == "gitlab":
        return run_gitlab("apply", folder, path).exits(code).output
    return run_github("apply.yml", "apply", folder, path, {}).exits(code).output.partition("\n")[2]
