"""Somebody between the command and a service, who takes a field out of every answer."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests


@dataclass
class Between:
    """Where to ask, and how often the field was taken out."""

    endpoint: str
    taken: int = 0


@contextlib.contextmanager
def silent_on(field: str, service: str) -> Iterator[Between]:
    """Hand every request to the service, signature and all, and its answer back without the field."""
    session = requests.Session()
    session.trust_env = False
    between = Between("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = session.request(
                self.command, service + self.path, data=body, headers=dict(self.headers), timeout=60
            )
            told = answer.json()
            between.taken += _take_out(field, told)
            self._say(answer.status_code, answer.headers["Date"], json.dumps(told).encode())

        do_GET = do_POST

        def _say(self, status: int, date: str, body: bytes) -> None:
            self.send_response_only(status)
            self.send_header("Date", date)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    between.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield between
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        session.close()


def _take_out(field: str, told: Any) -> int:
    """Take the field out wherever it is; returns how often."""
    if isinstance(told, dict):
        here = 1 if told.pop(field, None) is not None else 0
        return here + sum(_take_out(field, value) for value in told.values())
    return sum(_take_out(field, value) for value in told) if isinstance(told, list) else 0
