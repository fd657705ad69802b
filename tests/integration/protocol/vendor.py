"""A service on loopback that keeps every request, and answers well or in one of many bad ways.

In a bad way it does what services do at worst: it repeats the whole request, headers and body, in
whatever text it sends back.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

STARTED_ALREADY = "The task has been started. Please do not call the startup task interface repeatedly"
UNKNOWN_TASK = "InvalidParameter.ErrorActiveTaskNotFound"
BEGAN = 1_700_000_000_000


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    action: str
    query: str
    headers: dict[str, str]
    body: bytes

    def text(self) -> str:
        """All of it."""
        return f"{self.query} {json.dumps(self.headers)} {self.body.decode()}"


@dataclass(frozen=True)
class Reply:
    """What goes back; without a status, nothing does."""

    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Manner = Callable[["Vendor", Seen], Reply]


@dataclass
class Vendor:
    """The running service; `manner` is how it answers from now on."""

    server: ThreadingHTTPServer
    manner: Manner = field(default_factory=lambda: well)
    seen: list[Seen] = field(default_factory=list)
    task: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def actions(self) -> list[str]:
        return [request.action for request in self.seen]

    def close(self) -> None:
        """Listen no more."""
        self.server.shutdown()
        self.server.server_close()


def _envelope(result: Any = None, **error: Any) -> bytes:
    metadata = {"RequestId": "2025020709532617FF27DCF79B6BEFE478", **({"Error": error} if error else {})}
    return json.dumps({"ResponseMetadata": metadata, "Result": result}).encode()


def well(vendor: Vendor, request: Seen) -> Reply:
    """As documented, for one task at a time."""
    if request.action == "GetSnapshotTask":
        return Reply(200, _envelope({"SnapshotTask": vendor.task}))
    body = json.loads(request.body)
    if request.action == "StartSnapshot":
        names = ("TargetStreams", "MaxIdleTime", "ImageConfig", "StorageConfig")
        vendor.task = {"StartTime": BEGAN, "EndTime": 0, "Status": 2, **{name: body[name] for name in names}}
    elif request.action == "UpdateSnapshot":
        vendor.task["ImageConfig"] = {**vendor.task.get("ImageConfig", {}), **body["ImageConfig"]}
    return Reply(200, _envelope("ok"))


def unknown_task(vendor: Vendor, request: Seen) -> Reply:
    if request.action == "StartSnapshot":
        return well(vendor, request)
    return Reply(400, _envelope(Code=UNKNOWN_TASK, Message="no such task"))


def refused(vendor: Vendor, request: Seen) -> Reply:
    message = f"The request signature we calculated does not match: {request.text()}"
    return Reply(401, _envelope(Code="SignatureDoesNotMatch", CodeN=100010, Message=message))


def echoed_everywhere(vendor: Vendor, request: Seen) -> Reply:
    echo = request.text()
    error = {"Code": f"InvalidParameter.{echo}", "Message": echo}
    metadata = {"RequestId": echo, "Action": echo, "Region": echo, "Error": error}
    return Reply(400, json.dumps({"ResponseMetadata": metadata, "Result": echo}).encode())


def echoed_piecemeal(vendor: Vendor, request: Seen) -> Reply:
    """Each header and each text of the body alone, where nothing else hides it from a reader."""
    pieces = [*request.headers.values(), *_texts(json.loads(request.body or b"{}"))]
    return Reply(403, _envelope(Code="AccessDenied", Message=" | ".join(sorted(pieces, key=len))))


def fault(vendor: Vendor, request: Seen) -> Reply:
    return Reply(500, _envelope(Code="InternalError", Message=request.text()))


def throttled(vendor: Vendor, request: Seen) -> Reply:
    return Reply(429, _envelope(Code="FlowLimitExceeded.QPSOverLimit", Message=request.text()))


def page(vendor: Vendor, request: Seen) -> Reply:
    return Reply(200, f"<html>{request.text()}</html>".encode(), {"Content-Type": "text/html"})


def gateway_page(vendor: Vendor, request: Seen) -> Reply:
    return Reply(502, f"<html>{request.text()}</html>".encode(), {"Content-Type": "text/html"})


def garbled(vendor: Vendor, request: Seen) -> Reply:
    """JSON of the wrong types, with the request in every value."""
    echo = request.text()
    task = {
        "Status": echo,
        "StartTime": [echo],
        "ImageConfig": echo,
        "TargetStreams": {"StreamList": {echo: echo}},
    }
    return Reply(200, _envelope({"SnapshotTask": task} if request.action == "GetSnapshotTask" else [echo]))


def redirected(vendor: Vendor, request: Seen) -> Reply:
    return Reply(307, b"", {"Location": f"{vendor.url}/elsewhere?{quote(request.text())}"})


def conflicting(vendor: Vendor, request: Seen) -> Reply:
    """A task of this name runs already, with other settings."""
    if request.action == "StartSnapshot":
        return Reply(200, _envelope(STARTED_ALREADY))
    image = {"Format": 1, "Width": 1, "Height": 1, "Interval": 600}
    other = {"Status": 2, "StartTime": BEGAN, "ImageConfig": image, "MaxIdleTime": 11}
    return Reply(200, _envelope({"SnapshotTask": other}))


def hung_up(vendor: Vendor, request: Seen) -> Reply:
    return Reply()


BAD_MANNERS: dict[str, Manner] = {
    "refused": refused,
    "echoed everywhere": echoed_everywhere,
    "echoed piecemeal": echoed_piecemeal,
    "fault": fault,
    "throttled": throttled,
    "page": page,
    "gateway's page": gateway_page,
    "garbled": garbled,
    "redirected": redirected,
    "conflicting": conflicting,
    "hung up": hung_up,
}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


@contextlib.contextmanager
def serving() -> Iterator[Vendor]:
    """The service on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            action = parse_qs(parts.query).get("Action", [""])[0]
            request = Seen(action, parts.query, dict(self.headers.items()), body)
            vendor.seen.append(request)
            self._reply(vendor.manner(vendor, request))

        do_GET = do_POST

        def _reply(self, reply: Reply) -> None:
            if not reply.status:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    vendor = Vendor(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield vendor
    finally:
        vendor.close()
        thread.join()
