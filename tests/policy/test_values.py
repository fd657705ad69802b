"""What the engine sends to a policy, as the rules see it."""

from __future__ import annotations

from typing import Any

import pytest

from policy.rules.values import SECRET, SIGNATURE, NotKnown, Secret, python_name, read, shown, value_at

NOT_YET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def marked(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def test_plain_values_stay_as_they_are() -> None:
    sent = {"a": {"b": [1.0, "x", None, True]}, "c": {}}
    assert read(sent) == sent


def test_the_engines_marks_become_values() -> None:
    sent = {"key": marked("k"), "list": [NOT_YET, marked(NOT_YET)], "block": marked({"inner": marked(1.0)})}
    assert read(sent) == {
        "key": Secret("k"),
        "list": [NotKnown(), Secret(NotKnown())],
        "block": Secret({"inner": Secret(1.0)}),
    }


def test_another_mark_than_a_secrets_is_a_value() -> None:
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "path": "x"}
    assert read(asset) == asset


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ({}, None),
        ({"a": "text"}, None),
        ({"a": {"b": 2.0}}, 2.0),
        ({"a": NOT_YET}, NotKnown(("a",))),
        ({"a": {"b": NOT_YET}}, NotKnown(("a", "b"))),
        ({"a": marked(NOT_YET)}, NotKnown(("a",), secret=True)),
        ({"a": {"b": marked("x")}}, Secret("x")),
        ({"a": marked({"b": "x"})}, Secret("x")),
        ({"a": marked({})}, None),
    ],
)
def test_a_value_is_found_through_secrets_and_unknowns(sent: dict[str, Any], value: Any) -> None:
    assert value_at(read(sent), ("a", "b")) == value


def test_what_messages_show() -> None:
    assert [shown(5.0), shown(2147483647.0), shown(0.5), shown("x")] == ["5", "2147483647", "0.5", "'x'"]
    assert f"{shown(Secret('x'))} {Secret('x')} {Secret('x')!r}" == "[secret] [secret] [secret]"
    assert python_name(("storageConfig", "veImageXConfig", "serviceId")) == (
        "storage_config.ve_image_x_config.service_id"
    )
