"""Ids that no import can be made of, refused before any call."""

from __future__ import annotations

import pytest

from pulumi_videosnap.alibaba.lifecycle import snapshot_job
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.errors import InvalidInput


@pytest.mark.parametrize(
    "given", ["", "18d5be4175a44eccae311aee19896390", "oss-cn-hangzhou/", "/18d5", "a/b-c"]
)
def test_an_id_without_a_location_or_a_job_is_told_the_form(given: str) -> None:
    with pytest.raises(InvalidInput, match=f"{given!r} is not of the form location/job"):
        snapshot_job(Context()).find(given)
