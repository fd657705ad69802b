"""Whose credentials, which region and which endpoint: what the surroundings give, in a fixed order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_videosnap.errors import InvalidInput, NotConfigured
from pulumi_videosnap.frames.model import Place
from pulumi_videosnap.frames.store import open_store
from pulumi_videosnap.frames.stores import PLATFORMS
from pulumi_videosnap.s3.client import Wiring

ALL = sorted(PLATFORMS)
OWN_FILES = {"tos", "oss", "aws"}
"""Platforms whose profile files are read."""


def pair(key: str, *, config: bool = False, mark: str = "") -> dict[str, str]:
    keys = PLATFORMS[key].keys
    settings = (keys.access_key, keys.secret_key)
    return {setting.config if config else setting.env: f"{mark}{n}" for n, setting in enumerate(settings)}


def wiring(
    key: str,
    env: dict[str, str],
    config: dict[str, str] | None = None,
    *,
    place: Place | None = None,
    home: Path | None = None,
    profile: str | None = None,
) -> Wiring:
    where = place or Place(key, "frames", "region-1")
    return open_store(
        where, profile=profile, env=env.get, config=(config or {}).get, home=home or Path("/nowhere")
    ).bucket.wiring


@pytest.mark.parametrize("key", ALL)
def test_the_environment_goes_before_the_stacks_configuration(key: str) -> None:
    both = wiring(key, pair(key, mark="env"), pair(key, config=True, mark="config"))
    assert both.credentials is not None
    assert both.credentials.secrets() == ("env0", "env1", "")
    configured = wiring(key, {}, pair(key, config=True, mark="config"))
    assert configured.credentials is not None
    assert configured.credentials.secrets() == ("config0", "config1", "")


@pytest.mark.parametrize("key", ALL)
def test_half_a_key_pair_is_an_error(key: str) -> None:
    keys = PLATFORMS[key].keys
    with pytest.raises(NotConfigured, match=f"^{keys.secret_key.env} is missing"):
        wiring(key, {keys.access_key.env: "AK"})


@pytest.mark.parametrize("key", [key for key in ALL if key != "aws"])
def test_without_credentials_the_message_names_where_to_set_them(key: str) -> None:
    keys = PLATFORMS[key].keys
    with pytest.raises(NotConfigured) as missing:
        wiring(key, {})
    for setting in (keys.access_key, keys.secret_key):
        assert setting.env in str(missing.value)
        assert setting.config in str(missing.value)


def test_aws_without_a_key_pair_is_left_to_boto3() -> None:
    assert wiring("aws", {}).credentials is None
    named = wiring("aws", pair("aws"), profile="mine")
    assert (named.credentials, named.profile) == (None, "mine")


def test_the_vendors_profile_files_are_read(tmp_path: Path) -> None:
    folder = tmp_path / ".volcengine"
    folder.mkdir()
    profile = {"mode": "ak", "access-key": "FILEAK", "secret-key": "FILESK"}
    (folder / "config.json").write_text(json.dumps({"current": "a", "profiles": {"a": profile}}))
    found = wiring("tos", {}, home=tmp_path).credentials
    assert found is not None
    assert found.access_key == "FILEAK"
    named = wiring("tos", pair("tos"), home=tmp_path, profile="a").credentials
    assert named is not None
    assert named.access_key == "FILEAK"


@pytest.mark.parametrize("key", [key for key in ALL if key not in OWN_FILES])
def test_no_profile_files_of_other_vendors_are_read(key: str) -> None:
    with pytest.raises(NotConfigured, match=r"profile files of .* are not read"):
        wiring(key, {})


@pytest.mark.parametrize("key", ALL)
def test_an_endpoint_of_the_place_goes_before_a_setting_and_that_before_the_platforms(key: str) -> None:
    setting = PLATFORMS[key].endpoint_setting
    env = pair(key)
    plain = wiring(key, env).endpoint
    assert plain == (None if key == "aws" else PLATFORMS[key].endpoint_of("region-1"))
    assert wiring(key, env, {setting.config: "https://c.example"}).endpoint == "https://c.example"
    env[setting.env] = "https://e.example"
    assert wiring(key, env, {setting.config: "https://c.example"}).endpoint == "https://e.example"
    place = Place(key, "frames", endpoint="https://p.example/")
    assert wiring(key, env, place=place).endpoint == "https://p.example"


@pytest.mark.parametrize("key", ALL)
def test_a_region_of_the_place_goes_before_a_setting(key: str) -> None:
    env = {**pair(key), PLATFORMS[key].region_setting.env: "region-2"}
    assert wiring(key, env).region == "region-1"
    assert wiring(key, env, place=Place(key, "frames")).region == "region-2"


def test_a_location_of_oss_is_its_region() -> None:
    found = wiring("oss", pair("oss"), place=Place("oss", "frames", "oss-cn-beijing"))
    assert (found.region, found.endpoint) == ("cn-beijing", "https://s3.oss-cn-beijing.aliyuncs.com")


@pytest.mark.parametrize("region", ["evil.example/", "a b", "@x", "a:1"])
def test_a_region_cannot_lead_elsewhere(region: str) -> None:
    with pytest.raises(NotConfigured, match="is no region of Volcengine TOS"):
        wiring("tos", pair("tos"), place=Place("tos", "frames", region))


def test_plain_http_over_a_network_is_refused() -> None:
    env = {**pair("tos"), "VOLCENGINE_TOS_ENDPOINT": "http://store.example"}
    with pytest.raises(NotConfigured, match=r"^VOLCENGINE_TOS_ENDPOINT is plain http"):
        wiring("tos", env)
    assert wiring("tos", {**env, "VIDEOSNAP_ALLOW_HTTP": "1"}).endpoint == "http://store.example"


def test_the_write_only_key_of_a_task_is_never_used() -> None:
    # It is named by variables of the program's own choice: none of them is among the settings.
    env = {"BUCKET_ACCESS_KEY": "AK", "BUCKET_SECRET_KEY": "SK"}
    with pytest.raises((NotConfigured, InvalidInput)):
        wiring("cos", env)


@pytest.mark.parametrize("key", ALL)
def test_no_secret_shows_in_a_repr(key: str) -> None:
    env = pair(key, mark="CANARYSECRETVALUE")
    assert "CANARYSECRETVALUE" not in repr(open_store(Place(key, "frames", "region-1"), env=env.get))
