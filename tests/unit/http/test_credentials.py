"""Where credentials come from, in which order, and what is said when they are missing or broken."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.volcengine.auth import Account, find_account

ENV = {"VOLCENGINE_ACCESS_KEY": "env-ak", "VOLCENGINE_SECRET_KEY": "env-sk"}
CONFIG = {
    "videosnap:volcengineAccessKey": "config-ak",
    "videosnap:volcengineSecretKey": "config-sk",
    "videosnap:volcengineSessionToken": "config-token",
}
CLI = {
    "current": "work",
    "profiles": {
        "work": {"name": "work", "mode": "ak", "access-key": "work-ak", "secret-key": "work-sk"},
        "other": {
            "mode": "",
            "access-key": "other-ak",
            "secret-key": "other-sk",
            "session-token": "other-token",
        },
        "single": {"mode": "sso", "access-key": "", "secret-key": ""},
        "half": {"mode": "ak", "access-key": "half-ak", "secret-key": ""},
        "empty": {"mode": "ak", "access-key": "", "secret-key": ""},
    },
}
INI = """
[default]
access_key_id = ini-ak
secret_access_key = ini%sk
[second]
access_key_id = second-ak
secret_access_key = second-sk
"""


def write(home: Path, name: str, content: str) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def find(home: Path, env: dict[str, str], config: dict[str, str], profile: str | None = None) -> Account:
    return find_account(profile, env=env.get, config=config.get, home=home)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path, ".volcengine/config.json", json.dumps(CLI))
    write(tmp_path, ".volc/credentials", INI)
    write(tmp_path, ".volc/config", '{"ak": "json-ak", "sk": "json-sk"}')
    return tmp_path


def test_the_environment_comes_first(home: Path) -> None:
    assert find(home, ENV, CONFIG).credentials == Credentials("env-ak", "env-sk")


def test_the_stacks_configuration_comes_second(home: Path) -> None:
    assert find(home, {}, CONFIG).credentials == Credentials("config-ak", "config-sk", "config-token")


def test_the_current_profile_comes_last(home: Path) -> None:
    assert find(home, {}, {}).credentials == Credentials("work-ak", "work-sk")


def test_a_named_profile_comes_before_everything(home: Path) -> None:
    found = find(home, ENV, CONFIG, "other").credentials
    assert found == Credentials("other-ak", "other-sk", "other-token")


def test_a_session_token_stays_with_its_pair(home: Path) -> None:
    env = {**ENV, "VOLCENGINE_SESSION_TOKEN": "env-token"}
    assert find(home, env, {}).credentials.session_token == "env-token"
    assert find(home, {"VOLCENGINE_SESSION_TOKEN": "env-token"}, {}).credentials.session_token is None
    assert find(home, ENV, CONFIG).credentials.session_token is None


def test_empty_and_padded_values(home: Path) -> None:
    env = {"VOLCENGINE_ACCESS_KEY": " ", "VOLCENGINE_SECRET_KEY": ""}
    assert find(home, env, CONFIG).credentials.access_key == "config-ak"
    env = {"VOLCENGINE_ACCESS_KEY": " ak\n", "VOLCENGINE_SECRET_KEY": "sk\r\n"}
    assert find(home, env, {}).credentials == Credentials("ak", "sk")


@pytest.mark.parametrize(
    ("env", "config", "profile", "missing"),
    [
        ({"VOLCENGINE_ACCESS_KEY": "ak"}, CONFIG, None, "VOLCENGINE_SECRET_KEY is missing: the environment"),
        ({"VOLCENGINE_SECRET_KEY": "sk"}, CONFIG, None, "VOLCENGINE_ACCESS_KEY is missing: the environment"),
        (
            {},
            {"videosnap:volcengineAccessKey": "ak"},
            None,
            "videosnap:volcengineSecretKey is missing: the stack's configuration",
        ),
        (ENV, {}, "half", "secret-key in profile 'half'"),
    ],
)
def test_half_a_pair_names_the_missing_half(
    env: dict[str, str], config: dict[str, str], profile: str | None, missing: str, home: Path
) -> None:
    with pytest.raises(NotConfigured, match=missing):
        find(home, env, config, profile)


def test_nothing_anywhere_names_every_place(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured) as failed:
        find(tmp_path, {}, {})
    for place in (
        "VOLCENGINE_ACCESS_KEY",
        "VOLCENGINE_SECRET_KEY",
        "videosnap:volcengineAccessKey",
        str(tmp_path / ".volcengine" / "config.json"),
        str(tmp_path / ".volc"),
    ):
        assert place in str(failed.value)


@pytest.mark.parametrize("profile", ["nobody", "empty"])
def test_a_named_profile_that_holds_nothing_is_an_error(profile: str, home: Path) -> None:
    with pytest.raises(NotConfigured, match=f"profile '{profile}'"):
        find(home, ENV, CONFIG, profile)


def test_a_profile_that_needs_a_sign_in_is_refused(home: Path) -> None:
    with pytest.raises(NotConfigured, match=r"signs in by 'sso'.*VOLCENGINE_SESSION_TOKEN"):
        find(home, {}, {}, "single")


def test_a_profile_that_cannot_be_used_is_no_matter_to_who_has_a_key_pair_elsewhere(home: Path) -> None:
    env = {**ENV, "VOLCENGINE_PROFILE": "single"}
    assert find(home, env, {}).credentials.access_key == "env-ak"
    write(home, ".volcengine/config.json", "{")
    assert find(home, {}, CONFIG).credentials.access_key == "config-ak"


def test_the_vendors_variables_choose_file_and_profile(home: Path) -> None:
    assert find(home, {"VOLCENGINE_PROFILE": "other"}, {}).credentials.access_key == "other-ak"
    write(home, "elsewhere.json", '{"profiles": {"default": {"access-key": "x-ak", "secret-key": "x-sk"}}}')
    env = {"VOLCENGINE_CLI_CONFIG_FILE": str(home / "elsewhere.json")}
    assert find(home, env, {}).credentials.access_key == "x-ak"


def test_the_older_sdks_files(home: Path) -> None:
    (home / ".volcengine" / "config.json").unlink()
    assert find(home, {}, {}).credentials == Credentials("ini-ak", "ini%sk")
    assert find(home, {}, {}, "second").credentials.access_key == "second-ak"
    # The SDK looks into the JSON file only when the INI file is not there.
    write(home, ".volc/credentials", "[other]\n")
    with pytest.raises(NotConfigured):
        find(home, {}, {})
    (home / ".volc" / "credentials").unlink()
    assert find(home, {}, {}).credentials == Credentials("json-ak", "json-sk")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".volcengine/config.json", '{"profiles": {"CANARY": '),
        (".volc/credentials", "CANARY = no section\n"),
        (".volc/config", "CANARY"),
    ],
)
def test_a_broken_file_is_named_and_not_quoted(name: str, content: str, tmp_path: Path) -> None:
    write(tmp_path, name, content)
    with pytest.raises(NotConfigured, match=r"is not valid JSON|is not a valid INI file") as failed:
        find(tmp_path, {}, {})
    assert str(tmp_path / name) in str(failed.value)
    assert "CANARY" not in str(failed.value)


@pytest.mark.parametrize(
    "content", ["[]", "null", "{}", '{"profiles": []}', '{"profiles": {"default": null}}', "  "]
)
def test_a_file_of_another_shape_holds_nothing(content: str, tmp_path: Path) -> None:
    write(tmp_path, ".volcengine/config.json", content)
    with pytest.raises(NotConfigured, match="no Volcengine credentials"):
        find(tmp_path, {}, {})


@pytest.mark.parametrize("value", ["a b", "a\nb", "ключ", "a\x00"])
def test_a_key_with_characters_that_no_key_has(value: str, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="VOLCENGINE_SECRET_KEY contains whitespace") as failed:
        find(tmp_path, {**ENV, "VOLCENGINE_SECRET_KEY": value}, {})
    assert value not in str(failed.value)


@pytest.mark.parametrize(
    ("env", "config", "endpoint", "region"),
    [
        ({}, {}, "https://rtc.volcengineapi.com", "cn-north-1"),
        (
            {"VOLCENGINE_REGION": "ap-singapore-1"},
            {},
            "https://open-ap-singapore-1.volcengineapi.com",
            "ap-singapore-1",
        ),
        (
            {},
            {"videosnap:volcengineRegion": "ap-singapore-1"},
            "https://open-ap-singapore-1.volcengineapi.com",
            "ap-singapore-1",
        ),
        (
            {"VOLCENGINE_RTC_ENDPOINT": "http://127.0.0.1:8080/", "VOLCENGINE_REGION": "anywhere"},
            {},
            "http://127.0.0.1:8080",
            "anywhere",
        ),
        ({"VOLCENGINE_RTC_ENDPOINT": "http://[::1]:80"}, {}, "http://[::1]:80", "cn-north-1"),
        (
            {},
            {"videosnap:volcengineRtcEndpoint": "https://proxy.example:8443"},
            "https://proxy.example:8443",
            "cn-north-1",
        ),
        (
            {"VOLCENGINE_RTC_ENDPOINT": "http://rtc.internal", "VIDEOSNAP_ALLOW_HTTP": "1"},
            {},
            "http://rtc.internal",
            "cn-north-1",
        ),
    ],
)
def test_endpoint_and_region(
    env: dict[str, str], config: dict[str, str], endpoint: str, region: str, tmp_path: Path
) -> None:
    found = find(tmp_path, {**ENV, **env}, config)
    assert (found.endpoint, found.region) == (endpoint, region)


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("rtc.volcengineapi.com", "not an http or https URL"),
        ("ftp://rtc.volcengineapi.com", "not an http or https URL"),
        ("https://", "not an http or https URL"),
        ("https://host:0", "not an http or https URL"),
        ("https://host:port", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://host/path", "more than scheme and host"),
        ("https://host?Action=x", "more than scheme and host"),
        ("https://host#x", "more than scheme and host"),
        ("https://user:CANARY@host", "more than scheme and host"),
        ("http://rtc.volcengineapi.com", "plain http.*VIDEOSNAP_ALLOW_HTTP=1"),
    ],
)
def test_an_unusable_endpoint(endpoint: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=f"VOLCENGINE_RTC_ENDPOINT.*{told}") as failed:
        find(tmp_path, {**ENV, "VOLCENGINE_RTC_ENDPOINT": endpoint}, {})
    assert "CANARY" not in str(failed.value)


@pytest.mark.parametrize(
    ("env", "config", "name"),
    [
        ({"VOLCENGINE_REGION": "cn-beijing"}, {}, "VOLCENGINE_REGION"),
        ({}, {"videosnap:volcengineRegion": "cn-beijing"}, "videosnap:volcengineRegion"),
    ],
)
def test_a_region_without_a_known_endpoint(
    env: dict[str, str], config: dict[str, str], name: str, tmp_path: Path
) -> None:
    with pytest.raises(NotConfigured, match=f"{name} is 'cn-beijing'.*cn-north-1"):
        find(tmp_path, {**ENV, **env}, config)


def test_credentials_show_and_pickle_nothing(credentials: Credentials) -> None:
    shown = f"{credentials} {credentials!r} {[credentials]} {Account(credentials)}"
    assert "CANARY" not in shown
    assert "AKLT****" in shown
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Account(credentials))


def test_foreign_text_is_scrubbed(credentials: Credentials) -> None:
    text: Any = " ".join((*credentials.secrets(), "THIRD-PARTY", "ab" * 32, "harmless"))
    scrubbed = credentials.scrub(text, also=("THIRD-PARTY",))
    assert scrubbed == "AKLT**** **** **** **** **** harmless"
