"""A secret reaches the rtc and nothing else, wherever it is kept and however a call fails."""

import base64
import contextlib
import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from integration.protocol.fake_rtc import (
    BAD_BEHAVIOURS,
    URN,
    FakeRtc,
    documented,
    saying,
    surroundings,
    text_of,
)
from support.canary import ENCODINGS, echoes, leaks
from support.data import load
from support.plugin import PROVIDER, Plugin, PluginError, running_plugin
from support.sampling import sample
from unit.inputs.tasks import complete

Inputs = dict[str, Any]
INPUTS = {key: value for key, value in complete().items() if key not in ("state", "profile")}
ACCESS_KEY = "AKLTcanaryAccess/Key+1=="
SECRET_KEY = "canarySecret/Key+2=="
TOKEN = "canarySession/Token+3=="
OTHERS_ACCESS_KEY = "canaryOthersAccess/Key+4=="
OTHERS_SECRET_KEY = "canaryOthersSecret/Key+5=="
CANARIES = (ACCESS_KEY, SECRET_KEY, TOKEN, OTHERS_ACCESS_KEY, OTHERS_SECRET_KEY)


def found_in(text: str) -> list[str]:
    """The secrets that a text gives away, as they are, from right to left, or in an encoding."""
    return [one for one in CANARIES if one[::-1] in text or leaks(text, one)]


@dataclass
class Place:
    """Where the secrets of one run are kept; `travels` are those that the rtc must get to see."""

    environment: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    inputs: Inputs = field(default_factory=dict)
    travels: Sequence[str] = (ACCESS_KEY,)


TABLES = load("rtc/secrets.json")
PLACES, BROKEN = ({name: Place(**row) for name, row in TABLES[key].items()} for key in ("places", "broken"))
PAIR = PLACES["the environment"].environment
CUSTOM: Inputs = PLACES["a third party's keys by their variables"].inputs


@dataclass
class Witness:
    """Everything that came back from a plugin, by where it was seen."""

    errors: list[str] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)

    def hear(self, call: Callable[[], Any]) -> Any:
        try:
            result = call()
        except PluginError as error:
            self.errors.append(str(error))
            return None
        self.results.append(copy.deepcopy(result))
        return result


@contextlib.contextmanager
def _run(place: Place, home: Path, front: str) -> Iterator[tuple[FakeRtc, Plugin]]:
    for name, text in place.files.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    with FakeRtc() as rtc:
        environment = surroundings(rtc, home, **place.environment)
        # An engine gives a native provider its own configuration, without the namespace.
        namespace = "videosnap:" if front == "native" else ""
        config = {key.removeprefix(namespace): one for key, one in place.config.items()}
        with running_plugin(environment, config=config, front=front) as plugin:
            yield rtc, plugin


def _every_method(witness: Witness, plugin: Plugin, inputs: Inputs, task: str) -> None:
    """Check, diff, create, read, update of three kinds, and delete of one task."""
    id_ = f"661e543cf/Room1/{task}"
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
    return [_without_the_secret_inputs(one) for one in result] if isinstance(result, list | tuple) else result


@pytest.mark.parametrize("name", sample(list(PLACES), 0.3))
def test_a_secret_is_given_away_nowhere(name: str, tmp_path: Path, front: str) -> None:
    place, witness = PLACES[name], Witness()
    inputs = {**INPUTS, **place.inputs}
    with _run(place, tmp_path, front) as (rtc, plugin):
        for number, behaviour in enumerate((documented, *BAD_BEHAVIOURS.values())):
            rtc.behaviour = behaviour
            _every_method(witness, plugin, inputs, f"task{number}")
        rtc.stop()
        _every_method(witness, plugin, inputs, "unreachable")
    for secret in place.travels:
        assert any(secret in text_of(request) for request in rtc.requests), f"{secret} was never sent"
    assert len(witness.errors) > 4 * len(BAD_BEHAVIOURS), witness.errors
    assert any("got no response" in error for error in witness.errors)
    seen = {
        "errors": witness.errors,
        "results": [json.dumps(_without_the_secret_inputs(witness.results))],
        "log": plugin.log.messages(),
        "stdout": [plugin.stdout],
        "stderr": [plugin.stderr],
        "quota": [one.read_text("latin-1") for one in (tmp_path / "quota").rglob("*") if one.is_file()],
        "pickle": [base64.b64decode(PROVIDER).decode("latin-1")],
    }
    assert plugin.log.messages(), "nothing was logged that could give a secret away"
    assert seen["quota"], "nothing was stored that could give a secret away"
    given_away = {where: found_in("\n".join(lines)) for where, lines in seen.items()}
    assert not any(given_away.values()), given_away
    assert (plugin.stdout, plugin.stderr) == ("", "")


@pytest.mark.parametrize(
    ("given", "encoding"), sample(list(product(("by value", "by their variables"), ENCODINGS)), 0.03)
)
def test_any_answer_may_repeat_the_keys(given: str, encoding: str, tmp_path: Path, front: str) -> None:
    """A third party's keys are sent once, with the start of the task, and the service has them then."""
    keys, witness = (OTHERS_ACCESS_KEY, OTHERS_SECRET_KEY), Witness()
    place = PLACES[f"a third party's keys {given}"]
    with _run(place, tmp_path, front) as (rtc, plugin):
        for filler in (0, 250, 280):  # where a long message is cut off
            rtc.behaviour = saying("x" * filler + echoes(keys)[encoding])
            _every_method(witness, plugin, {**INPUTS, **place.inputs}, "task")
    assert len(witness.errors) >= 9
    assert [(text, key) for text in witness.errors for key in keys if leaks(text, key)] == []


def test_a_mistaken_key_is_not_repeated_by_a_refusal(tmp_path: Path, front: str) -> None:
    with _run(Place(), tmp_path, front) as (_, plugin):
        for mistake, storage in TABLES["mistakes"].items():
            wrong = {"storageConfig": storage, **(storage if "storageConfig" in storage else {})}
            _, refused = plugin.check(URN, {**complete(), **wrong})
            assert refused, mistake
            assert found_in("\n".join(refused)) == [], mistake


@pytest.mark.parametrize("debug", ["0", "1"])
def test_not_even_a_mistake_of_ours_repeats_a_key(tmp_path: Path, front: str, debug: str) -> None:
    custom = {"bucket": "b", "accessKey": [OTHERS_ACCESS_KEY], "secretKey": {"value": OTHERS_SECRET_KEY}}
    never_checked = {**INPUTS, "storageConfig": {"type": "custom", "customConfig": custom}}
    place = Place({**PAIR, "VIDEOSNAP_DEBUG": debug})
    failed = pytest.raises(PluginError, match="ValidationError")
    with _run(place, tmp_path, front) as (_, plugin), failed as raised:
        plugin.create(URN, never_checked)
    assert found_in(str(raised.value)) == []


def test_unset_variables_are_named(tmp_path: Path, front: str) -> None:
    place = Place({**PAIR, "OTHERS_KEY": OTHERS_ACCESS_KEY})
    with _run(place, tmp_path, front) as (rtc, plugin), pytest.raises(PluginError) as raised:
        plugin.create(URN, {**INPUTS, **CUSTOM})
    assert str(raised.value) == (
        "videosnap: storage_config.custom_config.secret_key_env names the environment variable "
        "OTHERS_SECRET, which is not set; export it where `pulumi` runs"
    )
    assert rtc.requests == []


@pytest.mark.parametrize("name", sample(list(BROKEN), 0.3))
def test_credentials_that_cannot_be_used_are_not_repeated(name: str, tmp_path: Path, front: str) -> None:
    witness = Witness()
    with _run(BROKEN[name], tmp_path, front) as (rtc, plugin):
        _every_method(witness, plugin, INPUTS, "task")
    assert (rtc.requests, len(witness.errors)) == ([], 5)
    assert all(error.startswith("videosnap: ") for error in witness.errors)
    assert found_in("\n".join([*witness.errors, plugin.stdout, plugin.stderr, *plugin.log.messages()])) == []


def test_a_canary_is_found_in_every_form() -> None:
    forms: list[Callable[[str], str]] = [*ENCODINGS.values(), lambda text: text[::-1]]
    for secret, encode, before in product(CANARIES, forms, ("", "k", "ak", "akid:")):
        assert secret in found_in(encode(f"{before}{secret}:more"))
    assert found_in("AKLT****, ****, and nothing else") == []
