"""One table: places where a secret could be seen x the encodings in which a careless service repeats it."""

from __future__ import annotations

from collections import defaultdict
from itertools import cycle
from pathlib import Path

import pytest

from e2e.conftest import Stack
from support.canary import echoes, leaks
from support.plugin import FRONTS
from support.sampling import sample

PACK = str(Path(__file__).resolve().parents[2] / "policy")
KEYS = {"access_key": "cAnAry/Others+Access=1", "secret_key": "cAnAry/Others+Secret=2"}
OWN = ("VOLCENGINE_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
REPORTS = {
    "drift": ((), ("--json",), ("--markdown",)),
    "review": ((), ("--json",), ("--markdown",)),
    "frames": ((), ("--json",)),
}
FORMS = ("raw", "JSON", "URL", "base64", "base64 in a URL", "hexadecimal", "HTML", "split by blanks")
"""How the service repeats the secrets; unit tests have the other encodings."""
PAGES = {"drift": "--html", "review": "--html", "frames": "--sheet"}


@pytest.fixture(params=sample(FRONTS, 0.5))
def front(request: pytest.FixtureRequest) -> str:
    """One of the fronts, by the seed; both with --sweep."""
    found: str = request.param
    return found


@pytest.mark.sweep
def test_no_place_shows_a_secret_in_any_encoding(stack: Stack) -> None:
    own = [stack.environment[name] for name in OWN]
    secrets = [*KEYS.values(), *own]
    stack.environment["VIDEOSNAP_CALL_BUDGET"] = "2"
    # The log is the session's: what it had before is another test's.
    log = stack.emulator.env_file.with_name("emulator.log")
    before = log.stat().st_size
    storage = {"custom_config": {"vendor": "aliyun", "bucket": "frames", **KEYS}}
    stack.declare(lobby={"storage_config": storage}, hall={})
    stack.declare_jobs(stills={})
    places = {"log of up": stack.up("--diff").ok().output}
    stack.emulator.stop(stack.path("lobby"))
    stack.emulator.change(stack.path("hall"), interval=9)
    forms = cycle((command, form) for command in ("drift", "frames") for form in REPORTS[command])
    errors: dict[str, list[str]] = defaultdict(list)
    for encoding in FORMS:  # one by one, since a message is cut off
        # Commands do not open what state has encrypted, so they cannot know a third party's keys.
        for known in (secrets, own):
            echo = echoes(known)[encoding]
            stack.emulator.fault("error", times=None, status=400, code="Bad", message=echo)
            if known is secrets:
                errors["error of up"].append(stack.up("--refresh").exits(1).output)
            else:
                command, form = next(forms)
                failed = stack.videosnap(command, *form)
                errors[f"{command} {' '.join(form)} that fails"].append(failed.output)
            stack.emulator.clear_faults()
    places |= {place: "\n".join(texts) for place, texts in errors.items()}
    places |= _seen(stack)
    places["state"] = stack.run("stack", "export").ok().output
    places["files of the project, its state, history, backups and plans"] = "\n".join(stack.files())
    places["log of the emulator"] = log.read_bytes()[before:].decode(errors="replace")
    places["calls that the emulator shows"] = str(stack.emulator.calls())
    stack.destroy().ok()
    assert len(places) >= 12
    shown = {
        f"{place}: {secret}": found
        for place, text in places.items()
        for secret in secrets
        if (found := leaks(text, secret))
    }
    print(f"{len(places)} places x {len(FORMS)} encodings: {', '.join(places)}")
    assert shown == {}


def _seen(stack: Stack) -> dict[str, str]:
    """What a user sees of a stack, by place."""
    places = {
        "preview": stack.preview().output,
        "preview as JSON": stack.run("preview", "--json").output,
        "preview with a plan": stack.run("preview", "--save-plan", "plan.json").output,
        "message of a policy": stack.run("preview", "--policy-pack", PACK).output,
        "outputs and URNs": stack.run("stack", "--show-urns").output,
    }
    for command, forms in REPORTS.items():
        for form in forms:
            places[f"{command} {' '.join(form) or 'as text'}"] = stack.videosnap(command, *form).output
        page = stack.folder / f"{command}.html"
        stack.videosnap(command, PAGES[command], str(page))
        places[f"page of {command}"] = page.read_text() if page.exists() else ""
    return places
