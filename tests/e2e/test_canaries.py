"""One table: places where a secret could be seen x the encodings in which a careless service repeats it."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.conftest import Stack
from support.canary import ENCODINGS, echoes, leaks
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
PAGES = {"drift": "--html", "review": "--html", "frames": "--sheet"}


@pytest.fixture(params=sample(FRONTS, 0.5))
def front(request: pytest.FixtureRequest) -> str:
    """One of the fronts, by the seed; both with --sweep."""
    found: str = request.param
    return found


@pytest.mark.sweep
def test_no_place_shows_a_secret_in_any_encoding(stack: Stack) -> None:
    secrets = [*KEYS.values(), *(stack.environment[name] for name in OWN)]
    stack.environment["VIDEOSNAP_CALL_BUDGET"] = "2"
    # The log is the session's: what it had before is another test's.
    log = stack.emulator.env_file.with_name("emulator.log")
    before = log.stat().st_size
    storage = {"custom_config": {"vendor": "aliyun", "bucket": "frames", **KEYS}}
    stack.declare(lobby={"storage_config": storage}, hall={})
    stack.declare_jobs(stills={})
    places = {"log of up": stack.up("--diff", "--logtostderr", "-v=9").ok().output}
    stack.emulator.stop(stack.path("lobby"))
    places |= _seen(stack, "")
    for echo in echoes(secrets).values():
        stack.emulator.fault("error", times=None, status=400, code="Bad", message=echo)
        places["error of up"] = places.get("error of up", "") + stack.up("--refresh").output
        places["error of refresh"] = places.get("error of refresh", "") + stack.drift().output
        places["error of drift"] = places.get("error of drift", "") + stack.videosnap("drift").output
        stack.emulator.clear_faults()
    every = " ".join(echoes(secrets).values())
    stack.emulator.fault("error", times=None, status=400, code="Bad", message=every)
    places |= _seen(stack, " of an error")
    stack.emulator.clear_faults()
    places["state"] = stack.run("stack", "export").ok().output
    places["files of the project, its state, history, backups and plans"] = "\n".join(stack.files())
    places["log of the emulator"] = log.read_bytes()[before:].decode(errors="replace")
    places["calls that the emulator shows"] = str(stack.emulator.calls())
    stack.destroy().ok()
    assert len(places) >= 12
    assert len(ENCODINGS) >= 8
    shown = {place: [leaks(text, one) for one in secrets] for place, text in places.items()}
    print(f"{len(places)} places x {len(ENCODINGS)} encodings: {', '.join(places)}")
    assert {place: found for place, found in shown.items() if any(found)} == {}


def _seen(stack: Stack, when: str) -> dict[str, str]:
    """What a user sees of a stack, by place."""
    places = {
        f"preview{when}": stack.preview().output,
        f"preview as JSON{when}": stack.run("preview", "--json").output,
        f"preview with a plan{when}": stack.run("preview", "--save-plan", "plan.json").output,
        f"message of a policy{when}": stack.run("preview", "--policy-pack", PACK).output,
        f"outputs and URNs{when}": stack.run("stack", "--show-urns").output,
    }
    for command, forms in REPORTS.items():
        for form in forms:
            places[f"{command} {' '.join(form) or 'as text'}{when}"] = stack.videosnap(command, *form).output
        page = stack.folder / f"{command}.html"
        stack.videosnap(command, PAGES[command], str(page))
        places[f"page of {command}{when}"] = page.read_text() if page.exists() else ""
    return places
