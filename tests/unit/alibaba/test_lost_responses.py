"""A submission whose response is lost is not retried; one that certainly had no effect is."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_videosnap import errors
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import TransportError
from support.data import load
from unit.scripted import SUBMIT, mps_answer, mps_api, mps_refusal

JOB = {"SnapshotJob": {"Id": "f4e3", "State": "Submitted"}}
LOOK_FIRST = "it may have taken effect nevertheless; check before repeating it"
STEPS = load("mps/lost_responses.json")
"""The error that each is for a submission, and the message of a failed connection or a response."""


def step_of(first: Any, *body: str, retry: Retry = Retry.IF_IDEMPOTENT) -> Response | Exception:
    return Response(first, {}, body[0].encode()) if body else TransportError(first, retry)


@pytest.mark.parametrize("row", STEPS["may have acted"])
def test_what_may_have_acted_is_repeated_only_for_a_read(row: list[Any]) -> None:
    api, script = mps_api(step_of(*row[1:]), mps_answer(JOB))
    with pytest.raises(getattr(errors, row[0]), match=LOOK_FIRST):
        api.submit(SUBMIT)
    assert len(script.requests) == 1
    api, script = mps_api(step_of(*row[1:]), mps_answer())
    assert api.list_jobs().jobs == []
    assert len(script.requests) == 2
    with pytest.raises(errors.CallFailed) as failed:
        mps_api(step_of(*row[1:]))[0].list_jobs()
    assert "check before" not in str(failed.value)


@pytest.mark.parametrize("row", STEPS["did nothing"])
def test_what_certainly_did_nothing_is_repeated(row: list[Any]) -> None:
    step = step_of(*row[1:], retry=Retry.ALWAYS)
    api, script = mps_api(step, step, mps_answer(JOB))
    assert api.submit(SUBMIT).id == "f4e3"
    nonces = {request.headers["x-acs-signature-nonce"] for request in script.requests}
    assert (len(script.requests), len(nonces)) == (3, 3)


def test_a_refusal_of_the_key_is_final_and_throttling_that_stays_is_reported() -> None:
    api, script = mps_api(mps_refusal("InvalidAccessKeyId.NotFound", status=404))
    with pytest.raises(errors.Unauthorized):
        api.submit(SUBMIT)
    assert len(script.requests) == 1
    api, _ = mps_api(mps_refusal("Throttling.User", "Request was denied due to user flow control."))
    with pytest.raises(errors.Throttled, match="user flow control"):
        api.submit(SUBMIT)
