"""Responses in JSON and XML: lists inside a wrapper, as the SDKs' models have them, and numbers as text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from urllib.parse import quote
from uuid import UUID

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds, as_datetime
from videosnap_emulator.core.service import ApiError, HttpResponse
from videosnap_emulator.services.mps.models import NOTIFY_FIELDS, Job, ObjectRef, Pipeline
from videosnap_emulator.services.mps.rpc import JsonObject, MpsRequest

JSON_TYPE, XML_TYPE = "application/json;charset=utf-8", "text/xml;charset=utf-8"
_HELP = "https://api.aliyun.com/troubleshoot?q={code}&product=Mts&requestId={request_id}"
#: What XML 1.0 cannot hold.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OBJECT = ("Bucket", "Location", "Object")
#: acs:ram::$accountID:role/$roleName, with the role that pipelines have.
ROLE_ARN = "acs:ram::1000000000000000:role/AliyunMTSDefaultRole"
_TILE = (
    "Lines", "Columns", "CellWidth", "CellHeight", "Margin", "Padding", "Color", "IsKeepCellPic",
    "CellSelStep",
)  # fmt: skip
_SCALARS = ("Time", "Interval", "Num", "Width", "Height", "FrameType")


def success(request: MpsRequest, content: Json) -> HttpResponse:
    """Return an action's response."""
    body = {"RequestId": request.request_id, **content}
    return _encode(request, 200, f"{request.action}Response", body)


def failure(request: MpsRequest, error: ApiError) -> HttpResponse:
    """Return a refusal."""
    content = {
        "RequestId": request.request_id,
        "HostId": request.http.headers.get("host", ""),
        "Code": error.code,
        "Message": error.message,
        "Recommend": _HELP.format(code=error.code, request_id=request.request_id),
    }
    return _encode(request, error.status, "Error", content)


def _encode(request: MpsRequest, status: int, root: str, content: Json) -> HttpResponse:
    if request.xml:
        text = f'<?xml version="1.0" encoding="UTF-8"?>{_element(root, content)}'
        return HttpResponse(status, text.encode(), XML_TYPE)
    # ASCII only: a text from a request that is not valid Unicode then cannot make the response unencodable.
    return HttpResponse(status, json.dumps(content).encode(), JSON_TYPE)


def _element(name: str, value: object) -> str:
    """Return one element; a list repeats it."""
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, dict):
        inside = "".join(_element(name, item) for name, item in value.items())
    else:
        inside = escape(_NOT_XML.sub("\ufffd", str(value)))
    return f"<{name}>{inside}</{name}>"


def format_time(at: Milliseconds) -> str:
    """Format like ``2024-01-01T00:00:00Z``, as the vendor writes times."""
    return as_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def unknown_ids(name: str, inner: str, ids: list[str]) -> Json:
    """Return the ids that were not found inside their wrapper, or nothing."""
    return {name: {inner: ids}} if ids else {}


def job_list(jobs: Sequence[Job]) -> Json:
    """Return SnapshotJobList."""
    return {"SnapshotJobList": {"SnapshotJob": [job_response(job) for job in jobs]}}


def job_response(job: Job) -> Json:
    """Return SnapshotJob; what is empty is left out."""
    # assumption: mps-answer
    content = {
        "Id": job.job_id,
        "State": job.state.value,
        "Code": job.code,
        "Message": job.message,
        "Count": None if job.count is None else str(job.count),
        "TileCount": None if job.tile_count is None else str(job.tile_count),
        "CreationTime": format_time(job.created),
        "PipelineId": job.pipeline_id,
        "UserData": job.user_data,
        "Input": job.echo_input,
        "SnapshotConfig": job.echo_config,
        "MNSMessageResult": job.notification,
    }
    return {name: value for name, value in content.items() if value not in (None, "", {})}


def job_message(job: Job) -> Json:
    """Return the body of the message at the end of a job; most names come in both cases."""
    # assumption: mps-message
    request_id = str(UUID(job.job_id)).upper()
    body = {"jobId": job.job_id, "requestId": request_id, "state": job.state.value, "type": "Snapshot"}
    body |= {f"{name[0].upper()}{name[1:]}": value for name, value in body.items()}
    if job.code:
        body |= {"code": job.code, "msg": job.message}
    if job.config.time_points is not None and job.objects:
        last = [one for one in job.objects if one.kind == "picture"][-1:] or job.objects[-1:]
        keys = {"UrlPattern": job.config.output.key, "LastUrl": last[0].key}
        body |= {name: oss_url(replace(job.config.output, key=key)) for name, key in keys.items()}
    return body


def oss_url(place: ObjectRef) -> str:
    """Return the HTTP address that an object has in OSS."""
    return f"http://{place.bucket}.{place.location}.aliyuncs.com/{quote(place.key, safe='/{}')}"


def pipeline_response(pipeline: Pipeline) -> Json:
    """Return Pipeline."""
    return {
        "Id": pipeline.pipeline_id,
        "Name": pipeline.name,
        "State": pipeline.state,
        "Speed": pipeline.speed,
        "SpeedLevel": pipeline.speed_level,
        "QuotaAllocate": 10,
        "Role": pipeline.role,
        "NotifyConfig": {name: pipeline.notify[name] for name in NOTIFY_FIELDS if pipeline.notify.get(name)},
    }


def echo_input(source: JsonObject) -> Json:
    """Repeat Input: object keys as they came."""
    return _echo_object(source)


def echo_place(place: ObjectRef) -> Json:
    """Return Input of a job that no request named."""
    return {
        "Bucket": place.bucket,
        "Location": place.location,
        "Object": quote(place.key),
        "RoleArn": ROLE_ARN,
    }


def echo_config(config: JsonObject) -> Json:
    """Repeat SnapshotConfig: object keys as they came, numbers as text, nothing that was not given.

    Only what the response models of the SDK name is repeated: not Format, SubOut and the settings of black
    frames.
    """
    # assumption: mps-echo
    echo = _echo(config, _SCALARS)
    for name in ("OutputFile", "TileOutputFile"):
        if block := config.nested(name):
            echo[name] = _echo_object(block)
    if tile := config.nested("TileOut"):
        echo["TileOut"] = _echo(tile, _TILE)
    if points := config.nested("TimeArray"):
        echo["TimeArray"] = {"TimePointList": list(points.integers("TimePointList", 0, 2**53))}
    return echo


def _echo_object(block: JsonObject) -> Json:
    # assumption: mps-role
    return {**_echo(block, _OBJECT), "RoleArn": ROLE_ARN}


def _echo(block: JsonObject, names: tuple[str, ...]) -> Json:
    return {name: _text(block.values[name]) for name in names if block.has(name)}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
