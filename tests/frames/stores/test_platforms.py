"""The table of platforms: nothing without a source, regions only where published, and clear refusals."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_videosnap import s3
from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.frames.model import Place
from pulumi_videosnap.frames.store import open_store
from pulumi_videosnap.frames.stores import NO_LISTING, PLATFORMS, platform_key, platform_of
from pulumi_videosnap.settings import no_config
from pulumi_videosnap.volcengine import models

ALL = sorted(PLATFORMS)
PLAIN = {"title", "vendor", "facts", "region_prefix"}
"""Fields that need no source."""


@pytest.mark.parametrize("key", ALL)
def test_every_fact_has_a_source(key: str) -> None:
    platform = PLATFORMS[key]
    fields = {field.name: getattr(platform, field.name) for field in dataclasses.fields(platform)}
    told = [fact.about for fact in platform.facts]
    assert len(told) == len(set(told))
    assert set(told) <= set(fields)
    # What is as usual needs none: no note on the bucket's name, ranges as the listing's own source has them.
    usual = {"bucket": "", "ranges": True}
    silent = set(fields) - set(told) - PLAIN
    assert {name for name in silent if fields[name] != usual.get(name)} == set()
    assert all(fact.source for fact in platform.facts)


@pytest.mark.parametrize("key", ALL)
def test_an_endpoint_is_https_and_has_the_region(key: str) -> None:
    endpoint = PLATFORMS[key].endpoint_of("some-where-1")
    assert endpoint.startswith("https://")
    assert "some-where-1" in endpoint


def test_settings_are_each_platforms_own() -> None:
    for name in ("endpoint_setting", "region_setting"):
        settings = [getattr(platform, name) for platform in PLATFORMS.values()]
        assert len({setting.env for setting in settings}) == len(settings)
        assert len({setting.config for setting in settings}) == len(settings)


def test_every_vendor_and_storage_type_has_a_platform_or_a_refusal() -> None:
    by_vendor = {word: platform_key("custom", word) for word in models.VENDOR_WORDS.values()}
    assert by_vendor == {"aws": "aws", "aliyun": "oss", "huawei": "obs", "tencent": "cos", "qiniu": "kodo"}
    for word in models.STORAGE_TYPE_WORDS.values():
        assert word == "custom" or platform_key(word) in {**PLATFORMS, **NO_LISTING}


@pytest.mark.parametrize(("key", "title"), [("vod", "Volcengine VOD"), ("veimagex", "Volcengine veImageX")])
def test_what_speaks_no_s3_is_refused_by_name(key: str, title: str) -> None:
    with pytest.raises(NotConfigured, match=f"^{title} has no S3 listing"):
        open_store(Place(key, "space"), env=no_config)


def test_another_word_is_no_platform() -> None:
    with pytest.raises(NotConfigured, match="'azure' is no storage platform: write one of tos, oss, aws"):
        platform_of("azure")


@pytest.mark.parametrize(
    ("key", "number", "name"),
    [
        ("tos", 0, "cn-beijing"),
        ("tos", 3, "ap-southeast-1"),
        ("aws", 0, "us-east-1"),
        ("aws", 15, "cn-north-1"),
        ("aws", 24, "af-south-1"),
        ("oss", 0, "cn-hangzhou"),
        ("oss", 6, "cn-wulanchabu"),
        ("oss", 20, "eu-central-1"),
        ("tos", 4, None),
        ("aws", 25, None),
        ("oss", 21, None),
        ("obs", 0, None),
        ("cos", 0, None),
        ("kodo", 0, None),
    ],
)
def test_numbers_of_regions_are_translated_where_they_are_published(
    key: str, number: int, name: str | None
) -> None:
    assert platform_of(key).regions.get(number) == name


@pytest.mark.parametrize("key", ALL)
def test_a_region_that_nobody_names_is_an_error_with_the_settings_to_use(key: str) -> None:
    platform = PLATFORMS[key]
    with pytest.raises(NotConfigured) as unknown:
        open_store(Place(key, "frames"), env=no_config)
    told = str(unknown.value)
    for setting in (platform.region_setting, platform.endpoint_setting):
        assert setting.env in told
        assert setting.config in told
    assert platform.title in told
    assert "frames" in told


def test_boto3_is_loaded_only_when_a_store_is_asked() -> None:
    code = """if True:
        import sys
        from pulumi_videosnap.frames.model import Place
        from pulumi_videosnap.frames.store import open_store
        keys = {"VOLCENGINE_ACCESS_KEY": "AK", "VOLCENGINE_SECRET_KEY": "SK"}
        open_store(Place("tos", "frames", "cn-beijing"), env=keys.get)
        sys.exit("boto3" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_speaks_the_protocol_names_no_vendor_but_amazon() -> None:
    for file in Path(s3.__file__).parent.glob("*.py"):
        assert not re.findall(r"volc\w*|alibaba\w*|aliyun|huawei|tencent|qiniu", file.read_text(), re.I), file
