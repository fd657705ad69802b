"""A secret reaches the rtc and nothing else, wherever it is kept and however a call fails."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from integration.protocol.canaries import (
    ACCESS_KEY,
    CANARIES,
    OTHERS_ACCESS_KEY,
    OTHERS_SECRET_KEY,
    SECRET_KEY,
    TOKEN,
    forms,
    found_in,
    texts,
)
from integration.protocol.fake_rtc import BAD_BEHAVIOURS, FakeRtc, documented
from integration.protocol.process import URN, Spoken, spoken_plugin, surroundings
from support.fake_server import Request
from support.plugin import PROVIDER, PluginError
from support.sampling import sample
from unit.inputs.tasks import complete

Inputs = dict[str, Any]
INPUTS = {key: value for key, value in complete().items() if key not in ("state", "profile")}
_MARK, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


@dataclass
class Place:
    """Where the secrets of one run are kept; `travels` are those that the rtc must get to see."""

    environment: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    inputs: Inputs = field(default_factory=dict)
    travels: tuple[str, ...] = (ACCESS_KEY,)


def _secret(value: str) -> dict[str, str]:
    """A secret of the stack's configuration, as the engine sends it."""
    return {_MARK: _SECRET, "value": value}


PAIR = {"VOLCENGINE_ACCESS_KEY": ACCESS_KEY, "VOLCENGINE_SECRET_KEY": SECRET_KEY}
WITH_TOKEN = {**PAIR, "VOLCENGINE_SESSION_TOKEN": TOKEN}
BY_VALUE = {"bucket": "b", "accessKey": OTHERS_ACCESS_KEY, "secretKey": OTHERS_SECRET_KEY}
BY_NAME = {"bucket": "b", "accessKeyEnv": "OTHERS_KEY", "secretKeyEnv": "OTHERS_SECRET"}
OF_THE_TOOL = {
    "current": "team",
    "profiles": {
        "team": {"mode": "ak", "access-key": ACCESS_KEY, "secret-key": SECRET_KEY, "session-token": TOKEN}
    },
}

PLACES: dict[str, Place] = {
    "the environment": Place(PAIR),
    "the environment, with a token": Place(WITH_TOKEN, travels=(ACCESS_KEY, TOKEN)),
    "the environment, when debugging": Place(
        {**WITH_TOKEN, "VIDEOSNAP_DEBUG": "1"}, travels=(ACCESS_KEY, TOKEN)
    ),
    "the stack's configuration": Place(
        config={
            "videosnap:volcengineAccessKey": _secret(ACCESS_KEY),
            "videosnap:volcengineSecretKey": _secret(SECRET_KEY),
            "videosnap:volcengineSessionToken": _secret(TOKEN),
        },
        travels=(ACCESS_KEY, TOKEN),
    ),
    "the current profile": Place(
        files={".volcengine/config.json": json.dumps(OF_THE_TOOL)}, travels=(ACCESS_KEY, TOKEN)
    ),
    "a named profile": Place(
        files={".volcengine/config.json": json.dumps(OF_THE_TOOL)},
        inputs={"profile": "team"},
        travels=(ACCESS_KEY, TOKEN),
    ),
    "the older tool's profile": Place(
        files={
            ".volc/credentials": f"[default]\naccess_key_id={ACCESS_KEY}\nsecret_access_key={SECRET_KEY}\n"
        }
    ),
    "a third party's keys by value": Place(
        PAIR,
        inputs={"storageConfig": {"type": "custom", "customConfig": BY_VALUE}},
        travels=(ACCESS_KEY, OTHERS_ACCESS_KEY, OTHERS_SECRET_KEY),
    ),
    "a third party's keys by value, when debugging": Place(
        {**PAIR, "VIDEOSNAP_DEBUG": "1"},
        inputs={"storageConfig": {"type": "custom", "customConfig": BY_VALUE}},
        travels=(ACCESS_KEY, OTHERS_ACCESS_KEY, OTHERS_SECRET_KEY),
    ),
    "a third party's keys by their variables": Place(
        {**PAIR, "OTHERS_KEY": OTHERS_ACCESS_KEY, "OTHERS_SECRET": OTHERS_SECRET_KEY},
        inputs={"storageConfig": {"type": "custom", "customConfig": BY_NAME}},
        travels=(ACCESS_KEY, OTHERS_ACCESS_KEY, OTHERS_SECRET_KEY),
    ),
}


@dataclass
class Witness:
    """Everything that came back from a plugin, by where it was seen."""

    errors: list[str] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)

    def hear(self, call: Callable[[], Any]) -> Any:
        """Make a call and keep what comes of it."""
        try:
            result = call()
        except PluginError as error:
            self.errors.append(str(error))
            return None
        self.results.append(copy.deepcopy(result))
        return result


@contextlib.contextmanager
def _run(place: Place, home: Path) -> Iterator[tuple[FakeRtc, Spoken]]:
    for name, text in place.files.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    with FakeRtc() as rtc:
        environment = surroundings(rtc, home, **place.environment)
        with spoken_plugin(environment, config=place.config) as spoken:
            yield rtc, spoken


def _every_method(witness: Witness, spoken: Spoken, inputs: Inputs, task: str) -> None:
    """Check, diff, create, read, update of three kinds, and delete of one task."""
    plugin, id_ = spoken.plugin, f"661e543cf/Room1/{task}"
    inputs = {**inputs, "taskId": task}
    checked = witness.hear(lambda: plugin.check(URN, inputs))[0]
    faster = {**checked, "imageConfig": {**checked["imageConfig"], "interval": 1}}
    recorded = {**checked, "status": "running", "startTime": "2023-11-14T22:13:20.000Z"}
    ended = {**recorded, "status": "ended", "stopReason": "StopByAPI", "state": "ended: StopByAPI"}
    witness.hear(lambda: plugin.diff(URN, id_, recorded, {**faster, "roomId": "Room2"}))
    witness.hear(lambda: plugin.read(URN, id_, recorded))
    witness.hear(lambda: plugin.update(URN, id_, recorded, faster))
    witness.hear(lambda: plugin.update(URN, id_, ended, checked))
    witness.hear(lambda: plugin.delete(URN, id_, recorded))
    witness.hear(lambda: plugin.create(URN, checked))


def _without_the_secret_inputs(result: Any) -> Any:
    """A result but for the two inputs that are secrets, which the engine keeps encrypted."""
    if isinstance(result, dict):
        kept = {name: _without_the_secret_inputs(value) for name, value in result.items()}
        custom = kept.get("storageConfig", {}).get("customConfig", {}) if "appId" in kept else {}
        for name in ("accessKey", "secretKey"):
            custom.pop(name, None)
        return kept
    return (
        [_without_the_secret_inputs(item) for item in result] if isinstance(result, list | tuple) else result
    )


@pytest.mark.parametrize("name", sample(list(PLACES), 0.3))
def test_a_secret_is_given_away_nowhere(name: str, tmp_path: Path) -> None:
    place, witness = PLACES[name], Witness()
    inputs = {**INPUTS, **place.inputs}
    with _run(place, tmp_path) as (rtc, spoken):
        for number, behaviour in enumerate((documented, *BAD_BEHAVIOURS.values())):
            rtc.behaviour = behaviour
            _every_method(witness, spoken, inputs, f"task{number}")
        rtc.stop()
        _every_method(witness, spoken, inputs, "unreachable")
    for secret in place.travels:
        assert any(_carries(request, secret) for request in rtc.requests), f"{secret} was never sent"
    assert len(witness.errors) > 4 * len(BAD_BEHAVIOURS), witness.errors
    assert any("got no response" in error for error in witness.errors)
    said = {
        "errors": witness.errors,
        "results": list(texts(_without_the_secret_inputs(witness.results))),
        "log": spoken.log.messages(),
        "stdout": [spoken.stdout],
        "stderr": [spoken.stderr],
        "quota": [file.read_bytes().decode("latin-1") for file in (tmp_path / "quota").iterdir()],
        "pickle": [base64.b64decode(PROVIDER).decode("latin-1")],
    }
    assert spoken.log.messages(), "nothing was logged that could give a secret away"
    assert said["quota"], "nothing was stored that could give a secret away"
    given_away = {where: found_in("\n".join(lines)) for where, lines in said.items()}
    assert not any(given_away.values()), given_away
    assert (spoken.stdout, spoken.stderr) == ("", "")


def _carries(request: Request, secret: str) -> bool:
    return secret in " ".join(request.headers.values()) or secret in request.body.decode()


MISTAKES: dict[str, Inputs] = {
    "in place of the block": {"customConfig": OTHERS_SECRET_KEY},
    "in place of the storage": {"storageConfig": OTHERS_SECRET_KEY},
    "in a list": {"customConfig": {**BY_VALUE, "secretKey": [OTHERS_SECRET_KEY]}},
    "in a block": {"customConfig": {**BY_VALUE, "secretKey": {"value": OTHERS_SECRET_KEY}}},
    "twice": {"customConfig": {**BY_VALUE, "secretKeyEnv": "OTHERS_SECRET"}},
    "under a misspelt name": {"customConfig": {**BY_VALUE, "secretkey": OTHERS_SECRET_KEY}},
    "beside a missing bucket": {"customConfig": {**BY_VALUE, "bucket": ""}},
    "beside another block": {"type": "tos", "customConfig": BY_VALUE},
    "where a variable's name belongs": {
        "customConfig": {"bucket": "b", "accessKeyEnv": OTHERS_ACCESS_KEY, "secretKeyEnv": OTHERS_SECRET_KEY}
    },
}


def test_a_mistaken_key_is_not_repeated_by_a_refusal(tmp_path: Path) -> None:
    with _run(Place(), tmp_path) as (_, spoken):
        for mistake, storage in MISTAKES.items():
            wrong = {"storageConfig": storage, **(storage if "storageConfig" in storage else {})}
            _, refused = spoken.plugin.check(URN, {**complete(), **wrong})
            assert refused, mistake
            assert found_in("\n".join(refused)) == [], mistake


@pytest.mark.parametrize("debug", ["0", "1"])
def test_not_even_a_mistake_of_ours_repeats_a_key(tmp_path: Path, debug: str) -> None:
    custom = {"bucket": "b", "accessKey": [OTHERS_ACCESS_KEY], "secretKey": {"value": OTHERS_SECRET_KEY}}
    never_checked = {**INPUTS, "storageConfig": {"type": "custom", "customConfig": custom}}
    place = Place({**PAIR, "VIDEOSNAP_DEBUG": debug})
    with _run(place, tmp_path) as (_, spoken), pytest.raises(PluginError, match="ValidationError") as raised:
        spoken.plugin.create(URN, never_checked)
    assert found_in(str(raised.value)) == []


def test_unset_variables_are_said_by_their_names(tmp_path: Path) -> None:
    custom = {"storageConfig": {"type": "custom", "customConfig": BY_NAME}}
    place = Place({**PAIR, "OTHERS_KEY": OTHERS_ACCESS_KEY})
    with _run(place, tmp_path) as (rtc, spoken), pytest.raises(PluginError) as raised:
        spoken.plugin.create(URN, {**INPUTS, **custom})
    assert str(raised.value) == (
        "videosnap: storage_config.custom_config.secret_key_env names the environment variable "
        "OTHERS_SECRET, which is not set; export it where `pulumi` runs"
    )
    assert rtc.requests == []


BROKEN: dict[str, Place] = {
    "half a pair in the environment": Place({"VOLCENGINE_SECRET_KEY": SECRET_KEY}),
    "a key with a blank": Place({**PAIR, "VOLCENGINE_SECRET_KEY": f"{SECRET_KEY} {TOKEN}"}),
    "a token with a line's end": Place({**PAIR, "VOLCENGINE_SESSION_TOKEN": f"{TOKEN}\n{TOKEN}"}),
    "half a pair in the configuration": Place(config={"videosnap:volcengineSecretKey": _secret(SECRET_KEY)}),
    "a profile file that is no JSON": Place(files={".volcengine/config.json": json.dumps(OF_THE_TOOL)[:-1]}),
    "a profile file that is no INI": Place(files={".volc/credentials": f"{ACCESS_KEY}\n{SECRET_KEY}\n"}),
    "half a pair in a profile": Place(
        files={".volc/credentials": f"[default]\nsecret_access_key = {SECRET_KEY}\n"}
    ),
    "a profile that signs in by a secret": Place(
        files={
            ".volcengine/config.json": json.dumps(
                {"profiles": {"default": {"mode": "sso", "secret-key": TOKEN}}}
            )
        }
    ),
    "an endpoint with a password": Place(
        {**PAIR, "VOLCENGINE_RTC_ENDPOINT": f"https://me:{TOKEN}@example.com"}
    ),
    "an endpoint with a key in it": Place(
        {**PAIR, "VOLCENGINE_RTC_ENDPOINT": f"https://example.com/?k={TOKEN}"}
    ),
}


@pytest.mark.parametrize("name", sample(list(BROKEN), 0.3))
def test_credentials_that_cannot_be_used_are_not_repeated(name: str, tmp_path: Path) -> None:
    witness = Witness()
    with _run(BROKEN[name], tmp_path) as (rtc, spoken):
        _every_method(witness, spoken, INPUTS, "task")
    assert rtc.requests == []
    assert len(witness.errors) == 5
    assert all(error.startswith("videosnap: ") for error in witness.errors)
    assert found_in("\n".join([*witness.errors, spoken.stdout, spoken.stderr, *spoken.log.messages()])) == []


def test_a_canary_is_found_in_every_form() -> None:
    for secret in CANARIES:
        for shift in ("", "k", "ak", "ak:", "akid:"):
            assert found_in(base64.b64encode(f"{shift}{secret}:more".encode()).decode()) == [secret]
        assert all(found_in(f"<{form}>") == [secret] for form in forms(secret))
    assert found_in("AKLT****, ****, and nothing else") == []
