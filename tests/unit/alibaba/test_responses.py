"""Lists in the responses of MPS, in every shape that the vendor's pages, SDKs and gateways have."""

from __future__ import annotations

import pytest

from pulumi_videosnap import errors
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.alibaba.responses import ResponseParser
from pulumi_videosnap.http.request import Response

PARSER = ResponseParser("QuerySnapshotJobList", errors.one_line, lambda: 0.0)
JOB = '{"Id": "a1", "State": "Success"}'


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ('{"SnapshotJobList": {"SnapshotJob": [' + JOB + "]}}", ["a1"]),
        ('{"SnapshotJobList": [' + JOB + "]}", ["a1"]),
        ('{"SnapshotJobList": {"SnapshotJob": [null, ' + JOB + "]}}", ["a1"]),
        ('{"SnapshotJobList": {"SnapshotJob": []}}', []),
        ('{"RequestId": "R", "SnapshotJobList": {}}', []),
        ('{"RequestId": "R", "SnapshotJobList": []}', []),
        ('{"RequestId": "R", "SnapshotJobList": ""}', []),
        ('{"RequestId": "R", "SnapshotJobList": null}', []),
        ('{"RequestId": "R"}', []),
    ],
)
def test_a_list_in_every_shape(content: str, ids: list[str]) -> None:
    response = Response(200, {}, content.encode())
    jobs = PARSER.many(response, "SnapshotJobList", "SnapshotJob", SnapshotJob)
    assert [job.id for job in jobs] == ids


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        '{"NextPageToken": "t"}',
        '{"RequestId": "R", "SnapshotJobList": "none"}',
        '{"RequestId": "R", "SnapshotJobList": 3}',
        '{"RequestId": "R", "SnapshotJobList": {"SnapshotJob": "a1"}}',
        '{"RequestId": "R", "SnapshotJobList": {"SnapshotJob": ["a1"]}}',
        '{"RequestId": "R", "SnapshotJobList": {"SnapshotJob": [{"State": "Success"}]}}',
        '{"RequestId": "R", "SnapshotJobList": {"SnapshotJob": [' + JOB + ', {"Id": ""}]}}',
    ],
)
def test_a_list_that_cannot_be_read_is_not_an_empty_one(content: str) -> None:
    with pytest.raises(errors.Garbled, match="not as documented in SnapshotJobList"):
        PARSER.many(Response(200, {}, content.encode()), "SnapshotJobList", "SnapshotJob", SnapshotJob)
