"""Where credentials, region and endpoint of both clouds come from, in which order, and their errors."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.alibaba import auth as alibaba
from pulumi_videosnap.alibaba.jobs import bucket_of, open_account
from pulumi_videosnap.errors import InvalidInput, NotConfigured
from pulumi_videosnap.http.credentials import Credentials, KeySettings
from pulumi_videosnap.volcengine import auth as volcengine

HANGZHOU = "oss-cn-hangzhou"
VOLC_CLI = {
    "current": "work",
    "profiles": {
        "work": {"name": "work", "mode": "ak", "access-key": "work-ak", "secret-key": "work-sk"},
        "other": {"access-key": "other-ak", "secret-key": "other-sk", "session-token": "other-token"},
        "role": {"mode": "sso", "access-key": "", "secret-key": ""},
        "half": {"mode": "ak", "access-key": "half-ak", "secret-key": ""},
        "empty": {"mode": "ak", "access-key": "", "secret-key": ""},
    },
}
VOLC_INI = """
[default]
access_key_id = ini-ak
secret_access_key = ini%sk
[second]
access_key_id = second-ak
secret_access_key = second-sk
"""
ALI_CLI = {
    "current": "work",
    "profiles": [
        None,
        {"name": "work", "mode": "AK", "access_key_id": "work-ak", "access_key_secret": "work-sk"},
        {"name": "other", "mode": "StsToken", "access_key_id": "other-ak", "access_key_secret": "other-sk"}
        | {"sts_token": "other-token"},
        {"name": "role", "mode": "RamRoleArn", "access_key_id": "r", "access_key_secret": "r"},
        {"name": "half", "mode": "AK", "access_key_id": "half-ak", "access_key_secret": ""},
        {"name": "empty", "mode": "AK", "access_key_id": "", "access_key_secret": ""},
    ],
}
ALI_INI = """
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


@dataclass(frozen=True)
class Cloud:
    """One cloud's names for the same things."""

    keys: KeySettings
    find: Callable[..., Any]
    account: Callable[[Credentials], object]
    profile_variable: str
    files: dict[str, str]
    """Profile files below the home directory; the first is that of the vendor's command line."""
    half: str
    role: str

    @property
    def env(self) -> dict[str, str]:
        return {self.keys.access_key.env: "env-ak", self.keys.secret_key.env: "env-sk"}

    @property
    def config(self) -> dict[str, str]:
        names = (setting.config for setting in self.keys.settings)
        return dict(zip(names, ("config-ak", "config-sk", "config-token"), strict=True))


def find_alibaba(profile: str | None = None, location: str | None = HANGZHOU, **more: Any) -> Any:
    return alibaba.find_account(profile, location, **more)


CLOUDS = {
    "volcengine": Cloud(
        volcengine.KEYS,
        volcengine.find_account,
        volcengine.Account,
        "VOLCENGINE_PROFILE",
        {".volcengine/config.json": json.dumps(VOLC_CLI), ".volc/credentials": VOLC_INI}
        | {".volc/config": '{"ak": "json-ak", "sk": "json-sk"}'},
        "secret-key in profile 'half'",
        "sso",
    ),
    "alibaba": Cloud(
        alibaba.KEYS,
        find_alibaba,
        alibaba.Account,
        "ALIBABA_CLOUD_PROFILE",
        {".aliyun/config.json": json.dumps(ALI_CLI), ".alibabacloud/credentials.ini": ALI_INI},
        "access_key_secret in profile 'half'",
        "RamRoleArn",
    ),
}


def write(home: Path, name: str, content: str) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


@pytest.fixture(params=CLOUDS)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    return CLOUDS[request.param]


@pytest.fixture
def home(cloud: Cloud, tmp_path: Path) -> Path:
    for name, content in cloud.files.items():
        write(tmp_path, name, content)
    return tmp_path


def keys_of(
    cloud: Cloud, home: Path, env: dict[str, str], config: dict[str, str], profile: str | None = None
) -> Credentials:
    found: Credentials = cloud.find(profile, env=env.get, config=config.get, home=home).credentials
    return found


def test_the_order_of_the_sources(cloud: Cloud, home: Path) -> None:
    token = {cloud.keys.session_token.env: "env-token"}
    named = Credentials("other-ak", "other-sk", "other-token")
    assert keys_of(cloud, home, cloud.env, cloud.config, "other") == named
    assert keys_of(cloud, home, cloud.env, cloud.config) == Credentials("env-ak", "env-sk")
    assert keys_of(cloud, home, cloud.env | token, {}) == Credentials("env-ak", "env-sk", "env-token")
    configured = Credentials("config-ak", "config-sk", "config-token")
    assert keys_of(cloud, home, {}, cloud.config) == configured
    assert keys_of(cloud, home, {}, {}) == Credentials("work-ak", "work-sk")
    # Credentials are never mixed across sources.
    assert keys_of(cloud, home, token, {}).session_token is None


def test_empty_and_padded_values(cloud: Cloud, home: Path) -> None:
    access, secret = cloud.keys.access_key.env, cloud.keys.secret_key.env
    assert keys_of(cloud, home, {access: " ", secret: ""}, cloud.config).access_key == "config-ak"
    padded = {access: " ak\n", secret: "sk\r\n"}
    assert keys_of(cloud, home, padded, {}) == Credentials("ak", "sk")


def test_half_a_pair_names_the_missing_half(cloud: Cloud, home: Path) -> None:
    access, secret = cloud.keys.access_key, cloud.keys.secret_key
    with pytest.raises(NotConfigured, match=f"{secret.env} is missing: the environment"):
        keys_of(cloud, home, {access.env: "ak"}, cloud.config)
    with pytest.raises(NotConfigured, match=f"{access.env} is missing: the environment"):
        keys_of(cloud, home, {secret.env: "sk"}, cloud.config)
    with pytest.raises(NotConfigured, match=f"{secret.config} is missing: the stack's configuration"):
        keys_of(cloud, home, {}, {access.config: "ak"})
    with pytest.raises(NotConfigured, match=cloud.half):
        keys_of(cloud, home, cloud.env, {}, "half")


def test_no_credentials_names_every_source(cloud: Cloud, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=f"no {cloud.keys.cloud} credentials") as failed:
        keys_of(cloud, tmp_path, {}, {})
    names = [cloud.keys.access_key.env, cloud.keys.secret_key.env, cloud.keys.access_key.config]
    files = [str(tmp_path / name.split("/")[0]) for name in cloud.files]
    assert [name for name in (*names, *files) if name not in str(failed.value)] == []


@pytest.mark.parametrize("profile", ["nobody", "empty"])
def test_a_named_profile_without_keys_is_an_error(profile: str, cloud: Cloud, home: Path) -> None:
    with pytest.raises(NotConfigured, match=f"no {cloud.keys.cloud} profile '{profile}'"):
        keys_of(cloud, home, cloud.env, cloud.config, profile)


def test_a_profile_that_needs_a_sign_in_is_refused(cloud: Cloud, home: Path) -> None:
    token = cloud.keys.session_token.env
    with pytest.raises(NotConfigured, match=rf"signs in by '{cloud.role}'.*{token}"):
        keys_of(cloud, home, {}, {}, "role")
    # An unusable profile does not matter where an earlier source has a key pair.
    current = {**cloud.env, cloud.profile_variable: "role"}
    assert keys_of(cloud, home, current, {}).access_key == "env-ak"


def test_the_vendors_variable_selects_the_current_profile(cloud: Cloud, home: Path) -> None:
    assert keys_of(cloud, home, {cloud.profile_variable: "other"}, {}).access_key == "other-ak"
    assert keys_of(cloud, home, {}, {}, "second").access_key == "second-ak"


def test_other_files_of_volcengine(tmp_path: Path) -> None:
    cloud = CLOUDS["volcengine"]
    for name, content in list(cloud.files.items())[1:]:
        write(tmp_path, name, content)
    assert keys_of(cloud, tmp_path, {}, {}) == Credentials("ini-ak", "ini%sk")
    # The SDK reads the JSON file only when there is no INI file.
    write(tmp_path, ".volc/credentials", "[other]\n")
    with pytest.raises(NotConfigured):
        keys_of(cloud, tmp_path, {}, {})
    (tmp_path / ".volc" / "credentials").unlink()
    assert keys_of(cloud, tmp_path, {}, {}) == Credentials("json-ak", "json-sk")
    write(tmp_path, "x.json", '{"profiles": {"default": {"access-key": "x-ak", "secret-key": "x-sk"}}}')
    named = {"VOLCENGINE_CLI_CONFIG_FILE": str(tmp_path / "x.json")}
    assert keys_of(cloud, tmp_path, named, {}).access_key == "x-ak"


def test_other_files_of_alibaba_cloud(tmp_path: Path) -> None:
    cloud = CLOUDS["alibaba"]
    for name, content in cloud.files.items():
        write(tmp_path, name, content)
    disabled = {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "True"}
    assert keys_of(cloud, tmp_path, disabled, {}) == Credentials("ini-ak", "ini%sk")
    with pytest.raises(NotConfigured, match="signs in by 'ram_role_arn'"):
        keys_of(cloud, tmp_path, {**disabled, "ALIBABA_CLOUD_PROFILE": "role"}, {})
    write(tmp_path, "x.ini", "[default]\naccess_key_id = x-ak\naccess_key_secret = x-sk\n")
    named = {**disabled, "ALIBABA_CLOUD_CREDENTIALS_FILE": str(tmp_path / "x.ini")}
    assert keys_of(cloud, tmp_path, named, {}).access_key == "x-ak"
    (tmp_path / ".alibabacloud" / "credentials.ini").unlink()
    write(tmp_path, ".alibabacloud/credentials", "[default]\naccess_key_id = o\naccess_key_secret = s\n")
    assert keys_of(cloud, tmp_path, disabled, {}).access_key == "o"


@pytest.mark.parametrize("content", ['{"profiles": {"CANARY": ', "CANARY = no section\n", "CANARY"])
def test_a_broken_file_is_named_and_not_quoted(content: str, cloud: Cloud, tmp_path: Path) -> None:
    for name in cloud.files:
        write(tmp_path, name, content)
        with pytest.raises(NotConfigured, match=r"is not valid JSON|is not a valid INI file") as failed:
            keys_of(cloud, tmp_path, {}, {})
        assert str(tmp_path / name) in str(failed.value)
        assert "CANARY" not in str(failed.value)
        (tmp_path / name).unlink()


@pytest.mark.parametrize("content", ["[]", "null", "{}", '{"profiles": []}', '{"profiles": [[]]}', "  "])
def test_a_file_of_another_shape_has_no_keys(content: str, cloud: Cloud, tmp_path: Path) -> None:
    write(tmp_path, next(iter(cloud.files)), content)
    with pytest.raises(NotConfigured, match=f"no {cloud.keys.cloud} credentials"):
        keys_of(cloud, tmp_path, {}, {})


@pytest.mark.parametrize("value", ["a b", "a\nb", "ключ", "a\x00"])
def test_a_key_with_impossible_characters_is_refused(value: str, cloud: Cloud, tmp_path: Path) -> None:
    secret = cloud.keys.secret_key.env
    with pytest.raises(NotConfigured, match=f"{secret} contains whitespace") as failed:
        keys_of(cloud, tmp_path, {**cloud.env, secret: value}, {})
    assert value not in str(failed.value)


def test_an_account_shows_and_pickles_nothing(cloud: Cloud, credentials: Credentials) -> None:
    account = cloud.account(credentials)
    shown = f"{credentials} {credentials!r} {[credentials]} {account}"
    assert "CANARY" not in shown
    assert "AKLT****" in shown
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(account)


def test_untrusted_text_is_scrubbed(credentials: Credentials) -> None:
    text = " ".join((*credentials.secrets(), "THIRD-PARTY", "ab" * 32, "harmless"))
    scrubbed = credentials.scrub(text, also=("THIRD-PARTY",))
    assert scrubbed == "AKLT**** **** **** **** **** harmless"


# -- Region and endpoint ------------------------------------------------------------------------------------

RTC, SINGAPORE = "https://rtc.volcengineapi.com", "https://open-ap-singapore-1.volcengineapi.com"
RTC_ENDPOINT, MPS_ENDPOINT, OSS_ENDPOINT = (
    "VOLCENGINE_RTC_ENDPOINT",
    "ALIBABA_CLOUD_MPS_ENDPOINT",
    "ALIBABA_CLOUD_OSS_ENDPOINT",
)
LOCAL = "http://127.0.0.1:8080"
VPC = "https://mts-vpc.cn-hangzhou.aliyuncs.com"


@pytest.mark.parametrize(
    ("env", "config", "endpoint", "region"),
    [
        ({}, {}, RTC, "cn-north-1"),
        ({"VOLCENGINE_REGION": "ap-singapore-1"}, {}, SINGAPORE, "ap-singapore-1"),
        ({}, {"videosnap:volcengineRegion": "ap-southeast-1"}, SINGAPORE, "ap-southeast-1"),
        ({RTC_ENDPOINT: f"{LOCAL}/", "VOLCENGINE_REGION": "anywhere"}, {}, LOCAL, "anywhere"),
        ({RTC_ENDPOINT: "http://[::1]:80"}, {}, "http://[::1]:80", "cn-north-1"),
        ({}, {"videosnap:volcengineRtcEndpoint": "https://p.example:8443"}, "https://p.example:8443", None),
        ({RTC_ENDPOINT: "http://rtc.internal", "VIDEOSNAP_ALLOW_HTTP": "1"}, {}, "http://rtc.internal", None),
    ],
)
def test_region_and_endpoint_of_rtc(
    env: dict[str, str], config: dict[str, str], endpoint: str, region: str | None, tmp_path: Path
) -> None:
    env = {**CLOUDS["volcengine"].env, **env}
    found = volcengine.find_account(env=env.get, config=config.get, home=tmp_path)
    assert (found.endpoint, found.region) == (endpoint, region or "cn-north-1")


IN_ENV = {"ALIBABA_CLOUD_REGION_ID": "us-west-1"}
IN_CONFIG = {"videosnap:alibabaRegion": "eu-west-1"}


@pytest.mark.parametrize(
    ("location", "env", "config", "region", "endpoint"),
    [
        (HANGZHOU, {}, {}, "cn-hangzhou", None),
        # The service works with buckets of its own region, so a location goes before a setting.
        (HANGZHOU, IN_ENV, IN_CONFIG, "cn-hangzhou", None),
        (None, IN_ENV, IN_CONFIG, "us-west-1", None),
        (None, {}, IN_CONFIG, "eu-west-1", None),
        (HANGZHOU, {MPS_ENDPOINT: LOCAL}, {}, "cn-hangzhou", LOCAL),
        ("oss-xx-new-9", {MPS_ENDPOINT: LOCAL}, {}, "xx-new-9", LOCAL),
        (None, {MPS_ENDPOINT: LOCAL}, {}, "", LOCAL),
        (HANGZHOU, {}, {"videosnap:alibabaMpsEndpoint": VPC}, "cn-hangzhou", VPC),
    ],
)
def test_region_and_endpoint_of_mps(
    location: str | None,
    env: dict[str, str],
    config: dict[str, str],
    region: str,
    endpoint: str | None,
    tmp_path: Path,
) -> None:
    env = {**CLOUDS["alibaba"].env, **env}
    found = alibaba.find_account(None, location, env=env.get, config=config.get, home=tmp_path)
    assert (found.region, found.endpoint) == (region, endpoint or f"https://mts.{region}.aliyuncs.com")


@pytest.mark.parametrize(
    ("name", "env", "config", "location", "text"),
    [
        ("volcengine", {"VOLCENGINE_REGION": "x"}, {}, None, "VOLCENGINE_REGION is 'x'.*cn-north-1"),
        ("volcengine", {}, {"videosnap:volcengineRegion": "x"}, None, "videosnap:volcengineRegion is 'x'"),
        ("alibaba", {}, {}, None, "no Alibaba Cloud region: set ALIBABA_CLOUD_REGION_ID"),
        ("alibaba", {}, {}, "oss-xx-9", "location 'oss-xx-9' is in region 'xx-9'.*cn-hangzhou"),
        ("alibaba", {"ALIBABA_CLOUD_REGION_ID": "xx-9"}, {}, None, "ALIBABA_CLOUD_REGION_ID is in region"),
    ],
)
def test_a_region_without_a_known_endpoint(
    name: str, env: dict[str, str], config: dict[str, str], location: str | None, text: str, tmp_path: Path
) -> None:
    env = {**CLOUDS[name].env, **env}
    where = {"location": location} if name == "alibaba" else {}
    with pytest.raises(NotConfigured, match=text):
        CLOUDS[name].find(None, env=env.get, config=config.get, home=tmp_path, **where)


@pytest.mark.parametrize("name", [RTC_ENDPOINT, MPS_ENDPOINT, OSS_ENDPOINT])
@pytest.mark.parametrize(
    ("endpoint", "text"),
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
        ("http://rtc.volcengineapi.com", "plain http.*VIDEOSNAP_ALLOW_HTTP=1 if the network path is trusted"),
    ],
)
def test_an_unusable_endpoint(name: str, endpoint: str, text: str, tmp_path: Path) -> None:
    cloud = CLOUDS["volcengine" if name == RTC_ENDPOINT else "alibaba"]
    account, env = alibaba.Account(Credentials("ak", "sk")), {**cloud.env, name: endpoint}
    with pytest.raises(NotConfigured, match=f"{name}.*{text}") as failed:
        bucket_of(account, "b", env=env.get) if name == OSS_ENDPOINT else keys_of(cloud, tmp_path, env, {})
    assert "CANARY" not in str(failed.value)


def test_the_endpoint_of_a_bucket() -> None:
    account = alibaba.Account(Credentials("ak", "sk"))
    internal = "https://s3.oss-cn-hangzhou-internal.aliyuncs.com"
    for env, config, endpoint in (
        ({}, {}, "https://s3.oss-cn-hangzhou.aliyuncs.com"),
        ({OSS_ENDPOINT: LOCAL}, {}, LOCAL),
        ({}, {"videosnap:alibabaOssEndpoint": internal}, internal),
    ):
        found = bucket_of(account, "frames", env=env.get, config=config.get)
        assert (found.location.bucket, found.config.region) == ("frames", "cn-hangzhou")
        assert (found.config.endpoint, found.config.credentials) == (endpoint, account.credentials)


def test_an_open_account_shares_its_jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env = {**CLOUDS["alibaba"].env, "VIDEOSNAP_QUOTA_DIR": str(tmp_path), "HOME": str(tmp_path)}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    for name in (MPS_ENDPOINT, OSS_ENDPOINT, "ALIBABA_CLOUD_SECURITY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    first, second = open_account(None, HANGZHOU), open_account(None, HANGZHOU)
    assert first.jobs is second.jobs
    assert open_account(None, "oss-cn-beijing").jobs is not first.jobs
    assert first.bucket("frames").config.endpoint == "https://s3.oss-cn-hangzhou.aliyuncs.com"
    assert "env-sk" not in repr(first)


@pytest.mark.parametrize("region", ["cn-hangzhou", "us-west-1", "xx-new-9"])
def test_the_region_of_a_location(region: str) -> None:
    assert alibaba.region_of(f"oss-{region}") == region


@pytest.mark.parametrize(
    "location",
    ["", "oss-", "cn-hangzhou", "OSS-cn-hangzhou", "oss-cn-hangzhou.aliyuncs.com", "oss-cn/x", "oss-地"],
)
def test_an_invalid_location(location: str) -> None:
    with pytest.raises(InvalidInput, match=r"input\.location: .*such as oss-cn-hangzhou"):
        alibaba.region_of(location, "input.location")


def test_every_region_of_mps_has_its_endpoint() -> None:
    assert len(alibaba.REGIONS) == 13
    assert {region: f"https://mts.{region}.aliyuncs.com" for region in alibaba.REGIONS} == alibaba.REGIONS
