"""However a program writes a task down, the engine gets the same inputs, and keys go there as secrets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import pulumi
import pytest
from google.protobuf import json_format
from pulumi.runtime import mocks

from pulumi_videosnap.errors import InvalidInput
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

_MARK, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


class _Engine(mocks.MockMonitor):
    """Keeps what a program declares, as it goes over the wire."""

    def __init__(self) -> None:
        super().__init__(_Cloud())
        self.declared: dict[str, dict[str, Any]] = {}

    def RegisterResource(self, request: Any) -> Any:
        inputs = json_format.MessageToDict(request.object)
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
}


@pytest.mark.parametrize("storage", STORAGES)
def test_blocks_and_dicts_and_outputs_of_them_are_the_same_storage(engine: _Engine, storage: str) -> None:
    spellings = [{"storage_config": spelling} for spelling in STORAGES[storage]()]
    first, *others = map(_open, declare(engine, *spellings))
    assert first["storageConfig"]
    assert others == [first] * len(others)


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


KEYS: dict[str, Any] = {"bucket": "b", "access_key": "AK-canary", "secret_key": "SK-canary"}
IN_STATES_SPELLING = {"bucket": "b", "accessKey": "AK-canary", "secretKey": "SK-canary"}


@pytest.mark.parametrize(
    "storage",
    [
        lambda: StorageConfigArgs(custom_config=CustomConfigArgs(**KEYS)),
        lambda: StorageConfigArgs(custom_config=KEYS),
        lambda: StorageConfigArgs(custom_config=IN_STATES_SPELLING),
        lambda: StorageConfigArgs(custom_config=later(CustomConfigArgs(**KEYS))),
        lambda: {"custom_config": KEYS},
        lambda: {"custom_config": CustomConfigArgs(**KEYS)},
        lambda: {"customConfig": IN_STATES_SPELLING},
        lambda: {"custom_config": later(KEYS)},
        lambda: {"customConfig": later(IN_STATES_SPELLING)},
        lambda: later({"custom_config": KEYS}),
        lambda: later({"customConfig": IN_STATES_SPELLING}),
        lambda: later(StorageConfigArgs(custom_config=CustomConfigArgs(**KEYS))),
        lambda: {"custom_config": {**KEYS, "secret_key": later("SK-canary")}},
    ],
)
def test_a_key_is_a_secret_however_it_is_written(engine: _Engine, storage: Callable[[], Any]) -> None:
    [declared] = declare(engine, {"storage_config": storage()})
    assert _open(declared)["storageConfig"] == {"customConfig": IN_STATES_SPELLING}
    assert "canary" not in str(_without_secrets(declared))


def test_names_of_variables_are_no_secrets(engine: _Engine) -> None:
    names: dict[str, Any] = {"bucket": "b", "access_key_env": "MY_KEY", "secret_key_env": "MY_SECRET"}
    storage = StorageConfigArgs(custom_config=CustomConfigArgs(**names))
    [declared] = declare(engine, {"storage_config": storage})
    custom = {"bucket": "b", "accessKeyEnv": "MY_KEY", "secretKeyEnv": "MY_SECRET"}
    assert declared["storageConfig"] == {"customConfig": custom}


def test_an_import_is_refused_in_a_sentence(engine: _Engine) -> None:
    imported = {"opts": pulumi.ResourceOptions(import_="661e/Room1/T")}
    with pytest.raises(InvalidInput, match=r"^import_: a dynamic provider cannot import; leave it out"):
        declare(engine, imported, storage_config={"tos_config": TOS})


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
