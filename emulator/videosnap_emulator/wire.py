"""One HTTP request and its answer, as every endpoint reads and sends them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from videosnap_emulator.clock import Milliseconds, http_date

#: Bytes of a request's body that are kept; none of the actions needs more.
LARGEST_BODY = 1 << 20
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Request(NamedTuple):
    """What arrived. Header names are in lower case; `path` and `query` are as on the wire."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def too_large(self) -> bool:
        """Whether the body was longer than what was kept of it."""
        return len(self.body) > LARGEST_BODY


class Answer(NamedTuple):
    """What is sent."""

    status: int
    body: bytes
    content_type: str


class ApiError(Exception):
    """A refusal in the vendor's words: its code, the HTTP status and the message."""

    def __init__(self, code: str, status: int, message: str):
        super().__init__(message)
        self.code, self.status, self.message = code, status, message


async def read_request(scope: dict[str, Any], receive: Receive) -> Request:
    """Read the whole request, chunked or not; what is beyond the limit is dropped."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        if len(body) <= LARGEST_BODY:
            body += message.get("body", b"")
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], path.decode("latin-1"), query, _headers(scope["headers"]), bytes(body))


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


async def send_answer(send: Send, answer: Answer, now: Milliseconds) -> None:
    """Send the answer, dated with the emulated time."""
    headers = {
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        "date": http_date(now),
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})
