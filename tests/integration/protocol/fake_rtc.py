"""The RTC service on loopback: it behaves as documented, or in one of many bad ways.

In a bad way it does what services do at worst: it repeats the whole request, headers and body, in every text
that it sends back.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from support.exports import export
from support.fake_server import FakeServer, Request, Response
from support.plugin import DYNAMIC_TYPE, NATIVE_TYPE

STARTED_ALREADY = "The task has been started. Please do not call the startup task interface repeatedly"
UNKNOWN_TASK = "InvalidParameter.ErrorActiveTaskNotFound"
BEGAN = 1_700_000_000_000
KIND = "urn:pulumi:dev::stories::pulumi-python:dynamic/volcengine:SnapshotTask::"
URN = f"{KIND}lobby"
HASTE = "0.04"
"""Seconds for a call that is to fail: enough for one attempt."""
KEYS = {"VOLCENGINE_ACCESS_KEY": "AKLTexample", "VOLCENGINE_SECRET_KEY": "an-example"}


class FakeRtc(FakeServer):
    """The running service; `behaviour` is how it responds from now on."""

    def __init__(self) -> None:
        super().__init__(lambda request: self.behaviour(self, request))
        self.behaviour: Behaviour = documented
        self.task: dict[str, Any] = {}
        self.users: Any = {"RoomExists": False}

    @property
    def actions(self) -> list[str]:
        return [action_of(request) for request in self.requests]


Behaviour = Callable[[FakeRtc, Request], Response]


def surroundings(rtc: FakeRtc, home: Path, **more: str) -> dict[str, str]:
    """An environment in which the plugin finds the service, a home of its own, and no credentials."""
    quota = {"VIDEOSNAP_QUOTA_DIR": str(home / "quota"), "VIDEOSNAP_CALL_BUDGET": HASTE}
    found = {"PATH": os.environ["PATH"], "HOME": str(home), "VOLCENGINE_RTC_ENDPOINT": rtc.endpoint}
    return {**found, **quota, **more}


def state_command(folder: Path, front: str, *resources: Any) -> None:
    """A `pulumi` in the folder that prints a state with these resources as that of the stack `dev`."""
    text = export(*resources)
    (folder / "state.json").write_text(text.replace(DYNAMIC_TYPE, NATIVE_TYPE) if front == "native" else text)
    (folder / "pulumi").write_text(f"#!/bin/sh\n[ $4 = dev ] && exec cat {folder}/state.json\n")
    (folder / "pulumi").chmod(0o755)


def action_of(request: Request) -> str:
    return request.query.get("Action", "")


def text_of(request: Request) -> str:
    return f"{urlsplit(request.target).query} {json.dumps(dict(request.headers))} {request.body.decode()}"


def _envelope(result: Any = None, **error: Any) -> bytes:
    metadata = {"RequestId": "2025020709532617FF27DCF79B6BEFE478", **({"Error": error} if error else {})}
    return json.dumps({"ResponseMetadata": metadata, "Result": result}).encode()


def documented(rtc: FakeRtc, request: Request) -> Response:
    """As documented, for one task at a time."""
    if action_of(request) == "GetSnapshotTask":
        return Response(200, _envelope({"SnapshotTask": rtc.task}))
    if action_of(request) == "GetRoomOnlineUsers":
        return Response(200, _envelope(rtc.users))
    body = json.loads(request.body)
    if action_of(request) == "StartSnapshot":
        names = ("TargetStreams", "MaxIdleTime", "ImageConfig", "StorageConfig")
        rtc.task = {"StartTime": BEGAN, "EndTime": 0, "Status": 2, **{name: body[name] for name in names}}
    elif action_of(request) == "UpdateSnapshot":
        rtc.task["ImageConfig"] = {**rtc.task.get("ImageConfig", {}), **body["ImageConfig"]}
    return Response(200, _envelope("ok"))


def unknown_task(rtc: FakeRtc, request: Request) -> Response:
    if action_of(request) == "StartSnapshot":
        return documented(rtc, request)
    return Response(400, _envelope(Code=UNKNOWN_TASK, Message="no such task"))


def refused(rtc: FakeRtc, request: Request) -> Response:
    message = f"The request signature we calculated does not match: {text_of(request)}"
    return Response(401, _envelope(Code="SignatureDoesNotMatch", CodeN=100010, Message=message))


def saying(text: str) -> Behaviour:
    return lambda rtc, request: Response(403, _envelope(Code="AccessDenied", Message=text))


def echoed_everywhere(rtc: FakeRtc, request: Request) -> Response:
    echo = text_of(request)
    error = {"Code": f"InvalidParameter.{echo}", "Message": echo}
    metadata = {"RequestId": echo, "Action": echo, "Region": echo, "Error": error}
    return Response(400, json.dumps({"ResponseMetadata": metadata, "Result": echo}).encode())


def echoed_piecemeal(rtc: FakeRtc, request: Request) -> Response:
    """Each header and each text of the body alone, where nothing else hides it from a reader."""
    pieces = [*request.headers.values(), *_texts(json.loads(request.body or b"{}"))]
    return Response(403, _envelope(Code="AccessDenied", Message=" | ".join(sorted(pieces, key=len))))


def echoing(status: int, code: str) -> Behaviour:
    """A refusal with this code, or an HTML page, that repeats the request."""

    def respond(rtc: FakeRtc, request: Request) -> Response:
        html = Response(status, f"<html>{text_of(request)}</html>".encode(), {"Content-Type": "text/html"})
        return Response(status, _envelope(Code=code, Message=text_of(request))) if code else html

    return respond


def garbled(rtc: FakeRtc, request: Request) -> Response:
    echo = text_of(request)
    task = {"Status": echo, "StartTime": [echo], "ImageConfig": echo}
    found = {"SnapshotTask": {**task, "TargetStreams": {"StreamList": {echo: echo}}}}
    return Response(200, _envelope(found if action_of(request) == "GetSnapshotTask" else [echo]))


def redirected(rtc: FakeRtc, request: Request) -> Response:
    return Response(307, b"", {"Location": f"{rtc.endpoint}/elsewhere?{quote(text_of(request))}"})


def conflicting(rtc: FakeRtc, request: Request) -> Response:
    """A task of this name runs already, with other settings."""
    if action_of(request) == "StartSnapshot":
        return Response(200, _envelope(STARTED_ALREADY))
    image = {"Format": 1, "Width": 1, "Height": 1, "Interval": 600}
    other = {"Status": 2, "StartTime": BEGAN, "ImageConfig": image, "MaxIdleTime": 11}
    return Response(200, _envelope({"SnapshotTask": other}))


BAD_BEHAVIOURS: dict[str, Behaviour] = {
    "refused": refused,
    "echoed everywhere": echoed_everywhere,
    "echoed piecemeal": echoed_piecemeal,
    "fault": echoing(500, "InternalError"),
    "throttled": echoing(429, "FlowLimitExceeded.QPSOverLimit"),
    "page": echoing(200, ""),
    "gateway's page": echoing(502, ""),
    "garbled": garbled,
    "redirected": redirected,
    "conflicting": conflicting,
    "hung up": lambda rtc, request: Response(raw=b""),
}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
