"""Which platforms exist, and whose credentials, which region and which endpoint a bucket is opened with."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.alibaba.frames import output_location
from pulumi_videosnap.errors import CannotCheck, NotConfigured
from pulumi_videosnap.settings import no_config
from pulumi_videosnap.storage.bucket import open_bucket
from pulumi_videosnap.storage.client import ClientConfig
from pulumi_videosnap.storage.platforms import Location, Platform, find_platform, platforms
from pulumi_videosnap.volcengine import frames, models
from pulumi_videosnap.volcengine.frames import NOT_READABLE, REGIONS, VENDORS, platform_name
from support.data import load

ALL = sorted(platforms())
OWN_FILES = {"tos", "oss", "aws"}
"""Platforms whose profile files are read."""


def pair(name: str, *, config: bool = False, mark: str = "") -> dict[str, str]:
    keys = platforms()[name].keys
    settings = (keys.access_key, keys.secret_key)
    return {setting.config if config else setting.env: f"{mark}{n}" for n, setting in enumerate(settings)}


def opened(
    name: str, env: dict[str, str], config: Any = None, *, location: Location | None = None, **more: Any
) -> ClientConfig:
    where = location or Location(name, "frames", "region-1")
    more = {"home": Path("/nowhere"), **more}
    return open_bucket(where, env=env.get, config=(config or {}).get, **more).config


def secrets(config: ClientConfig) -> tuple[str, ...]:
    assert config.credentials is not None
    return config.credentials.secrets()


def test_the_platforms_of_the_services_words() -> None:
    assert ALL == ["aws", "cos", "kodo", "obs", "oss", "tos"]
    assert set(VENDORS) == set(models.VENDOR_WORDS.values())
    assert {platform_name("custom", vendor) for vendor in VENDORS} == {*ALL} - {"tos"}
    for word in models.STORAGE_TYPE_WORDS.values():
        assert word == "custom" or platform_name(word) in {*ALL, *NOT_READABLE}


def test_the_facts_of_platforms() -> None:
    for name in ALL:
        platform = find_platform(name)
        assert platform.name == name
        assert set(platform.assumed) <= {field.name for field in dataclasses.fields(Platform)} | {"signature"}
        assert re.fullmatch(r"https://\S*some-where-1\S*", platform.endpoint_in("some-where-1"))
    for field in ("endpoint_setting", "region_setting"):
        settings = [getattr(platform, field) for platform in platforms().values()]
        for names in ({setting.env for setting in settings}, {setting.config for setting in settings}):
            assert len(names) == len(ALL), "settings are each platform's own"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vod", "Volcengine VOD has no S3 listing"),
        ("veimagex", "Volcengine veImageX has no S3 listing"),
        ("azure", "'azure' is not a storage platform: use one of aws, cos, kodo, obs, oss, tos"),
    ],
)
def test_a_platform_that_cannot_be_read(name: str, text: str) -> None:
    with pytest.raises(NotConfigured, match=f"^{text}"):
        open_bucket(Location(name, "space"), env=no_config)


@pytest.mark.parametrize(("vendor", "region", "name", "where"), load("storage_places.json"))
def test_where_a_task_writes(vendor: str | None, region: int, name: str, where: str | None) -> None:
    block = {"bucket": "b", "region": region}
    custom = {"type": "custom", "customConfig": {**block, "vendor": vendor}}
    storage = custom if vendor else {"tosConfig": block}
    found = frames.location({"storageConfig": storage, "framePrefix": "x/"})
    assert found == Location(name, "b", where, "x/")


def test_where_a_job_writes() -> None:
    output = {"outputFile": {"bucket": "b", "location": "oss-cn-beijing"}}
    found = output_location({"snapshotConfig": output}, "outputFile")
    assert found == Location("oss", "b", "cn-beijing")
    with pytest.raises(CannotCheck, match="no bucket"):
        output_location({}, "outputFile")


def test_numbers_of_regions() -> None:
    assert {name: len(regions) for name, regions in REGIONS.items()} == {"tos": 4, "aws": 25, "oss": 21}
    tos, aws, oss = REGIONS["tos"], REGIONS["aws"], REGIONS["oss"]
    assert (tos[0], aws[0], aws[15]) == ("cn-beijing", "us-east-1", "cn-north-1")
    assert (oss[0], oss[6]) == ("cn-hangzhou", "cn-wulanchabu")


@pytest.mark.parametrize("name", ALL)
def test_credentials(name: str) -> None:
    environment, config = pair(name, mark="env"), pair(name, config=True, mark="config")
    assert secrets(opened(name, environment, config)) == ("env0", "env1", "")
    assert secrets(opened(name, {}, config)) == ("config0", "config1", "")
    keys = platforms()[name].keys
    with pytest.raises(NotConfigured, match=f"^{keys.secret_key.env} is missing"):
        opened(name, {keys.access_key.env: "AK"})
    canary = pair(name, mark="CANARYSECRETVALUE")
    assert "CANARYSECRETVALUE" not in repr(open_bucket(Location(name, "frames", "region-1"), env=canary.get))


@pytest.mark.parametrize("name", [name for name in ALL if name != "aws"])
def test_without_credentials_the_error_names_where_to_set_them(name: str) -> None:
    keys = platforms()[name].keys
    # A task's own key is named by variables of the program's choice: none of them is read.
    with pytest.raises(NotConfigured) as missing:
        opened(name, {"BUCKET_ACCESS_KEY": "AK", "BUCKET_SECRET_KEY": "SK"})
    for setting in (keys.access_key, keys.secret_key):
        assert {setting.env, setting.config} <= set(re.findall(r"[\w:]+", str(missing.value)))
    assert ("profile files of" in str(missing.value)) == (name not in OWN_FILES)


def test_profiles_and_aws_without_a_key_pair(tmp_path: Path) -> None:
    assert opened("aws", {}).credentials is None, "left to boto3"
    named = opened("aws", pair("aws"), location=Location("aws", "frames", "region-1", profile="mine"))
    assert (named.credentials, named.profile) == (None, "mine")
    (tmp_path / ".volcengine").mkdir()
    profiles = {"a": {"mode": "ak", "access-key": "FILEAK", "secret-key": "FILESK"}}
    text = json.dumps({"current": "a", "profiles": profiles})
    (tmp_path / ".volcengine" / "config.json").write_text(text)
    assert secrets(opened("tos", {}, home=tmp_path))[0] == "FILEAK"
    location = Location("tos", "frames", "region-1", profile="a")
    assert secrets(opened("tos", pair("tos"), home=tmp_path, location=location))[0] == "FILEAK"


@pytest.mark.parametrize("name", ALL)
def test_endpoint_and_region(name: str) -> None:
    platform, env = platforms()[name], pair(name)
    config = {platform.endpoint_setting.config: "https://c.example"}
    assert opened(name, env).endpoint == (None if name == "aws" else platform.endpoint_in("region-1"))
    assert opened(name, env, config).endpoint == "https://c.example"
    env[platform.endpoint_setting.env] = "https://e.example"
    assert opened(name, env, config).endpoint == "https://e.example"
    location = Location(name, "frames", endpoint="https://p.example/")
    assert opened(name, env, location=location).endpoint == "https://p.example"
    env[platform.region_setting.env] = "region-2"
    assert opened(name, env).region == "region-1"
    assert opened(name, env, location=location).region == "region-2"
    with pytest.raises(NotConfigured) as unknown:
        open_bucket(Location(name, "frames"), env=no_config)
    for setting in (platform.region_setting, platform.endpoint_setting):
        assert {setting.env, setting.config} <= set(re.findall(r"[\w:]+", str(unknown.value)))


def test_an_oss_location_is_its_region() -> None:
    found = opened("oss", pair("oss"), location=Location("oss", "frames", "oss-cn-beijing"))
    assert (found.region, found.endpoint) == ("cn-beijing", "https://s3.oss-cn-beijing.aliyuncs.com")


def test_a_region_cannot_lead_elsewhere_and_plain_http_over_a_network_is_refused() -> None:
    for region in ("evil.example/", "a b", "@x", "a:1"):
        with pytest.raises(NotConfigured, match="is not a region of Volcengine TOS"):
            opened("tos", pair("tos"), location=Location("tos", "frames", region))
    env = {**pair("tos"), "VOLCENGINE_TOS_ENDPOINT": "http://store.example"}
    with pytest.raises(NotConfigured, match=r"^VOLCENGINE_TOS_ENDPOINT is plain http"):
        opened("tos", env)
    assert opened("tos", {**env, "VIDEOSNAP_ALLOW_HTTP": "1"}).endpoint == "http://store.example"


@pytest.mark.parametrize(
    ("budget", "attempts", "timeout"), [(45, 4, 11.25), (120, 4, 15), (20, 4, 5), (0.03, 1, 1)]
)
def test_the_call_budget_limits_attempts(
    budget: float, attempts: int, timeout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDEOSNAP_CALL_BUDGET", str(budget))
    config = opened("tos", pair("tos"))
    assert (config.max_attempts, config.attempt_timeout) == (attempts, timeout)
