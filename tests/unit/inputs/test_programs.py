"""However a program writes a task down, the engine gets the same inputs, and keys go there as secrets; wrong
inputs are one line of the real CLI that names the field.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pulumi
import pytest
from google.protobuf import json_format
from pulumi.runtime import mocks

from pulumi_videosnap.alibaba import SnapshotJob
from pulumi_videosnap.volcengine import (
    CustomConfigArgs,
    ImageConfigArgs,
    SnapshotTask,
    StorageConfigArgs,
    StreamArgs,
    TargetStreamsArgs,
    TosConfigArgs,
    VeImageXConfigArgs,
    VodConfigArgs,
)
from support.cli import Project
from support.data import load, read
from support.sampling import sample

_MARK, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


class _Engine(mocks.MockMonitor):
    """Keeps what a program declares, as it goes over the wire."""

    def __init__(self) -> None:
        super().__init__(_Cloud())
        self.declared: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:
        inputs = json_format.MessageToDict(request.object)
        self.requests[request.name] = request
        self.declared[request.name] = {name: v for name, v in inputs.items() if not name.startswith("__")}
        # Left to itself, the SDK opens a loop in this thread of its pool and never closes it.
        with _loop():
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def _loop() -> Iterator[None]:
    """An event loop for this thread."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


class _Cloud(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return args.name, {"status": "running", "startTime": "2024-01-01T00:00:00.000Z"}

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError("a task calls no function")


@pytest.fixture
def engine() -> Iterator[_Engine]:
    """An engine that only listens, for one program."""
    with _loop():
        engine = _Engine()
        mocks.set_mocks(_Cloud(), project="stories", stack="dev", preview=False, monitor=engine)
        yield engine


def declare(engine: _Engine, *spellings: dict[str, Any], **rest: Any) -> list[dict[str, Any]]:
    """The inputs that the engine gets for one task in each spelling."""

    def program() -> None:
        for number, spelling in enumerate(spellings):
            task = {"app_id": "661e", "room_id": "Room1", "task_id": "T", **rest, **spelling}
            SnapshotTask(f"task{number}", **task)

    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    return [engine.declared[f"task{number}"] for number in range(len(spellings))]


def later(value: Any) -> pulumi.Output[Any]:
    """A value that is only known once something else is."""
    return pulumi.Output.from_input("something else").apply(lambda _: value)


TOS: dict[str, Any] = {"account_id": "21", "bucket": "frames", "region": 1}
VOD: dict[str, Any] = {"account_id": "21", "space": "s", "storage_class": "archive"}
VOD |= {"auto_set_file_extension": True}
IMAGE_X: dict[str, Any] = {"account_id": "21", "service_id": "oomo"}
KEYS: dict[str, Any] = {"bucket": "b", "access_key": "AK-canary", "secret_key": "SK-canary"}
IN_STATES_SPELLING = {"bucket": "b", "accessKey": "AK-canary", "secretKey": "SK-canary"}
STORAGES: dict[str, Callable[[], list[Any]]] = {
    "tos": lambda: [
        StorageConfigArgs(tos_config=TosConfigArgs(**TOS)),
        StorageConfigArgs(tos_config=TOS),
        {"tos_config": TosConfigArgs(**TOS)},
        {"tos_config": TOS},
        {"tosConfig": {"accountId": "21", "bucket": "frames", "region": 1}},
        {"tos_config": later(TOS)},
        {"tos_config": later(TosConfigArgs(**TOS))},
        later({"tos_config": {**TOS, "bucket": later("frames")}}),
        MappingProxyType({"tos_config": TOS}),
    ],
    "vod": lambda: [
        StorageConfigArgs(type=1, vod_config=VodConfigArgs(**VOD)),
        {"type": 1, "vod_config": VOD},
    ],
    "veimagex": lambda: [
        StorageConfigArgs(ve_image_x_config=VeImageXConfigArgs(**IMAGE_X)),
        {"ve_image_x_config": IMAGE_X},
        {"veImageXConfig": {"accountId": "21", "serviceId": "oomo"}},
    ],
    "custom": lambda: [
        {"customConfig": IN_STATES_SPELLING},
        StorageConfigArgs(custom_config=CustomConfigArgs(**KEYS)),
        StorageConfigArgs(custom_config=KEYS),
        StorageConfigArgs(custom_config=IN_STATES_SPELLING),
        StorageConfigArgs(custom_config=later(CustomConfigArgs(**KEYS))),
        {"custom_config": KEYS},
        {"custom_config": CustomConfigArgs(**KEYS)},
        {"custom_config": later(KEYS)},
        {"customConfig": later(IN_STATES_SPELLING)},
        later({"custom_config": KEYS}),
        later({"customConfig": IN_STATES_SPELLING}),
        later(StorageConfigArgs(custom_config=CustomConfigArgs(**KEYS))),
        {"custom_config": {**KEYS, "secret_key": later("SK-canary")}},
    ],
}


@pytest.mark.parametrize("storage", STORAGES)
def test_blocks_and_dicts_and_outputs_of_them_are_the_same_storage(engine: _Engine, storage: str) -> None:
    """A key is a secret however it is written."""
    spellings = [{"storage_config": spelling} for spelling in STORAGES[storage]()]
    declared = declare(engine, *spellings)
    first, *others = map(_open, declared)
    assert first["storageConfig"]
    assert others == [first] * len(others)
    assert storage != "custom" or first["storageConfig"] == {"customConfig": IN_STATES_SPELLING}
    assert [one for one in declared if "canary" in str(_without_secrets(one))] == []


def test_blocks_and_dicts_and_outputs_of_them_are_the_same_streams_and_pictures(engine: _Engine) -> None:
    image: dict[str, Any] = {"interval": 5, "format": "png", "width": 800}
    one, two = {"user_id": "user0", "index": 3}, {"user_id": "user1"}
    args = [StreamArgs(user_id="user0", index=3), StreamArgs(user_id="user1")]
    mixed = TargetStreamsArgs(stream_list=[later(args[0]), {"userId": "user1"}])
    spellings = [
        (ImageConfigArgs(**image), TargetStreamsArgs(stream_list=args)),
        (image, {"stream_list": [one, two]}),
        (later(ImageConfigArgs(**{**image, "interval": later(5)})), mixed),
        ({**image, "interval": later(5), "format": later("png")}, {"stream_list": later([one, two])}),
    ]
    blocks = [{"image_config": image, "target_streams": streams} for image, streams in spellings]
    first, *others = declare(engine, *blocks, storage_config={"tos_config": TOS})
    assert first["imageConfig"] == {"interval": 5, "format": "png", "width": 800}
    assert first["targetStreams"] == {"streamList": [{"userId": "user0", "index": 3}, {"userId": "user1"}]}
    assert others == [first] * len(others)


def test_names_of_variables_are_no_secrets(engine: _Engine) -> None:
    names: dict[str, Any] = {"bucket": "b", "access_key_env": "MY_KEY", "secret_key_env": "MY_SECRET"}
    storage = StorageConfigArgs(custom_config=CustomConfigArgs(**names))
    [declared] = declare(engine, {"storage_config": storage})
    custom = {"bucket": "b", "accessKeyEnv": "MY_KEY", "secretKeyEnv": "MY_SECRET"}
    assert declared["storageConfig"] == {"customConfig": custom}


def test_a_task_is_named_after_project_stack_and_resource(engine: _Engine) -> None:
    ids: list[dict[str, Any]] = [{"task_id": later("Task1")}, {"task_id": None}, {"task_id": ""}]
    declared = declare(engine, *ids, storage_config={"tos_config": TOS})
    assert [task["taskId"] for task in declared] == ["Task1", "stories.dev.task1", "stories.dev.task2"]
    # What a program leaves out is not declared.
    assert sorted(declared[0]) == ["appId", "roomId", "storageConfig", "taskId"]


def _open(value: Any) -> Any:
    """Secrets as the values that they are."""
    if isinstance(value, dict):
        return _open(value["value"]) if _MARK in value else {k: _open(v) for k, v in value.items()}
    return [_open(item) for item in value] if isinstance(value, list) else value


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(_MARK) == _SECRET:
            return "[secret]"
        return {name: _without_secrets(inner) for name, inner in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


PATHS = load("inputs/paths.json")
"""Paths as programs write them, and as state has them; a dot in a key of the user's own is no step."""
UNKNOWN_PATHS = load("inputs/unknown_paths.json")


class _Mine(SnapshotTask):
    """A program's subclass with a constructor of its own."""

    def __init__(self, name: str, **task: Any) -> None:
        super().__init__(name, **task)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a program is warned of."""
    lines: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda message, resource: lines.append(message))
    return lines


def declare_with(engine: _Engine, kind: type = SnapshotTask, **options: Any) -> Any:
    """The request that the engine gets for one task with resource options."""

    def program() -> None:
        task = {"app_id": "661e", "room_id": "Room1", "storage_config": {"tos_config": TOS}}
        kind("one", triggers=[{"main.py": 1}], opts=pulumi.ResourceOptions(**options), **task)

    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    return engine.requests["one"]


def _ignore_by_transformation(args: Any) -> Any:
    more = pulumi.ResourceOptions(ignore_changes=list(PATHS))
    return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, more))


@pytest.mark.parametrize("kind", [SnapshotTask, _Mine])
def test_paths_reach_the_engine_as_state_has_them(engine: _Engine, warnings: list[str], kind: type) -> None:
    request = declare_with(engine, kind, ignore_changes=list(PATHS), replace_on_changes=list(PATHS))
    assert [list(request.ignoreChanges), list(request.replaceOnChanges)] == [[*PATHS.values()]] * 2
    assert engine.declared["one"]["triggers"] == [{"main.Py": 1}], "as state of older versions has it"
    request = declare_with(engine, kind, transformations=[_ignore_by_transformation])
    assert list(request.ignoreChanges) == [*PATHS.values()]
    secrets = ["start_time", "image_config.width", 'storageConfig["tos_config"]', "triggers[0]"]
    request = declare_with(engine, kind, additional_secret_outputs=secrets)
    whole = ["startTime", "imageConfig", "storageConfig", "triggers"]
    assert list(request.additionalSecretOutputs) == whole, "the engine knows whole properties only"
    assert warnings == []


@pytest.mark.parametrize("option", ["ignore_changes", "replace_on_changes", "additional_secret_outputs"])
def test_a_path_to_no_field_is_warned_of(engine: _Engine, warnings: list[str], option: str) -> None:
    given: dict[str, Any] = {option: list(UNKNOWN_PATHS)}
    declare_with(engine, **given)
    for line, (path, reason) in zip(warnings, UNKNOWN_PATHS.items(), strict=True):
        assert line.startswith(f"{option}: {path!r} has no effect: {reason}")


@pytest.mark.parametrize("duration", ["10 minutes", "1d", "90", 90, "-5s", "1h 30m", "m"])
def test_a_timeout_that_is_no_duration_is_refused(engine: _Engine, duration: Any) -> None:
    refusal = r"'one': custom_timeouts\.update must be a duration such as"
    for timeouts in (pulumi.CustomTimeouts(update=duration), {"update": duration}):
        with pytest.raises(pulumi.RunError, match=refusal):
            declare_with(engine, custom_timeouts=timeouts)


def test_a_timeout_of_what_waits_for_nothing_is_warned_of(engine: _Engine, warnings: list[str]) -> None:
    declare_with(engine, custom_timeouts=pulumi.CustomTimeouts(create="1.5h", delete="1h30m10s"))
    assert [line.partition(",")[0] for line in warnings] == [
        "SnapshotTask 'one': custom_timeouts has no effect: nothing is waited for in create and delete"
    ]
    assert engine.requests["one"].customTimeouts.create == "1.5h"


def test_an_import_names_what_to_do_instead(engine: _Engine) -> None:
    with pytest.raises(pulumi.RunError, match="leave it out: `up` adopts a running task"):
        declare_with(engine, import_="661e/Room1/T")
    options = pulumi.ResourceOptions(import_="41f1")
    with pytest.raises(pulumi.RunError, match=r"'stills': import_ does not work .* submits a job"):
        SnapshotJob("stills", input={}, snapshot_config={}, opts=options)


@pytest.mark.parametrize("way", ["provider", "list", "map", "parent", "its parent"])
@pytest.mark.parametrize("package", ["videosnap", "aws"])
def test_a_provider_of_the_native_front_is_refused_anyway(engine: _Engine, way: str, package: str) -> None:
    def program() -> None:
        own = pulumi.ProviderResource(package, "own", {})
        site = pulumi.ComponentResource("my:Site", "site", None, pulumi.ResourceOptions(providers=[own]))
        hall = pulumi.ComponentResource("my:Hall", "hall", None, pulumi.ResourceOptions(parent=site))
        ways: dict[str, Any] = {"provider": own, "list": [own], "map": {package: own}, "parent": site}
        option = {"list": "providers", "map": "providers", "its parent": "parent"}.get(way, way)
        options = pulumi.ResourceOptions(**{option: ways.get(way, hall)})
        refusal = pytest.raises(
            pulumi.RunError, match=r"'stills': provider is one of the native .*native true"
        )
        with contextlib.nullcontext() if package == "aws" else refusal:
            SnapshotJob("stills", input={}, snapshot_config={}, opts=options)

    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    assert ("stills" in engine.declared) is (package == "aws")


PROGRAM = read("programs/refused.txt")
REFUSED = load("inputs/refused_programs.json")
ACCEPTED = {
    "brief": "max_idle_time is below 10 seconds",
    "spare": "storage_config.vod_config has no effect with storage type 'tos'",
}
CANARY = "canary/TVRjMl+aadf=="


@pytest.mark.rotating
@pytest.mark.engine
def test_a_preview_says_what_is_wrong_with_each_resource(tmp_path: Path) -> None:
    project = Project(tmp_path / "stack", PROGRAM, {})
    project.run("config", "set", "--secret", "key", CANARY).ok()
    refused, accepted = sample(list(REFUSED), 0.34), sample(list(ACCEPTED), 0.5)
    names = [*accepted, *refused]
    # Some at the same time, since the engine lingers for five seconds after a refusal.
    with ThreadPoolExecutor(3) as threads:
        previews = list(threads.map(lambda name: project.preview(env={"TASK": name}), names))
    for name, preview in zip(names, previews, strict=True):
        if name in ACCEPTED:
            assert preview.exits(0).output.count(f"warning: {ACCEPTED[name]}") == 1
        else:
            seen = preview.exits(1).output
            [line] = [line for line in seen.splitlines() if line.startswith("error: ")]
            assert f"SnapshotTask resource '{name}' has a problem: {REFUSED[name]}" in line
            assert "Traceback" not in seen
            assert CANARY[:12] not in seen
