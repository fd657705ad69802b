"""Why a snapshot job failed, in words: the code's cause and cure from error_codes.toml, and its input."""

from __future__ import annotations

from pulumi_videosnap.alibaba.models import MnsMessageResult, SnapshotJob
from pulumi_videosnap.alibaba.responses import rule_of
from pulumi_videosnap.alibaba.rules import mistake_in_key
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.errors import Rejected, TaskFailed, one_line

_OF_AN_OBJECT = ("ResourceNotFound", "ResourceContentBad", "ResourceDeleted", "ResourceNotSupported")
"""Codes that are about an object: the input, unless the message names another parameter."""
_OF_OTHERS = ("Output", "Pipeline")
_AGAIN = "then run `pulumi up` again, which submits a new job"
_BAD_REQUEST = 400


def failure(job: SnapshotJobInputs, failed: SnapshotJob, advice: str) -> TaskFailed:
    """The error of a job that failed; `advice` is how it is submitted again, where `up` does not do it."""
    cure = rule_of(failed.code, _BAD_REQUEST).advice or "fix the cause"
    about = _about_input(job, failed.code, failed.message)
    steps = (about, f"{cure}, {advice and 'then '}{advice or _AGAIN}")
    return TaskFailed(f"snapshot job {failed.id}", failure_reason(failed), "; ".join(filter(None, steps)))


def refusal(job: SnapshotJobInputs, refused: Rejected) -> Rejected:
    """The error of a submission that was refused, with the input's name if it is about that."""
    about = _about_input(job, refused.code, refused.reason)
    advice = "; ".join(filter(None, (about, refused.advice)))
    return Rejected(
        refused.action, refused.reason, code=refused.code, request_id=refused.request_id, advice=advice
    )


def failure_reason(failed: SnapshotJob) -> str:
    """The cause of a failed job: our words for its code, the service's message, and the code."""
    return explain(failed.code, failed.message)


def notification_failure(sent: MnsMessageResult) -> str:
    """Why the message at the end of a job was not sent, and what to do."""
    reason = explain(sent.error_code, sent.error_message)
    advice = rule_of(sent.error_code, _BAD_REQUEST).advice or "check the pipeline's queue or topic"
    return f"its notification was not sent: {reason}; {advice}"


def explain(code: str, message: str) -> str:
    """What a code of the service means, its own message, and the code."""
    message = one_line(message).rstrip(".。") or "the service gives no reason"
    reason = ": ".join(filter(None, (rule_of(code, _BAD_REQUEST).text, message)))
    return f"{reason} ({one_line(code)})" if code else reason


def _about_input(job: SnapshotJobInputs, code: str, message: str) -> str:
    """Which object the input is and what may be wrong with its key; empty for a failure of something else."""
    of_an_object = code.rpartition(".")[2] in _OF_AN_OBJECT
    if "InputFile" not in message and (not of_an_object or any(name in message for name in _OF_OTHERS)):
        return ""
    key, bucket = job.input.object, job.input.bucket
    mistake = mistake_in_key(key, bucket)
    if not mistake and "+" in key:
        mistake = "has a +, which stands for itself: if a blank is meant, write a blank"
    return f"the input is {key!r} in bucket {bucket!r}" + (f", which {mistake}" if mistake else "")
