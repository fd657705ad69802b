"""The rules, as tables: what is declared, and what they find."""

from typing import Any

import pytest

from policy.rules import Finding, Misconfigured, Unchecked, Violation
from policy.rules.facts import JOB, TASK, WORKFLOW, Kind
from policy.rules.limits import foreign_places, interval_out_of_range, missing_business_id, too_many_frames
from policy.rules.plain_secrets import plain_credentials, plain_keys
from policy.rules.values import SECRET, SIGNATURE, NotKnown, Secret, python_name, read, shown, value_at

NOT_YET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
KEY = "cAnAry-key"
TOS, PATTERN = "storage_config.tos_config.bucket", "team-[a-z]+"
WANTED = "that matches 'team-[a-z]+' as a whole"
FIELD = "storage_config.custom_config.secret_key"
BY_VALUE = Violation(f'{FIELD} is given as a value: write secret_key_env="NAME_OF_A_VARIABLE" instead')
PLAIN = Violation(
    f'{FIELD} is plain text: write secret_key_env="NAME_OF_A_VARIABLE" instead, or pulumi.Output.secret(…)'
)
TWICE = Violation(
    f"{FIELD} is a secret, but the configuration has it in clear as app:key: "
    "`pulumi config set --secret app:key`"
)


def storage(block: str, fields: Any) -> dict[str, Any]:
    return {"storageConfig": {block: fields}}


def output(name: str) -> dict[str, Any]:
    return {"snapshotConfig": {name: {"bucket": "x"}}}


def snapshots(**cover: Any) -> dict[str, Any]:
    """An activity, beside one with which nothing is wrong."""
    return {"snapshots": {"cover": cover, "strip": {"outputFile": {"bucket": "frames"}, "interval": 5.0}}}


SECRET_BLOCK = {"storageConfig": Secret({"tosConfig": {"bucket": "x"}})}
IMAGE_X = "storage_config.ve_image_x_config.service_id is 'x'"
NAMED: dict[str, Any] = {"bucket": "x"}


@pytest.mark.parametrize(
    ("kind", "declared", "expected"),
    [
        (TASK, storage("tosConfig", NAMED), Violation(f"{TOS} is 'x': write 'frames' or 'media'")),
        (TASK, storage("vodConfig", {"space": "x"}), "storage_config.vod_config.space is 'x'"),
        (TASK, storage("customConfig", NAMED), "storage_config.custom_config.bucket is 'x'"),
        (TASK, storage("veImageXConfig", {"serviceId": "x"}), IMAGE_X),
        (JOB, output("outputFile"), "snapshot_config.output_file.bucket is 'x'"),
        (JOB, output("tileOutputFile"), "config.tile_output_file.bucket is 'x'"),
        (TASK, SECRET_BLOCK, f"{TOS} is [secret]"),
        (TASK, storage("tosConfig", {"bucket": NotKnown()}), Unchecked(TOS)),
        (TASK, {"storageConfig": NotKnown()}, Unchecked("storage_config")),
        (TASK, storage("tosConfig", {"bucket": "frames"}), None),
        (TASK, {"storageConfig": Secret({"tosConfig": {"bucket": "media"}})}, None),
        (JOB, {"input": NAMED}, None),
        (WORKFLOW, snapshots(outputFile=NAMED), "snapshots.cover.output_file.bucket is 'x'"),
        (WORKFLOW, snapshots(tileOutputFile=NAMED), "snapshots.cover.tile_output_file.bucket is 'x'"),
        (WORKFLOW, snapshots(outputFile={"bucket": "frames"}), None),
        (WORKFLOW, snapshots(outputFile=NotKnown()), Unchecked("snapshots.cover.output_file")),
        (WORKFLOW, {"snapshots": Secret({"cover": {"outputFile": NAMED}})}, "bucket is [secret]"),
        (WORKFLOW, {"snapshots": {"cover": NotKnown()}}, Unchecked("snapshots.cover")),
        (WORKFLOW, {"snapshots": NotKnown()}, Unchecked("snapshots")),
    ],
)
def test_allowed_buckets(kind: Kind, declared: dict[str, Any], expected: Finding | str | None) -> None:
    found = set(foreign_places(kind, declared, ["frames", "media"]))
    assert len(found) == (expected is not None)
    for finding in found:
        assert expected in str(finding) if isinstance(expected, str) else finding == expected
    assert list(foreign_places(kind, declared, [])) == []


@pytest.mark.parametrize(
    ("kind", "interval", "expected"),
    [
        *((TASK, value, None) for value in (2.0, 5.0, 600.0)),
        (TASK, 1.0, Violation("image_config.interval is 1: write 2 to 600 (seconds)")),
        (TASK, 601.0, Violation("image_config.interval is 601: write 2 to 600 (seconds)")),
        (TASK, Secret(1.0), Violation("image_config.interval is [secret]: write 2 to 600 (seconds)")),
        (TASK, NotKnown(), Unchecked("image_config.interval")),
        *((JOB, value, None) for value in (0.0, None)),
        (JOB, 1.0, Violation("snapshot_config.interval is 1: write 2 to 600 (seconds)")),
        *((WORKFLOW, value, None) for value in (0.0, None, 5.0)),
        (WORKFLOW, 1.0, Violation("snapshots.cover.interval is 1: write 2 to 600 (seconds)")),
        (WORKFLOW, NotKnown(), Unchecked("snapshots.cover.interval")),
    ],
)
def test_interval(kind: Kind, interval: Any, expected: Finding | None) -> None:
    block = {"interval": interval}
    declared = snapshots(**block) if kind is WORKFLOW else {kind.interval[0]: block}
    assert list(interval_out_of_range(kind, declared, 2.0, 600.0)) == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("value", "pattern", "expected"),
    [
        ("team-a", None, None),
        (NotKnown(), None, None),
        (None, None, Violation('business_id is not given: write business_id="…"')),
        ("team-a", PATTERN, None),
        ("team-a1", PATTERN, Violation(f"business_id is 'team-a1': write one {WANTED}")),
        (Secret("x"), PATTERN, Violation(f"business_id is [secret]: write one {WANTED}")),
        (None, PATTERN, Violation(f'business_id is not given: write business_id="…" {WANTED}')),
        (NotKnown(), PATTERN, Unchecked("business_id")),
    ],
)
def test_business_id(value: Any, pattern: str | None, expected: Finding | None) -> None:
    declared = {} if value is None else {"businessId": value}
    assert list(missing_business_id(declared, pattern)) == ([expected] if expected else [])


def test_a_configuration_that_contradicts_itself_is_named() -> None:
    with pytest.raises(Misconfigured, match="minimum 9 is above maximum 5"):
        list(interval_out_of_range(TASK, {}, 9.0, 5.0))
    with pytest.raises(Misconfigured, match=r"pattern '\(' in the configuration is no regular expression"):
        list(missing_business_id({}, "("))


@pytest.mark.parametrize(
    ("block", "secret", "environment"),
    [
        ({"secretKeyEnv": "S"}, None, None),
        ({"secretKey": KEY}, PLAIN, BY_VALUE),
        ({"secretKey": Secret("other")}, None, BY_VALUE),
        ({"secretKey": Secret(KEY)}, TWICE, BY_VALUE),
        (Secret({"secretKey": KEY}), TWICE, BY_VALUE),
        ({"secretKey": NotKnown()}, Unchecked(FIELD), BY_VALUE),
        ({"secretKey": Secret(NotKnown())}, None, BY_VALUE),
        (NotKnown(), Unchecked("storage_config.custom_config"), Unchecked("storage_config.custom_config")),
        (Secret(NotKnown()), None, Unchecked("storage_config.custom_config")),
    ],
)
def test_plain_keys(block: Any, secret: Finding | None, environment: Finding | None) -> None:
    configuration = {"app:key": KEY, "app:other": "x", "app:hidden": Secret(KEY)}
    declared = {"storageConfig": {"customConfig": block}}
    for only_environment, expected in ((False, secret), (True, environment)):
        found = set(plain_keys(declared, configuration, only_environment=only_environment))
        assert found == ({expected} if expected else set())
        assert KEY not in str(found)


def test_plain_credentials() -> None:
    name = "videosnap:volcengineSecretKey"
    secret = {"videosnap:alibabaSecurityToken": Secret(KEY)}
    configuration = {name: KEY, **secret, "videosnap:volcengineRegion": "cn"}
    advice = f"`pulumi config set --secret {name}`, or remove it and set VOLCENGINE_SECRET_KEY"
    in_clear = Violation(f"{name} is in clear in the configuration: {advice}")
    assert list(plain_credentials(configuration, only_environment=False)) == [in_clear]
    remove = "is in the configuration: remove it, and set"
    assert list(plain_credentials(configuration, only_environment=True)) == [
        Violation(f"{name} {remove} VOLCENGINE_SECRET_KEY instead"),
        Violation(f"videosnap:alibabaSecurityToken {remove} ALIBABA_CLOUD_SECURITY_TOKEN instead"),
    ]


def frames(*tasks: tuple[str, Any, Any]) -> list[Finding]:
    declared = [
        (name, {"imageConfig": {"interval": interval}, "targetStreams": {"streamList": streams}})
        for name, interval, streams in tasks
    ]
    return list(too_many_frames(declared, 3600.0, 2.0))


def test_frames_per_hour() -> None:
    stream: dict[str, Any] = {}
    one, two, most = [stream], [stream] * 2, [stream] * 17
    assert frames() == frames(("a", 2.0, one), ("b", 4.0, [])) == []
    assert frames(("hall", 1.0, [])) == [
        Violation(
            "1 task with 7,200 frames an hour, 3,600 are allowed. "
            "Biggest: 'hall' with 7,200 (every stream of the room, counted as 2, every 1 s). "
            "Raise image_config.interval, or name only the streams you need in target_streams.stream_list"
        )
    ]
    (finding,) = frames(("a", 10.0, []), ("b", 1.0, most), ("c", 2.0, one), ("d", 5.0, two), ("d", 90.0, one))
    assert "5 tasks with 65,200 frames an hour" in str(finding)
    biggest = "'b' with 61,200 (17 streams, every 1 s); 'c' with 1,800 (1 stream, every 2 s); 'd'"
    assert biggest in str(finding)
    assert "'a'" not in str(finding)
    (finding,) = frames(("a", Secret(1.0), []), ("b", 1.0, Secret(two)))
    assert "'a' with [secret]; 'b' with [secret]" in str(finding)
    unknown = [Unchecked("'a': image_config.interval"), Unchecked("'b': target_streams.stream_list")]
    assert frames(("a", NotKnown(), []), ("b", 1.0, NotKnown())) == unknown


def mark(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def test_the_engines_marks_are_read() -> None:
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "path": "x"}
    sent = {"plain": {"b": [1.0, "x", None, True]}, "asset": asset, "list": [NOT_YET, mark(NOT_YET)]}
    values = {"list": [NotKnown(), Secret(NotKnown())], "block": Secret({"inner": Secret(1.0)})}
    assert read({**sent, "block": mark({"inner": mark(1.0)})}) == {**sent, **values}


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ({}, None),
        ({"a": "text"}, None),
        ({"a": {"b": 2.0}}, 2.0),
        ({"a": NOT_YET}, NotKnown(("a",))),
        ({"a": {"b": NOT_YET}}, NotKnown(("a", "b"))),
        ({"a": mark(NOT_YET)}, NotKnown(("a",), secret=True)),
        ({"a": {"b": mark("x")}}, Secret("x")),
        ({"a": mark({"b": "x"})}, Secret("x")),
        ({"a": mark({})}, None),
    ],
)
def test_a_value_is_found_through_secrets_and_unknowns(sent: dict[str, Any], value: Any) -> None:
    assert value_at(read(sent), ("a", "b")) == value


def test_messages() -> None:
    assert [shown(5.0), shown(2147483647.0), shown(0.5), shown("x")] == ["5", "2147483647", "0.5", "'x'"]
    assert f"{shown(Secret('x'))} {Secret('x')} {Secret('x')!r}" == "[secret] [secret] [secret]"
    assert python_name(("veImageXConfig", "serviceId")) == "ve_image_x_config.service_id"
