"""The signatures that the vendor publishes."""

from __future__ import annotations

from hashlib import sha256

from videosnap_emulator.alibaba_mps.signature import (
    acs3_signature,
    acs3_string_to_sign,
    v1_signature,
    v1_string_to_sign,
)

from videosnap_emulator.wire import Request


def test_version_1_of_the_mps_reference() -> None:
    asked = {
        "Action": "SearchTemplate",
        "PageSize": "2",
        "Format": "XML",
        "Version": "2014-06-18",
        "AccessKeyId": "testId",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": "4902260a-516a-4b6a-a455-45b653cf6150",
        "Timestamp": "2015-05-14T09:03:45Z",
        "Signature": "is not signed",
    }
    to_sign = v1_string_to_sign("GET", asked)
    assert v1_signature("testKeySecret", to_sign) == "kmDv4mWo806GWPjQMy2z4VhBBDQ="


def test_version_1_of_another_service() -> None:
    asked = {
        "Action": "DescribeDedicatedHosts",
        "Format": "JSON",
        "Version": "2014-05-26",
        "RegionId": "cn-beijing",
        "AccessKeyId": "testid",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": "edb2b34af0af9a6d14deaf7c1a5315eb",
        "Timestamp": "2023-03-13T08:34:30Z",
    }
    assert v1_signature("testsecret", v1_string_to_sign("GET", asked)) == "9NaGiOspFP5UPcwX8Iwt2YJXXuk="


def test_acs3() -> None:
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": sha256(b"").hexdigest(),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = "RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    to_sign = acs3_string_to_sign(Request("POST", "/", query, headers, b""), tuple(headers))
    digest = "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"
    assert to_sign == f"ACS3-HMAC-SHA256\n{digest}"
    expected = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    assert acs3_signature("YourAccessKeySecret", to_sign) == expected
