"""A canary in every place for a credential: it may reach the service, and nothing else."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Callable

from support.cli import Project
from support.emulator import Emulator

Declare = Callable[..., None]

CANARY = "cAnAry/+secret=42"


def _found_in(text: str) -> list[str]:
    """The forms of the canary that occur in a text."""
    forms = {
        "raw": CANARY,
        "quoted": urllib.parse.quote(CANARY, safe=""),
        "hex": CANARY.encode().hex(),
        "base64": base64.b64encode(CANARY.encode()).decode().rstrip("="),
        "json": json.dumps(CANARY)[1:-1],
    }
    return [name for name, form in forms.items() if form in text]


def _third_party(**keys: str) -> dict[str, object]:
    return {"custom_config": {"vendor": "aliyun", "bucket": "frames", **keys}}


def test_keys_given_as_values_are_encrypted_and_shown_nowhere(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    keys = {"access_key": f"{CANARY}-a", "secret_key": f"{CANARY}-s"}
    declare(storage_config=_third_party(**keys))
    shown = [project.preview().ok().output, project.up().ok().output]
    declare(storage_config=_third_party(**{**keys, "bucket": "media"}))
    shown.append(project.preview().ok().output)
    shown.append(project.run("preview", "--json").ok().output)
    shown.append(project.run("preview", "--save-plan", "plan.json").ok().output)
    emulator.stop(f"{app}/Room1/Task1")
    shown.append(project.run("refresh", "--yes", "--skip-preview", "--diff").ok().output)
    shown.append(project.run("stack", "export").ok().output)
    shown.append(project.run("stack", "--show-urns").ok().output)
    shown.append(project.up("--diff").ok().output)
    assert emulator.running(app)[0]["storage"]["bucket"] == "media"
    declare(storage_config=_third_party(**keys), image_config={"interval": 999})
    shown.append(project.preview().exits(1).output)
    declare(storage_config=_third_party(**{**keys, "vendor": "nobody"}))
    shown.append(project.preview().exits(1).output)
    project.destroy().ok()
    for text in [*shown, *project.files()]:
        assert _found_in(text) == [], text


def test_keys_named_by_variable_never_reach_pulumi(
    project: Project, declare: Declare, emulator: Emulator, app: str
) -> None:
    project.environment |= {"FRAMES_KEY": CANARY, "FRAMES_SECRET": CANARY}
    declare(storage_config=_third_party(access_key_env="FRAMES_KEY", secret_key_env="FRAMES_SECRET"))
    shown = [project.up().ok().output, project.run("stack", "export", "--show-secrets").ok().output]
    assert len(emulator.running(app)) == 1
    project.destroy().ok()
    for text in [*shown, *project.files()]:
        assert _found_in(text) == [], text


def test_a_variable_that_is_not_set_is_named(project: Project, declare: Declare) -> None:
    declare(storage_config=_third_party(access_key_env="FRAMES_KEY", secret_key_env="FRAMES_SECRET"))
    (line,) = (line for line in project.up().exits(1).errors if line != "update failed")
    assert "storage_config.custom_config.access_key_env" in line
    assert "FRAMES_KEY, which is not set" in line


def test_account_keys_stay_out_of_state_and_errors(
    project: Project, declare: Declare, emulator: Emulator
) -> None:
    shown = []
    for name in ("VOLCENGINE_ACCESS_KEY", "VOLCENGINE_SECRET_KEY", "VOLCENGINE_SESSION_TOKEN"):
        failed = project.up("--diff", env={name: CANARY})
        shown.append(failed.output)
    for text in [*shown, *project.files()]:
        assert _found_in(text) == [], text
    project.up().ok()
    state = project.run("stack", "export", "--show-secrets").ok().output
    assert emulator.environment["VOLCENGINE_SECRET_KEY"] not in state
    assert emulator.environment["VOLCENGINE_ACCESS_KEY"] not in state
    project.destroy().ok()
