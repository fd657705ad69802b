"""Where Alibaba Cloud credentials, region and endpoints come from, in which order, and what is said."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from pulumi_videosnap.alibaba.auth import REGIONS, Account, find_account, region_of
from pulumi_videosnap.alibaba.jobs import bucket_of, open_account
from pulumi_videosnap.errors import InvalidInput, NotConfigured
from pulumi_videosnap.http.credentials import Credentials

ENV = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-ak", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-sk"}
CONFIG = {
    "videosnap:alibabaAccessKeyId": "config-ak",
    "videosnap:alibabaAccessKeySecret": "config-sk",
    "videosnap:alibabaSecurityToken": "config-token",
}
CLI = {
    "current": "work",
    "profiles": [
        None,
        {"name": "work", "mode": "AK", "access_key_id": "work-ak", "access_key_secret": "work-sk"},
        {
            "name": "temporary",
            "mode": "StsToken",
            "access_key_id": "sts-ak",
            "access_key_secret": "sts-sk",
            "sts_token": "sts-token",
        },
        {"name": "role", "mode": "RamRoleArn", "access_key_id": "r", "access_key_secret": "r"},
        {"name": "machine", "mode": "EcsRamRole", "ram_role_name": "x"},
        {"name": "half", "mode": "AK", "access_key_id": "half-ak", "access_key_secret": ""},
        {"name": "empty", "mode": "AK", "access_key_id": "", "access_key_secret": ""},
    ],
}
INI = """
[default]
type = access_key
access_key_id = ini-ak
access_key_secret = ini%sk  # a remark
[second]
type = sts
access_key_id = second-ak
access_key_secret = second-sk
security_token = second-token
[role]
type = ram_role_arn
access_key_id = r
access_key_secret = r
"""
HANGZHOU = "oss-cn-hangzhou"
ACCOUNT = Account(Credentials("ak", "sk"))


def write(home: Path, name: str, content: str) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def find(
    home: Path,
    env: dict[str, str],
    config: dict[str, str],
    profile: str | None = None,
    location: str | None = HANGZHOU,
) -> Account:
    return find_account(profile, location, env=env.get, config=config.get, home=home)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path, ".aliyun/config.json", json.dumps(CLI))
    write(tmp_path, ".alibabacloud/credentials.ini", INI)
    return tmp_path


def test_the_environment_comes_first(home: Path) -> None:
    assert find(home, ENV, CONFIG).credentials == Credentials("env-ak", "env-sk")
    env = {**ENV, "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token"}
    assert find(home, env, CONFIG).credentials.session_token == "env-token"


def test_the_stacks_configuration_comes_second(home: Path) -> None:
    assert find(home, {}, CONFIG).credentials == Credentials("config-ak", "config-sk", "config-token")


def test_the_current_profile_comes_last(home: Path) -> None:
    assert find(home, {}, {}).credentials == Credentials("work-ak", "work-sk")


def test_a_named_profile_comes_before_everything(home: Path) -> None:
    found = find(home, ENV, CONFIG, "temporary").credentials
    assert found == Credentials("sts-ak", "sts-sk", "sts-token")
    assert find(home, ENV, CONFIG, "second").credentials.session_token == "second-token"


def test_a_session_token_stays_with_its_pair(home: Path) -> None:
    env = {"ALIBABA_CLOUD_SECURITY_TOKEN": "env-token"}
    assert find(home, env, {}).credentials.session_token is None
    assert find(home, ENV, CONFIG).credentials.session_token is None


def test_the_vendors_variables_choose_profile_and_file(home: Path) -> None:
    assert find(home, {"ALIBABA_CLOUD_PROFILE": "temporary"}, {}).credentials.access_key == "sts-ak"
    assert find(home, {"ALIBABA_CLOUD_PROFILE": "second"}, {}).credentials.access_key == "second-ak"
    off = {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "True"}
    assert find(home, off, {}).credentials == Credentials("ini-ak", "ini%sk")
    write(home, "elsewhere.ini", "[default]\naccess_key_id = x-ak\naccess_key_secret = x-sk\n")
    named = {**off, "ALIBABA_CLOUD_CREDENTIALS_FILE": str(home / "elsewhere.ini")}
    assert find(home, named, {}).credentials.access_key == "x-ak"


def test_the_file_of_the_other_sdks_comes_after_the_python_sdks(home: Path) -> None:
    (home / ".aliyun" / "config.json").unlink()
    other = "[default]\ntype = access_key\naccess_key_id = other-ak\naccess_key_secret = other-sk\n"
    write(home, ".alibabacloud/credentials", other)
    assert find(home, {}, {}).credentials.access_key == "ini-ak"
    (home / ".alibabacloud" / "credentials.ini").unlink()
    assert find(home, {}, {}).credentials.access_key == "other-ak"


@pytest.mark.parametrize(
    ("env", "config", "profile", "missing"),
    [
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": "ak"}, CONFIG, None, "ALIBABA_CLOUD_ACCESS_KEY_SECRET is missing"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "sk"}, CONFIG, None, "ALIBABA_CLOUD_ACCESS_KEY_ID is missing"),
        (
            {},
            {"videosnap:alibabaAccessKeyId": "ak"},
            None,
            "videosnap:alibabaAccessKeySecret is missing: the stack's configuration",
        ),
        (ENV, {}, "half", "access_key_secret in profile 'half'"),
    ],
)
def test_half_a_pair_names_the_missing_half(
    env: dict[str, str], config: dict[str, str], profile: str | None, missing: str, home: Path
) -> None:
    with pytest.raises(NotConfigured, match=missing):
        find(home, env, config, profile)


def test_nothing_anywhere_names_every_place(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="no Alibaba Cloud credentials") as failed:
        find(tmp_path, {}, {})
    for place in (
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "videosnap:alibabaAccessKeyId",
        str(tmp_path / ".aliyun" / "config.json"),
        str(tmp_path / ".alibabacloud" / "credentials.ini"),
    ):
        assert place in str(failed.value)


@pytest.mark.parametrize("profile", ["nobody", "empty"])
def test_a_named_profile_that_holds_nothing_is_an_error(profile: str, home: Path) -> None:
    with pytest.raises(NotConfigured, match=f"no Alibaba Cloud profile '{profile}'"):
        find(home, ENV, CONFIG, profile)


@pytest.mark.parametrize(("profile", "mode"), [("role", "RamRoleArn"), ("machine", "EcsRamRole")])
def test_a_profile_that_needs_a_sign_in_is_refused(profile: str, mode: str, home: Path) -> None:
    with pytest.raises(NotConfigured, match=rf"signs in by '{mode}'.*ALIBABA_CLOUD_SECURITY_TOKEN"):
        find(home, {}, {}, profile)
    # Who has a key pair elsewhere does not hear of it.
    assert find(home, {**ENV, "ALIBABA_CLOUD_PROFILE": profile}, {}).credentials.access_key == "env-ak"


def test_a_section_that_needs_a_sign_in_is_refused(home: Path) -> None:
    env = {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true", "ALIBABA_CLOUD_PROFILE": "role"}
    with pytest.raises(NotConfigured, match="signs in by 'ram_role_arn'"):
        find(home, env, {})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".aliyun/config.json", '{"profiles": {"CANARY": '),
        (".alibabacloud/credentials.ini", "CANARY = no section\n"),
        (".alibabacloud/credentials", "CANARY"),
    ],
)
def test_a_broken_file_is_named_and_not_quoted(name: str, content: str, tmp_path: Path) -> None:
    write(tmp_path, name, content)
    with pytest.raises(NotConfigured, match=r"is not valid JSON|is not a valid INI file") as failed:
        find(tmp_path, {}, {})
    assert str(tmp_path / name) in str(failed.value)
    assert "CANARY" not in str(failed.value)


@pytest.mark.parametrize("content", ["[]", "null", "{}", '{"profiles": {}}', '{"profiles": [[]]}', " "])
def test_a_file_of_another_shape_holds_nothing(content: str, tmp_path: Path) -> None:
    write(tmp_path, ".aliyun/config.json", content)
    with pytest.raises(NotConfigured, match="no Alibaba Cloud credentials"):
        find(tmp_path, {}, {})


@pytest.mark.parametrize("value", ["a b", "a\nb", "ключ", "a\x00"])
def test_a_key_with_characters_that_no_key_has(value: str, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="ALIBABA_CLOUD_ACCESS_KEY_SECRET contains whitespace") as failed:
        find(tmp_path, {**ENV, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": value}, {})
    assert value not in str(failed.value)


@pytest.mark.parametrize(
    ("location", "region"),
    [("oss-cn-hangzhou", "cn-hangzhou"), ("oss-us-west-1", "us-west-1"), ("oss-xx-new-9", "xx-new-9")],
)
def test_the_region_of_a_location(location: str, region: str) -> None:
    assert region_of(location) == region


@pytest.mark.parametrize(
    "location",
    ["", "oss-", "cn-hangzhou", "OSS-cn-hangzhou", "oss-cn-hangzhou.aliyuncs.com", "oss-cn/x", "oss-地"],
)
def test_what_is_no_location(location: str) -> None:
    with pytest.raises(InvalidInput, match=r"input\.location: .*such as oss-cn-hangzhou"):
        region_of(location, "input.location")


def test_every_region_has_its_endpoint() -> None:
    assert len(REGIONS) == 13
    for region, endpoint in REGIONS.items():
        assert endpoint == f"https://mts.{region}.aliyuncs.com"


SET = {"ALIBABA_CLOUD_REGION_ID": "us-west-1"}
SET_IN_CONFIG = {"videosnap:alibabaRegion": "eu-west-1"}
ELSEWHERE = {"ALIBABA_CLOUD_MPS_ENDPOINT": "http://127.0.0.1:8080/"}


@pytest.mark.parametrize(
    ("location", "env", "config", "region", "endpoint"),
    [
        (HANGZHOU, {}, {}, "cn-hangzhou", "https://mts.cn-hangzhou.aliyuncs.com"),
        # The service works with buckets of its own region, so a location goes before a setting.
        (HANGZHOU, SET, SET_IN_CONFIG, "cn-hangzhou", "https://mts.cn-hangzhou.aliyuncs.com"),
        (None, SET, SET_IN_CONFIG, "us-west-1", "https://mts.us-west-1.aliyuncs.com"),
        (None, {}, SET_IN_CONFIG, "eu-west-1", "https://mts.eu-west-1.aliyuncs.com"),
        (HANGZHOU, ELSEWHERE, {}, "cn-hangzhou", "http://127.0.0.1:8080"),
        ("oss-xx-new-9", ELSEWHERE, {}, "xx-new-9", "http://127.0.0.1:8080"),
        (None, ELSEWHERE, {}, "", "http://127.0.0.1:8080"),
        (
            HANGZHOU,
            {},
            {"videosnap:alibabaMpsEndpoint": "https://mts-vpc.cn-hangzhou.aliyuncs.com"},
            "cn-hangzhou",
            "https://mts-vpc.cn-hangzhou.aliyuncs.com",
        ),
    ],
)
def test_region_and_endpoint(
    location: str | None,
    env: dict[str, str],
    config: dict[str, str],
    region: str,
    endpoint: str,
    tmp_path: Path,
) -> None:
    found = find(tmp_path, {**ENV, **env}, config, location=location)
    assert (found.region, found.endpoint) == (region, endpoint)


@pytest.mark.parametrize(
    ("location", "env", "told"),
    [
        (None, {}, "no Alibaba Cloud region: set ALIBABA_CLOUD_REGION_ID"),
        ("oss-xx-new-9", {}, "location 'oss-xx-new-9' is in region 'xx-new-9'.*cn-hangzhou"),
        (None, {"ALIBABA_CLOUD_REGION_ID": "xx-new-9"}, "ALIBABA_CLOUD_REGION_ID is in region 'xx-new-9'"),
    ],
)
def test_a_region_without_a_known_endpoint(
    location: str | None, env: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(NotConfigured, match=told):
        find(tmp_path, {**ENV, **env}, {}, location=location)


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("mts.cn-hangzhou.aliyuncs.com", "not an http or https URL"),
        ("https://[::1", "not a URL"),
        ("https://host/path", "more than scheme and host"),
        ("https://user:CANARY@host", "more than scheme and host"),
        ("http://mts.cn-hangzhou.aliyuncs.com", "plain http.*VIDEOSNAP_ALLOW_HTTP=1"),
    ],
)
def test_an_unusable_endpoint(endpoint: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=f"ALIBABA_CLOUD_MPS_ENDPOINT.*{told}") as failed:
        find(tmp_path, {**ENV, "ALIBABA_CLOUD_MPS_ENDPOINT": endpoint}, {})
    assert "CANARY" not in str(failed.value)
    with pytest.raises(NotConfigured, match=f"ALIBABA_CLOUD_OSS_ENDPOINT.*{told}"):
        bucket_of(ACCOUNT, "frames", env={"ALIBABA_CLOUD_OSS_ENDPOINT": endpoint}.get)


@pytest.mark.parametrize(
    ("env", "config", "endpoint"),
    [
        ({}, {}, "https://s3.oss-cn-hangzhou.aliyuncs.com"),
        ({"ALIBABA_CLOUD_OSS_ENDPOINT": "http://127.0.0.1:9000"}, {}, "http://127.0.0.1:9000"),
        (
            {},
            {"videosnap:alibabaOssEndpoint": "https://s3.oss-cn-hangzhou-internal.aliyuncs.com"},
            "https://s3.oss-cn-hangzhou-internal.aliyuncs.com",
        ),
    ],
)
def test_the_endpoint_of_the_objects(env: dict[str, str], config: dict[str, str], endpoint: str) -> None:
    found = bucket_of(ACCOUNT, "frames", env=env.get, config=config.get)
    assert (found.location.bucket, found.config.region, found.config.endpoint) == (
        "frames",
        "cn-hangzhou",
        endpoint,
    )
    assert found.config.credentials == ACCOUNT.credentials


def test_an_opened_account_shares_its_jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {**ENV, "VIDEOSNAP_QUOTA_DIR": str(tmp_path), "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    for name in ("ALIBABA_CLOUD_MPS_ENDPOINT", "ALIBABA_CLOUD_OSS_ENDPOINT", "ALIBABA_CLOUD_SECURITY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    first, second = open_account(None, HANGZHOU), open_account(None, HANGZHOU)
    assert first.jobs is second.jobs
    assert open_account(None, "oss-cn-beijing").jobs is not first.jobs
    assert first.bucket("frames").config.endpoint == "https://s3.oss-cn-hangzhou.aliyuncs.com"
    assert "env-sk" not in repr(first)


def test_an_account_shows_and_pickles_nothing(credentials: Credentials) -> None:
    assert "CANARY" not in repr(Account(credentials))
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Account(credentials))
