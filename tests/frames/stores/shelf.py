"""A store on this machine that answers as it is told: well, badly, slowly, or half."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

WHEN = "2024-05-06T07:08:09.000Z"


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """One answer; `promised` is its Content-Length, `pause` the seconds before each of its bytes."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    promised: int | None = None
    pause: float = 0
    reset: bool = False


Answer = Callable[[Asked], Reply]


class Shelf:
    """A running store: where it is, and what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.endpoint = ""
        self.connections: set[Any] = set()


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[Shelf]:
    """A store that answers so, for the length of the block."""
    shelf = Shelf(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, unquote(url.path), query, headers)
            shelf.asked.append(asked)
            shelf.connections.add(self.client_address)
            self._send(shelf.answer(asked))

        do_HEAD = do_DELETE = do_GET

        def _send(self, reply: Reply) -> None:
            promised = len(reply.body) if reply.promised is None else reply.promised
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(promised), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            for piece in [reply.body] if not reply.pause else [bytes([byte]) for byte in reply.body]:
                time.sleep(reply.pause)
                self.wfile.write(piece)
                self.wfile.flush()
            if reply.reset:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            if promised != len(reply.body) or reply.reset:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A reader that went away is no matter."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    shelf.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield shelf
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def row(key: str, size: int = 5) -> str:
    """One object as a listing shows it."""
    return (
        f"<Contents><Key>{quote(key)}</Key><LastModified>{WHEN}</LastModified><ETag>&quot;{size:x}&quot;</ETag>"
        f"<Size>{size}</Size><Owner><ID>1</ID><DisplayName>x</DisplayName></Owner></Contents>"
    )


def listed(rows: str, token: str = "", head: str = "<EncodingType>url</EncodingType>") -> bytes:
    """One page."""
    goes_on = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"{head}<IsTruncated>{str(bool(token)).lower()}</IsTruncated>{goes_on}{rows}</ListBucketResult>"
    ).encode()


def refusal(code: str, message: str = "No.") -> bytes:
    """A refusal."""
    return f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>R1</RequestId></Error>".encode()


def bucket_of(keys: list[str], page: int = 1000) -> Answer:
    """Answers the listings of a bucket with these keys, by both versions of the call, in pages of so many."""
    keys = sorted(keys)

    def answer(asked: Asked) -> Reply:
        query, prefix = asked.query, asked.query.get("prefix", "")
        after = query.get("continuation-token") or query.get("start-after") or query.get("marker") or ""
        rest = [key for key in keys if key > after and key.startswith(prefix)]
        if delimiter := query.get("delimiter"):
            names = {key[len(prefix) :].partition(delimiter) for key in rest}
            folders = sorted({name for name, found, _ in names if found})
            rows = [
                f"<CommonPrefixes><Prefix>{quote(prefix + name)}/</Prefix></CommonPrefixes>"
                for name in folders
            ]
            rows += [row(prefix + name) for name, found, _ in sorted(names) if not found]
            return Reply(body=listed("".join(rows[:1000]), "x" if len(rows) > 1000 else ""))
        rows = [row(key) for key in rest[:page]]
        return Reply(body=listed("".join(rows), rest[page - 1] if len(rest) > page else ""))

    return answer
