"""Where credentials, region and endpoint of both clouds come from, in which order, and their errors."""

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
from support.data import load
from unit.scripted import RTC_KEYS

HANGZHOU = "oss-cn-hangzhou"
FILES = Path(__file__).parents[2] / "data" / "credentials"
TABLES = load("credentials/cases.json")


@dataclass(frozen=True)
class Cloud:
    """One cloud's names for the same things."""

    keys: KeySettings
    find: Callable[..., Any]
    account: Callable[[Credentials], object]
    profile_variable: str
    places: tuple[str, ...]
    """Profile files below the home directory; the first is that of the vendor's command line."""
    half: str
    role: str

    @property
    def files(self) -> dict[str, str]:
        name = self.keys.access_key.env.partition("_")[0].lower()
        texts = [(FILES / f"{name}.{kind}").read_text() for kind in ("json", "ini")]
        return dict(zip(self.places, (*texts, '{"ak": "json-ak", "sk": "json-sk"}'), strict=False))

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
        (".volcengine/config.json", ".volc/credentials", ".volc/config"),
        "secret-key in profile 'half'",
        "sso",
    ),
    "alibaba": Cloud(
        alibaba.KEYS,
        find_alibaba,
        alibaba.Account,
        "ALIBABA_CLOUD_PROFILE",
        (".aliyun/config.json", ".alibabacloud/credentials.ini"),
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


def test_profiles_by_name(cloud: Cloud, home: Path) -> None:
    assert keys_of(cloud, home, {cloud.profile_variable: "other"}, {}).access_key == "other-ak"
    assert keys_of(cloud, home, {}, {}, "second").access_key == "second-ak"
    for profile in ("nobody", "empty"):
        with pytest.raises(NotConfigured, match=f"no {cloud.keys.cloud} profile '{profile}'"):
            keys_of(cloud, home, cloud.env, cloud.config, profile)
    sign_in = rf"signs in by '{cloud.role}'.*{cloud.keys.session_token.env}"
    with pytest.raises(NotConfigured, match=sign_in):
        keys_of(cloud, home, {}, {}, "role")
    # An unusable profile does not matter where an earlier source has a key pair.
    current = {**cloud.env, cloud.profile_variable: "role"}
    assert keys_of(cloud, home, current, {}).access_key == "env-ak"


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


def test_a_broken_file_is_named_and_not_quoted(cloud: Cloud, tmp_path: Path) -> None:
    for name in cloud.files:
        for content in ('{"profiles": {"CANARY": ', "CANARY = no section\n", "CANARY"):
            write(tmp_path, name, content)
            with pytest.raises(NotConfigured, match=r"is not valid JSON|is not a valid INI file") as failed:
                keys_of(cloud, tmp_path, {}, {})
            assert str(tmp_path / name) in str(failed.value)
            assert "CANARY" not in str(failed.value)
        (tmp_path / name).unlink()
    for content in ("[]", "null", "{}", '{"profiles": []}', '{"profiles": [[]]}', "  "):
        write(tmp_path, next(iter(cloud.files)), content)
        with pytest.raises(NotConfigured, match=f"no {cloud.keys.cloud} credentials"):
            keys_of(cloud, tmp_path, {}, {})


def test_a_key_with_impossible_characters_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    secret = cloud.keys.secret_key.env
    for value in ("a b", "a\nb", "ключ", "a\x00"):
        with pytest.raises(NotConfigured, match=f"{secret} contains whitespace") as failed:
            keys_of(cloud, tmp_path, {**cloud.env, secret: value}, {})
        assert value not in str(failed.value)


def test_an_account_shows_and_pickles_nothing(cloud: Cloud) -> None:
    account = cloud.account(RTC_KEYS)
    shown = f"{RTC_KEYS} {RTC_KEYS!r} {[RTC_KEYS]} {account}"
    assert "CANARY" not in shown
    assert "AKLT****" in shown
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(account)
    text = " ".join((*RTC_KEYS.secrets(), "THIRD-PARTY", "ab" * 32, "harmless"))
    scrubbed = RTC_KEYS.scrub(text, also=("THIRD-PARTY",))
    assert scrubbed == "AKLT**** **** **** **** **** harmless"


# -- Region and endpoint ------------------------------------------------------------------------------------

RTC_ENDPOINT = "VOLCENGINE_RTC_ENDPOINT"
MPS_ENDPOINT, OSS_ENDPOINT = "ALIBABA_CLOUD_MPS_ENDPOINT", "ALIBABA_CLOUD_OSS_ENDPOINT"
LOCAL = "http://127.0.0.1:8080"


@pytest.mark.parametrize(("env", "config", "endpoint", "region"), TABLES["rtc"])
def test_region_and_endpoint_of_rtc(
    env: dict[str, str], config: dict[str, str], endpoint: str, region: str | None, tmp_path: Path
) -> None:
    env = {**CLOUDS["volcengine"].env, **env}
    found = volcengine.find_account(env=env.get, config=config.get, home=tmp_path)
    assert (found.endpoint, found.region) == (endpoint, region or "cn-north-1")


@pytest.mark.parametrize(("location", "env", "config", "region", "endpoint"), TABLES["mps"])
def test_region_and_endpoint_of_mps(
    location: str | None, env: Any, config: Any, region: str, endpoint: str | None, tmp_path: Path
) -> None:
    # The service works with buckets of its own region, so a location goes before a setting.
    env = {**CLOUDS["alibaba"].env, **env}
    found = alibaba.find_account(None, location, env=env.get, config=config.get, home=tmp_path)
    assert (found.region, found.endpoint) == (region, endpoint or f"https://mts.{region}.aliyuncs.com")


@pytest.mark.parametrize(("name", "env", "config", "location", "text"), TABLES["unknown regions"])
def test_a_region_without_a_known_endpoint(
    name: str, env: dict[str, str], config: dict[str, str], location: str | None, text: str, tmp_path: Path
) -> None:
    env = {**CLOUDS[name].env, **env}
    where = {"location": location} if name == "alibaba" else {}
    with pytest.raises(NotConfigured, match=text):
        CLOUDS[name].find(None, env=env.get, config=config.get, home=tmp_path, **where)


@pytest.mark.parametrize("name", [RTC_ENDPOINT, MPS_ENDPOINT, OSS_ENDPOINT])
@pytest.mark.parametrize(("endpoint", "text"), TABLES["unusable endpoints"])
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


def test_the_region_of_a_location() -> None:
    for region in ("cn-hangzhou", "us-west-1", "xx-new-9"):
        assert alibaba.region_of(f"oss-{region}") == region
    for location in TABLES["no locations"]:
        with pytest.raises(InvalidInput, match=r"input\.location: .*such as oss-cn-hangzhou"):
            alibaba.region_of(location, "input.location")
    assert len(alibaba.REGIONS) == 13
    assert {region: f"https://mts.{region}.aliyuncs.com" for region in alibaba.REGIONS} == alibaba.REGIONS
