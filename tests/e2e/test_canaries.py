"""One table: places where a secret could be seen x the encodings in which a careless service repeats it."""

import html
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path

import pytest

from e2e.conftest import Stack, sampled_front
from support.canary import echoes, leaks
from support.emulator import Emulator, running_emulator
from support.fake_server import FakeServer, Response

front = sampled_front

PACK = str(Path(__file__).resolve().parents[2] / "policy")
KEYS = {"access_key": "tP7/kQ2+Wx9=Zb4Lr6Vd", "secret_key": "mH5+Yc8/Jg3=Nf1Su0+Ke6/Oi9=Aq7Bp2Dt4Gw"}
"""Of a third party's bucket: RTC gets them with each task."""
OWN = {
    "rtc": {"VOLCENGINE_SECRET_KEY": "Rz6/uE1+Xa8=Cn3Mv5+Tb0/Lh7=Fy2"},
    "mps": {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "Gs9+Wo4/Ij6=Qd8Pk1+Ux3/Zr5=Hm7"},
}
"""The account's secret by service. Other texts have parts of the emulator's own, and none of these."""
STORE = "ALIBABA_CLOUD_OSS_ENDPOINT"
"""Where all frames are; a store gets the account's secret of its cloud, at most."""
REPORTS = {
    "drift": ((), ("--json",), ("--markdown",)),
    "review": ((), ("--json",), ("--markdown",)),
    "frames": ((), ("--json",)),
}
FORMS = ("raw", "JSON", "URL", "base64", "base64 in a URL", "hexadecimal", "HTML", "split by blanks")
"""How the services repeat the secrets; unit tests have the other encodings."""
PAGES = {"drift": "--html", "review": "--html", "frames": "--sheet"}


@pytest.fixture
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator of its own, whose log is this test's alone, and which accepts the keys of this test."""
    arguments = "--pace", "manual", "--no-signature-check"
    with running_emulator(tmp_path_factory.mktemp("emulator"), *arguments) as emulator:
        for keys in OWN.values():
            emulator.environment |= keys
        yield emulator


def _storage(**changes: str) -> dict[str, object]:
    return {"storage_config": {"custom_config": {"vendor": "aliyun", "bucket": "frames", **KEYS, **changes}}}


@pytest.mark.sweep
def test_no_place_shows_a_secret_in_any_encoding(stack: Stack) -> None:
    own = {service: [*keys.values()] for service, keys in OWN.items()}
    secrets = [*KEYS.values(), *own["rtc"], *own["mps"]]
    stack.environment["VIDEOSNAP_CALL_BUDGET"] = "2"
    hall, lobby = _storage(bucket="media"), _storage()
    stack.declare(lobby=lobby, hall=lobby)
    stack.declare_jobs(stills={})
    places = {"log of up": stack.up("--diff").ok().output}
    stack.declare(lobby={**_storage(vendor="nobody"), "image_config": {"interval": 999}})
    places["refused preview"] = stack.preview().exits(1).output
    stack.declare(lobby=lobby, hall=hall)
    places["log of a replacement"] = stack.up("--diff").ok().output
    assert {one["storage"]["bucket"] for one in stack.emulator.running(stack.app)} == {"frames", "media"}
    stack.emulator.stop(stack.path("lobby"))
    stack.emulator.change(stack.path("hall"), interval=9)
    places |= _failures(stack, own | {"rtc": [*KEYS.values(), *own["rtc"]]})
    # A reason that is part of a response which succeeds: reports show it, and state has it.
    reason = {"code": "Bad", "message": " ".join(map(echoes(own["mps"]).__getitem__, FORMS))}
    [job] = stack.submitted()
    stack.emulator.request("PUT", f"/jobs/{job['jobId']}", {"state": "Fail", **reason})
    places["refresh"] = stack.run("refresh", "--yes", "--skip-preview", "--diff").ok().output
    places |= _seen(stack)
    places["state"] = stack.run("stack", "export").ok().output
    places["files of the project, its state, history, backups and plans"] = "\n".join(stack.files())
    log = stack.emulator.env_file.with_name("emulator.log")
    places["log of the emulator"] = log.read_text(errors="replace")
    places["calls that the emulator shows"] = str(stack.emulator.calls())
    stack.destroy().ok()
    assert len(places) >= 14
    print(f"{len(places)} places x {len(FORMS)} encodings: {', '.join(places)}")
    for place, text in places.items():
        for secret in secrets:
            at = text.find(secret)
            around = text[max(0, at - 300) : at + 100] if at >= 0 else ""
            assert leaks(text, secret) == [], f"{place} shows {secret}: {around}"


def _failures(stack: Stack, known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What is shown when each service refuses everything and repeats the secrets that it knows."""
    failures: dict[str, list[str]] = defaultdict(list)
    commands = {command: cycle(REPORTS[command]) for command in ("drift", "frames")}
    services = [one for one in stack.emulator.show("/services")["services"] if one["name"] in known]
    for encoding in FORMS:  # one by one, since a message is cut off
        echo = {service: echoes(secrets)[encoding] for service, secrets in known.items()}
        rules = [
            {"action": one["action"], "fault": "error", "times": None, "code": "Bad", "status": 400}
            | {"message": echo[service["name"]]}
            for service in services
            for one in service["actions"]
        ]
        stack.emulator.request("PUT", "/faults", {"faults": rules})
        failures["up"].append(stack.up("--refresh").exits(1).output)
        refusal = f"<Error><Code>Bad</Code><Message>{html.escape(echo['mps'])}</Message></Error>"
        with FakeServer(Response(400, refusal.encode())) as store:
            for command, forms in commands.items():
                form = next(forms)
                ran = stack.videosnap(command, *form, env={STORE: store.endpoint})
                failures[" ".join((command, *form))].append(ran.exits(2).output)
        stack.emulator.clear_faults()
    return {f"failures of {place}": "\n".join(texts) for place, texts in failures.items()}


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
