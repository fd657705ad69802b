"""Answers in JSON and XML: lists inside a wrapper, as the SDKs' models have them, and numbers as text."""

from __future__ import annotations

import json
import re
from html import escape
from typing import NamedTuple

from videosnap_emulator.alibaba_mps.jobs import Job
from videosnap_emulator.clock import Milliseconds, as_datetime
from videosnap_emulator.tasks import Json
from videosnap_emulator.wire import Answer, ApiError

JSON_TYPE, XML_TYPE = "application/json;charset=utf-8", "text/xml;charset=utf-8"
_HELP = "https://api.aliyun.com/troubleshoot?q={code}&product=Mts&requestId={request_id}"
#: What XML 1.0 cannot hold.
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Head(NamedTuple):
    """What all answers to one request have in common."""

    request_id: str
    action: str
    host: str
    xml: bool


def moment(at: Milliseconds) -> str:
    """Format like ``2024-01-01T00:00:00Z``, as the vendor writes times."""
    return as_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _element(name: str, value: object) -> str:
    """Return one element; a list repeats it."""
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    inside = _elements(value) if isinstance(value, dict) else escape(_UNWRITABLE.sub("\ufffd", str(value)))
    return f"<{name}>{inside}</{name}>"


def _elements(content: Json) -> str:
    return "".join(_element(name, value) for name, value in content.items())


def _encode(head: Head, status: int, root: str, content: Json) -> Answer:
    if head.xml:
        text = f'<?xml version="1.0" encoding="UTF-8"?>{_element(root, content)}'
        return Answer(status, text.encode(), XML_TYPE)
    # ASCII only: an odd text from a request then cannot make the answer unencodable.
    return Answer(status, json.dumps(content).encode(), JSON_TYPE)


def success(head: Head, content: Json) -> Answer:
    """Return an action's answer."""
    return _encode(head, 200, f"{head.action}Response", {"RequestId": head.request_id, **content})


def failure(head: Head, error: ApiError) -> Answer:
    """Return a refusal."""
    told = {
        "RequestId": head.request_id,
        "HostId": head.host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": _HELP.format(code=error.code, request_id=head.request_id),
    }
    return _encode(head, error.status, "Error", told)


def _filled(content: Json) -> Json:
    return {name: value for name, value in content.items() if value not in (None, "")}


def job_answer(job: Job) -> Json:
    """Return SnapshotJob; what is empty stays away."""
    # assumption: mps-answer
    return _filled({
        "Id": job.job_id,
        "State": job.state.value,
        "Code": job.code,
        "Message": job.message,
        "Count": None if job.count is None else str(job.count),
        "TileCount": None if job.tile_count is None else str(job.tile_count),
        "CreationTime": moment(job.created),
        "PipelineId": job.pipeline_id,
        "UserData": job.user_data,
        "Input": job.echo_input,
        "SnapshotConfig": job.echo_config,
    })  # fmt: skip


def wrapped(name: str, items: list[Json] | list[str]) -> Json:
    """Return a list as the vendor wraps it."""
    return {name: items}
