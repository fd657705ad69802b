"""Keys in clear are found, and no message repeats one."""

from __future__ import annotations

from typing import Any

import pytest

from policy.rules.findings import Finding, Unchecked, Violation
from policy.rules.plain_secrets import plain_credentials, plain_keys
from policy.rules.values import NotKnown, Secret

KEY = "cAnAry-key"
FIELD = "storage_config.custom_config.secret_key"


def custom(**keys: Any) -> dict[str, Any]:
    return {"storageConfig": {"customConfig": {"bucket": "frames", **keys}}}


def keys(
    properties: dict[str, Any], configuration: dict[str, Any] | None = None, only_environment: bool = False
) -> list[Finding]:
    found = list(plain_keys(properties, configuration or {}, only_environment=only_environment))
    assert KEY not in str(found)
    return found


def credentials(configuration: dict[str, Any], only_environment: bool = False) -> list[Finding]:
    found = list(plain_credentials(configuration, only_environment=only_environment))
    assert KEY not in str(found)
    return found


@pytest.mark.parametrize("only_environment", [False, True])
def test_keys_by_variable_and_no_keys_are_fine(only_environment: bool) -> None:
    by_variable = custom(accessKeyEnv="A", secretKeyEnv="S")
    assert keys(by_variable, only_environment=only_environment) == []
    assert keys({"storageConfig": {"tosConfig": {}}}, only_environment=only_environment) == []


def test_plain_keys_are_named_with_their_remedy() -> None:
    assert keys(custom(accessKey=KEY, secretKey=KEY)) == [
        Violation(
            f"storage_config.custom_config.{key} is plain text: "
            f'write {key}_env="NAME_OF_A_VARIABLE" instead, or pulumi.Output.secret(…)'
        )
        for key in ("access_key", "secret_key")
    ]


def test_secret_keys_are_fine_unless_only_the_environment_will_do() -> None:
    for task in (
        custom(secretKey=Secret(KEY)),
        {"storageConfig": Secret({"customConfig": {"secretKey": KEY}})},
    ):
        assert keys(task) == []
        assert keys(task, only_environment=True) == [
            Violation(f'{FIELD} is given as a value: write secret_key_env="NAME_OF_A_VARIABLE" instead')
        ]


def test_a_key_that_the_configuration_has_in_clear_is_found() -> None:
    configuration = {"app:key": KEY, "app:other": "x", "app:hidden": Secret(KEY)}
    assert keys(custom(secretKey=Secret(KEY)), configuration) == [
        Violation(
            f"{FIELD} is a secret, but the configuration has it in clear as app:key: "
            "`pulumi config set --secret app:key`"
        )
    ]


def test_a_key_that_is_not_known_is_judged_by_its_mark() -> None:
    unmarked, marked = custom(secretKey=NotKnown()), custom(secretKey=Secret(NotKnown()))
    assert keys(unmarked) == [Unchecked(FIELD)]
    assert keys(marked) == []
    assert [type(each) for each in keys(marked, only_environment=True)] == [Violation]


def test_a_block_that_is_not_known_waits() -> None:
    unmarked, marked = {"storageConfig": NotKnown()}, {"storageConfig": Secret(NotKnown())}
    assert set(keys(unmarked)) == {Unchecked("storage_config")}
    assert keys(marked) == []
    assert set(keys(marked, only_environment=True)) == {Unchecked("storage_config")}


def test_an_accounts_keys_in_clear_are_found_in_the_configuration() -> None:
    configuration = {
        "videosnap:volcengineSecretKey": KEY,
        "videosnap:volcengineAccessKey": Secret(KEY),
        "videosnap:volcengineRegion": "cn-north-1",
    }
    assert credentials(configuration) == [
        Violation(
            "videosnap:volcengineSecretKey is in clear in the configuration: "
            "`pulumi config set --secret videosnap:volcengineSecretKey`, "
            "or remove it and set VOLCENGINE_SECRET_KEY"
        )
    ]


def test_an_accounts_keys_belong_into_the_environment_where_only_that_will_do() -> None:
    assert credentials({"videosnap:alibabaSecurityToken": Secret(KEY)}, only_environment=True) == [
        Violation(
            "videosnap:alibabaSecurityToken is in the configuration: "
            "remove it, and set ALIBABA_CLOUD_SECURITY_TOKEN instead"
        )
    ]
