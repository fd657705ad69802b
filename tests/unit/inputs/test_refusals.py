"""Every kind of wrong input is refused, with the field's path as a program writes it and what to write."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

from support.plugin import Plugin
from unit.inputs.tasks import ABSENT, STORAGES, Check, Path, complete, edited

TOS: Path = ("storageConfig", "tosConfig")
VOD: Path = ("storageConfig", "vodConfig")
CUSTOM: Path = ("storageConfig", "customConfig")
IMAGEX: Path = ("storageConfig", "veImageXConfig")
IMAGE: Path = ("imageConfig",)
STREAMS: Path = ("targetStreams", "streamList")

ID = "1 to 128 letters, digits or any of @ . _ -"
NAME = "1 to 255 characters without blanks or slashes"
SECONDS = "must be a whole number from 1 to 600 seconds"


def bad(id: str, path: Path, value: Any, field: str, reason: str, storage: str = "tos") -> ParameterSet:
    """One kind: the value at the path of otherwise good inputs, and how the refusal must read."""
    return pytest.param(edited(complete(storage), {path: value}), field, reason, id=id)


MISSING = [
    bad("no app", ("appId",), ABSENT, "app_id", "is required"),
    bad("no room", ("roomId",), ABSENT, "room_id", "is required"),
    bad("no task id", ("taskId",), ABSENT, "task_id", "is required"),
    bad("no storage", ("storageConfig",), ABSENT, "storage_config", "is required"),
    bad(
        "no account for TOS",
        (*TOS, "accountId"),
        ABSENT,
        "storage_config.tos_config.account_id",
        "is required",
    ),
    bad("no bucket for TOS", (*TOS, "bucket"), ABSENT, "storage_config.tos_config.bucket", "is required"),
    bad(
        "no account for VOD",
        (*VOD, "accountId"),
        ABSENT,
        "storage_config.vod_config.account_id",
        "is required",
        "vod",
    ),
    bad("no space", (*VOD, "space"), ABSENT, "storage_config.vod_config.space", "is required", "vod"),
    bad(
        "no bucket of a third party",
        (*CUSTOM, "bucket"),
        ABSENT,
        "storage_config.custom_config.bucket",
        "is required",
        "custom",
    ),
    bad(
        "no account for veImageX",
        (*IMAGEX, "accountId"),
        ABSENT,
        "storage_config.ve_image_x_config.account_id",
        "is required",
        "veimagex",
    ),
    bad(
        "no service",
        (*IMAGEX, "serviceId"),
        ABSENT,
        "storage_config.ve_image_x_config.service_id",
        "is required",
        "veimagex",
    ),
    bad(
        "a stream without a user",
        (*STREAMS, 1, "userId"),
        ABSENT,
        "target_streams.stream_list[1].user_id",
        "is required",
    ),
]

NUMBERS = [
    bad("interval too small", (*IMAGE, "interval"), 0, "image_config.interval", f"{SECONDS}, not 0"),
    bad("interval too large", (*IMAGE, "interval"), 601, "image_config.interval", f"{SECONDS}, not 601"),
    bad("interval negative", (*IMAGE, "interval"), -5, "image_config.interval", f"{SECONDS}, not -5"),
    bad("interval a fraction", (*IMAGE, "interval"), 2.5, "image_config.interval", f"{SECONDS}, not 2.5"),
    bad("interval a boolean", (*IMAGE, "interval"), True, "image_config.interval", f"{SECONDS}, not True"),
    bad("interval in words", (*IMAGE, "interval"), "two", "image_config.interval", f"{SECONDS}, not 'two'"),
    bad("interval with a unit", (*IMAGE, "interval"), "5s", "image_config.interval", f"{SECONDS}, not '5s'"),
    bad("interval a list", (*IMAGE, "interval"), [5], "image_config.interval", SECONDS),
    bad("interval a block", (*IMAGE, "interval"), {"seconds": 5}, "image_config.interval", SECONDS),
    bad("width negative", (*IMAGE, "width"), -1, "image_config.width", "from 0 to 1920 pixels, not -1"),
    bad("width too large", (*IMAGE, "width"), 1921, "image_config.width", "from 0 to 1920 pixels, not 1921"),
    bad(
        "width a boolean", (*IMAGE, "width"), False, "image_config.width", "from 0 to 1920 pixels, not False"
    ),
    bad("height negative", (*IMAGE, "height"), -1, "image_config.height", "from 0 to 1920 pixels, not -1"),
    bad(
        "height too large", (*IMAGE, "height"), 4320, "image_config.height", "from 0 to 1920 pixels, not 4320"
    ),
    bad("idle time too short", ("maxIdleTime",), 9, "max_idle_time", "from 10 to 86400 seconds, not 9"),
    bad(
        "idle time too long", ("maxIdleTime",), 86401, "max_idle_time", "from 10 to 86400 seconds, not 86401"
    ),
    bad(
        "idle time a fraction", ("maxIdleTime",), 10.5, "max_idle_time", "from 10 to 86400 seconds, not 10.5"
    ),
    bad(
        "region negative",
        (*TOS, "region"),
        -1,
        "storage_config.tos_config.region",
        "must be a whole number from 0 to 255, not -1",
    ),
    bad("region too large", (*TOS, "region"), 256, "storage_config.tos_config.region", "0 to 255, not 256"),
    bad(
        "region by its name",
        (*TOS, "region"),
        "cn-beijing",
        "storage_config.tos_config.region",
        "must be a whole number from 0 to 255, not 'cn-beijing'",
    ),
    bad(
        "index negative",
        (*STREAMS, 0, "index"),
        -1,
        "target_streams.stream_list[0].index",
        "must be a whole number from 0 to 2147483647, not -1",
    ),
    bad(
        "index beyond 32 bits",
        (*STREAMS, 0, "index"),
        2**31,
        "target_streams.stream_list[0].index",
        "to 2147483647, not 2147483648",
    ),
    bad(
        "index a fraction",
        (*STREAMS, 0, "index"),
        0.5,
        "target_streams.stream_list[0].index",
        "must be a whole number",
    ),
]

TEXTS = [
    bad("room empty", ("roomId",), "", "room_id", f"must be {ID}, not ''"),
    bad("room of 129 characters", ("roomId",), "r" * 129, "room_id", f"must be {ID}"),
    bad("room with a slash", ("roomId",), "a/b", "room_id", f"must be {ID}, not 'a/b'"),
    bad("room with an accent", ("roomId",), "salle-é", "room_id", f"must be {ID}, not 'salle-é'"),
    bad("room with another script's digit", ("roomId",), "room١", "room_id", f"must be {ID}"),
    bad("room with a line's end", ("roomId",), "Room1\n", "room_id", f"must be {ID}"),
    bad("room a number", ("roomId",), 5, "room_id", "must be a text, not 5"),
    bad("task of 129 characters", ("taskId",), "t" * 129, "task_id", f"must be {ID}"),
    bad(
        "task named after a resource with a blank",
        ("taskId",),
        "stories.dev.my lobby",
        "task_id",
        f"must be {ID}, not 'stories.dev.my lobby'",
    ),
    bad("business empty", ("businessId",), "", "business_id", f"must be {ID}, not ''"),
    bad("business with a colon", ("businessId",), "a:b", "business_id", f"must be {ID}, not 'a:b'"),
    bad(
        "user with a blank",
        (*STREAMS, 0, "userId"),
        "user 0",
        "target_streams.stream_list[0].user_id",
        f"must be {ID}, not 'user 0'",
    ),
    bad(
        "user of 129 characters",
        (*STREAMS, 1, "userId"),
        "u" * 129,
        "target_streams.stream_list[1].user_id",
        f"must be {ID}",
    ),
    bad("app empty", ("appId",), "", "app_id", f"must be {NAME}, not ''"),
    bad("app with a slash", ("appId",), "661e/543cf", "app_id", f"must be {NAME}, not '661e/543cf'"),
    bad("app a number", ("appId",), 661, "app_id", "must be a text, not 661"),
    bad("app a list", ("appId",), ["661e"], "app_id", "must be a text"),
    bad("bucket empty", (*TOS, "bucket"), "", "storage_config.tos_config.bucket", f"must be {NAME}"),
    bad(
        "bucket with a slash",
        (*TOS, "bucket"),
        "frames/today",
        "storage_config.tos_config.bucket",
        f"must be {NAME}",
    ),
    bad("bucket with a blank", (*TOS, "bucket"), "my frames", "storage_config.tos_config.bucket", NAME),
    bad("bucket of 256 characters", (*TOS, "bucket"), "b" * 256, "storage_config.tos_config.bucket", NAME),
    bad(
        "bucket a block",
        (*TOS, "bucket"),
        {"name": "b"},
        "storage_config.tos_config.bucket",
        "must be a text",
    ),
    bad(
        "account empty",
        (*TOS, "accountId"),
        "",
        "storage_config.tos_config.account_id",
        "must be the number of a main account",
    ),
    bad(
        "account with a blank",
        (*TOS, "accountId"),
        "21 00",
        "storage_config.tos_config.account_id",
        "must be the number of a main account",
    ),
    bad(
        "account a fraction",
        (*TOS, "accountId"),
        21.5,
        "storage_config.tos_config.account_id",
        "must be a text, not 21.5",
    ),
    bad(
        "account a boolean",
        (*TOS, "accountId"),
        True,
        "storage_config.tos_config.account_id",
        "must be a text, not True",
    ),
    bad("profile a number", ("profile",), 1, "profile", "must be a text, not 1"),
]

WORDS = [
    bad(
        "format unknown",
        (*IMAGE, "format"),
        "webp",
        "image_config.format",
        "must be 'jpeg' (0) or 'png' (1), not 'webp'",
    ),
    bad(
        "format as the vendor misspells it",
        (*IMAGE, "format"),
        "jepg",
        "image_config.format",
        "must be 'jpeg' (0)",
    ),
    bad("format an unknown number", (*IMAGE, "format"), 2, "image_config.format", "or 'png' (1), not 2"),
    bad("format negative", (*IMAGE, "format"), -1, "image_config.format", "or 'png' (1), not -1"),
    bad("format a fraction", (*IMAGE, "format"), 0.5, "image_config.format", "or 'png' (1), not 0.5"),
    bad("format a boolean", (*IMAGE, "format"), True, "image_config.format", "or 'png' (1), not True"),
    bad("format a number in a text", (*IMAGE, "format"), "0", "image_config.format", "or 'png' (1), not '0'"),
    bad(
        "format a list",
        (*IMAGE, "format"),
        ["jpeg"],
        "image_config.format",
        "must be 'jpeg' (0) or 'png' (1)",
    ),
    bad(
        "stream type unknown",
        (*STREAMS, 0, "streamType"),
        "microphone",
        "target_streams.stream_list[0].stream_type",
        "must be 'camera' (0) or 'screen' (1), not 'microphone'",
    ),
    bad(
        "storage type unknown",
        ("storageConfig", "type"),
        "s3",
        "storage_config.type",
        "must be 'tos' (0) or 'vod' (1) or 'custom' (2) or 'veimagex' (3), not 's3'",
    ),
    bad(
        "storage type an unknown number",
        ("storageConfig", "type"),
        4,
        "storage_config.type",
        "'veimagex' (3), not 4",
    ),
    bad(
        "storage class unknown",
        (*VOD, "storageClass"),
        "cold",
        "storage_config.vod_config.storage_class",
        "must be 'standard' (1) or 'archive' (2) or 'infrequent-access' (3), not 'cold'",
        "vod",
    ),
    bad(
        "storage class zero, where the vendor begins at one",
        (*VOD, "storageClass"),
        0,
        "storage_config.vod_config.storage_class",
        "'infrequent-access' (3), not 0",
        "vod",
    ),
    bad(
        "vendor unknown",
        (*CUSTOM, "vendor"),
        "minio",
        "storage_config.custom_config.vendor",
        "or 'qiniu' (4), not 'minio'",
        "custom",
    ),
    bad(
        "vendor an unknown number",
        (*CUSTOM, "vendor"),
        5,
        "storage_config.custom_config.vendor",
        "or 'qiniu' (4), not 5",
        "custom",
    ),
]

SHAPES = [
    bad("image a text", ("imageConfig",), "jpeg", "image_config", "must be a block of fields"),
    bad("image a number", ("imageConfig",), 5, "image_config", "must be a block of fields"),
    bad(
        "image a list of blocks",
        ("imageConfig",),
        [{"interval": 5}],
        "image_config",
        "must be a block of fields",
    ),
    bad("storage a text", ("storageConfig",), "frames", "storage_config", "must be a block of fields"),
    bad("TOS a bucket's name", TOS, "frames", "storage_config.tos_config", "must be a block of fields"),
    bad(
        "streams without the list's name",
        ("targetStreams",),
        [{"userId": "u"}],
        "target_streams",
        "must be a block",
    ),
    bad("stream list a text", STREAMS, "user0", "target_streams.stream_list", "must be a list"),
    bad("stream list a block", STREAMS, {"userId": "u"}, "target_streams.stream_list", "must be a list"),
    bad(
        "a stream by its user only",
        (*STREAMS, 1),
        "user1",
        "target_streams.stream_list[1]",
        "must be a block",
    ),
    bad("a null among the streams", (*STREAMS, 0), None, "target_streams.stream_list[0]", "is required"),
    bad(
        "18 streams",
        STREAMS,
        [{"userId": f"u{n}"} for n in range(18)],
        "target_streams.stream_list",
        "at most 17 entries, not 18",
    ),
    bad(
        "an index twice",
        (*STREAMS, 1, "index"),
        3,
        "target_streams.stream_list",
        "has index 3 twice, at 0 and 1",
    ),
    bad(
        "an index that another stream has by its position",
        STREAMS,
        [{"userId": "a", "index": 2}, {"userId": "b"}, {"userId": "c"}],
        "target_streams.stream_list",
        "has index 2 twice, at 0 and 2",
    ),
    bad("triggers a block", ("triggers",), {"a": 1}, "triggers", "must be a list"),
    bad("triggers a text", ("triggers",), "v1", "triggers", "must be a list"),
    bad(
        "keep running a word",
        ("keepRunning",),
        "sometimes",
        "keep_running",
        "must be true or false, not 'sometimes'",
    ),
    bad("keep running a count", ("keepRunning",), 2, "keep_running", "must be true or false, not 2"),
    bad("keep running a list", ("keepRunning",), [True], "keep_running", "must be true or false"),
    bad(
        "file extension a word",
        (*VOD, "autoSetFileExtension"),
        ".jpg",
        "storage_config.vod_config.auto_set_file_extension",
        "must be true or false, not '.jpg'",
        "vod",
    ),
]

NO_SUCH_FIELD = [
    bad(
        "a misspelt field",
        ("maxIdelTime",),
        200,
        "max_idel_time",
        "is not a field of this task; did you mean max_idle_time?",
    ),
    bad(
        "a misspelt field in a block",
        (*IMAGE, "intervall"),
        5,
        "image_config.intervall",
        "did you mean interval?",
    ),
    bad(
        "a misspelt field in a block's block",
        (*TOS, "acountId"),
        "2",
        "storage_config.tos_config.acount_id",
        "did you mean account_id?",
    ),
    bad(
        "a misspelt field of a stream",
        (*STREAMS, 0, "user"),
        "u",
        "target_streams.stream_list[0].user",
        "did you mean user_id?",
    ),
    bad(
        "a field of another block",
        (*IMAGE, "bucket"),
        "b",
        "image_config.bucket",
        "known fields: interval, format, width, height",
    ),
    bad("a field of nothing", ("colour",), "red", "colour", "known fields: app_id, room_id, task_id"),
    bad(
        "a key of the account in the program",
        ("secretAccessKey",),
        "x",
        "secret_access_key",
        "is not a field of this task",
    ),
]

STORAGE = [
    bad("no block", TOS, ABSENT, "storage_config.tos_config", "is required when the storage type is 'tos'"),
    bad(
        "no block for VOD",
        VOD,
        ABSENT,
        "storage_config.vod_config",
        "is required when the storage type is 'vod'",
        "vod",
    ),
    bad(
        "no block for a third party",
        CUSTOM,
        ABSENT,
        "storage_config.custom_config",
        "is required when the storage type is 'custom'",
        "custom",
    ),
    bad(
        "no block for veImageX",
        IMAGEX,
        ABSENT,
        "storage_config.ve_image_x_config",
        "is required when the storage type is 'veimagex'",
        "veimagex",
    ),
    bad(
        "neither type nor block",
        ("storageConfig",),
        {},
        "storage_config.tos_config",
        "is required when the storage type is 'tos'",
    ),
    bad(
        "the block of another type",
        ("storageConfig", "type"),
        "vod",
        "storage_config.vod_config",
        "is required when the storage type is 'vod'",
    ),
    bad(
        "two blocks with a type",
        VOD,
        STORAGES["vod"]["vodConfig"],
        "storage_config.vod_config",
        "does not belong to storage type 'tos'; leave it out",
    ),
    bad(
        "two blocks without a type",
        ("storageConfig",),
        {"vodConfig": STORAGES["vod"]["vodConfig"], "tosConfig": STORAGES["tos"]["tosConfig"]},
        "storage_config.vod_config",
        "does not belong to storage type 'tos'; leave it out",
    ),
    bad(
        "no access key",
        (*CUSTOM, "accessKey"),
        ABSENT,
        "storage_config.custom_config.access_key",
        "is required, as a value or through access_key_env",
        "custom",
    ),
    bad(
        "no secret key",
        (*CUSTOM, "secretKey"),
        ABSENT,
        "storage_config.custom_config.secret_key",
        "is required, as a value or through secret_key_env",
        "custom",
    ),
    bad(
        "access key twice",
        (*CUSTOM, "accessKeyEnv"),
        "KEY",
        "storage_config.custom_config.access_key",
        "is set twice, as a value and through access_key_env",
        "custom",
    ),
    bad(
        "secret key twice",
        (*CUSTOM, "secretKeyEnv"),
        "KEY",
        "storage_config.custom_config.secret_key",
        "is set twice, as a value and through secret_key_env",
        "custom",
    ),
    bad(
        "access key empty",
        (*CUSTOM, "accessKey"),
        "",
        "storage_config.custom_config.access_key",
        "at least 1 character",
        "custom",
    ),
    bad(
        "secret key empty",
        (*CUSTOM, "secretKey"),
        "",
        "storage_config.custom_config.secret_key",
        "at least 1 character",
        "custom",
    ),
    bad(
        "secret key a number",
        (*CUSTOM, "secretKey"),
        7,
        "storage_config.custom_config.secret_key",
        "must be a text",
        "custom",
    ),
    bad(
        "a key where a variable's name belongs",
        CUSTOM,
        {"bucket": "b", "accessKey": "k", "secretKeyEnv": "TVRjMl/aadf=="},
        "storage_config.custom_config.secret_key_env",
        "must be the name of an environment variable",
        "custom",
    ),
    bad(
        "a variable without a name",
        CUSTOM,
        {"bucket": "b", "accessKeyEnv": "", "secretKey": "s"},
        "storage_config.custom_config.access_key_env",
        "must be the name of an environment variable",
        "custom",
    ),
]

KINDS = [*MISSING, *NUMBERS, *TEXTS, *WORDS, *SHAPES, *NO_SUCH_FIELD, *STORAGE]


@pytest.mark.parametrize(("inputs", "field", "reason"), KINDS)
def test_a_wrong_input_is_refused_at_its_field(
    check: Check, inputs: dict[str, Any], field: str, reason: str
) -> None:
    _, refused = check(inputs)
    assert len(refused) == 1, refused
    assert refused[0].partition(" ")[0] == field
    assert reason in refused[0]


@pytest.mark.parametrize("storage", STORAGES)
def test_the_inputs_that_the_kinds_start_from_are_right(check: Check, storage: str) -> None:
    checked, refused = check(complete(storage))
    assert refused == []
    assert checked == complete(storage)


@pytest.mark.parametrize("name", ["access", "secret"])
@pytest.mark.parametrize("value", [7, 1.5, True, ""])
def test_a_refused_key_is_not_shown(check: Check, name: str, value: Any) -> None:
    _, refused = check(edited(complete("custom"), {(*CUSTOM, f"{name}Key"): value}))
    wanted = "have at least 1 character" if value == "" else "be a text"
    assert refused == [f"storage_config.custom_config.{name}_key must {wanted}"]


HUGE = {"not a number": math.nan, "infinite": math.inf, "minus infinite": -math.inf, "huge": 1e300}
PLACES: dict[str, tuple[Path, str, str]] = {
    "interval": ((*IMAGE, "interval"), "image_config.interval", "tos"),
    "format": ((*IMAGE, "format"), "image_config.format", "tos"),
    "index": ((*STREAMS, 0, "index"), "target_streams.stream_list[0].index", "tos"),
    "region": ((*TOS, "region"), "storage_config.tos_config.region", "tos"),
    "storage type": (("storageConfig", "type"), "storage_config.type", "tos"),
    "storage class": ((*VOD, "storageClass"), "storage_config.vod_config.storage_class", "vod"),
    "vendor": ((*CUSTOM, "vendor"), "storage_config.custom_config.vendor", "custom"),
    "keep running": (("keepRunning",), "keep_running", "tos"),
    "room": (("roomId",), "room_id", "tos"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", HUGE)
def test_a_number_beyond_all_sense_is_refused_at_its_field(
    refusals: Callable[[Mapping[str, Any]], list[str]], place: str, number: str
) -> None:
    path, field, storage = PLACES[place]
    refused = refusals(edited(complete(storage), {path: HUGE[number]}))
    assert len(refused) == 1, refused
    assert refused[0].startswith(f"{field} must be ")
    assert len(refused[0]) < 200


@pytest.mark.parametrize("number", HUGE)
def test_an_account_beyond_all_sense_is_refused(
    refusals: Callable[[Mapping[str, Any]], list[str]], number: str
) -> None:
    refused = refusals(edited(complete(), {(*TOS, "accountId"): HUGE[number]}))
    assert len(refused) == 1, refused
    assert refused[0].startswith("storage_config.tos_config.account_id must be ")
    assert len(refused[0]) < 200


def test_everything_that_is_wrong_is_said_at_once(check: Check) -> None:
    wrong = edited(
        complete(),
        {
            ("appId",): ABSENT,
            ("roomId",): "a b",
            (*IMAGE, "interval"): 0,
            (*STREAMS, 1, "userId"): ABSENT,
            (*TOS, "bucket"): "",
            ("colour",): "red",
        },
    )
    _, refused = check(wrong)
    assert sorted(line.partition(" ")[0] for line in refused) == [
        "app_id",
        "colour",
        "image_config.interval",
        "room_id",
        "storage_config.tos_config.bucket",
        "target_streams.stream_list[1].user_id",
    ]


def test_the_place_of_a_repeated_index_counts_streams_that_are_not_known_yet(check: Check) -> None:
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    streams = [unknown, {"userId": "a", "index": 7}, {"userId": "b", "index": 7}]
    _, refused = check(edited(complete(), {STREAMS: streams}))
    assert refused == ["target_streams.stream_list has index 7 twice, at 1 and 2"]


def test_one_task_declared_by_two_resources_is_refused(plugin: Plugin) -> None:
    urn = "urn:pulumi:dev::stories::pulumi-python:dynamic/volcengine:SnapshotTask::"
    inputs = edited(complete(), {("taskId",): "shared"})
    assert plugin.check(f"{urn}first", inputs)[1] == []
    assert plugin.check(f"{urn}second", inputs)[1] == [
        "task_id 'shared' is also declared by resource 'first'; choose another"
    ]
    assert plugin.check(f"{urn}first", inputs)[1] == [], "asking again is no second declaration"
