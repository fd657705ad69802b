"""A stand-in for the emulator's server, with canned answers, and a browser to look at the page with."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, ViewportSize

EMULATOR = Path(__file__).resolve().parents[2] / "emulator" / "videosnap_emulator"
PAGE = EMULATOR / "control" / "static"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
NOW = datetime(2026, 8, 4, 12, 0, 0, tzinfo=timezone.utc)

Json = dict[str, Any]


def moment(seconds: float) -> str:
    """An emulated time, so many seconds after noon."""
    return (NOW + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def picture(user: str, number: int) -> bytes:
    """A JPEG that tells its user and number apart from others."""
    image = Image.new("RGB", (320, 240), ((40 + 61 * number) % 200, 90, (150 + 37 * len(user)) % 220))
    ImageDraw.Draw(image).ellipse((80, 40, 240, 200), fill=(240, 220, 160))
    ImageDraw.Draw(image).text((110, 110), f"{user[:16]} #{number}", fill=(20, 20, 20))
    file = BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


@dataclass
class FakeEmulator:
    """What the server answers, for tests to change, and what it was asked."""

    tasks: list[Json] = field(default_factory=list)
    jobs: list[Json] = field(default_factory=list)
    calls: list[Json] = field(default_factory=list)
    frames: dict[str, list[Json]] = field(default_factory=dict)
    faults: list[Json] = field(default_factory=list)
    quota: Any = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)
    """Paths that are answered with an HTTP status instead."""
    advanced: int = 0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path with query, and body of each request for data."""
    port: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, on the same port as before if there was one."""
        server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)

    def stop(self) -> None:
        """Be gone: connections are refused."""
        self._stack.close()

    def sent(self, method: str) -> list[tuple[str, str]]:
        """Path and body of the requests that were sent by `method`."""
        return [(path, body) for verb, path, body in self.asked if verb == method]

    def add_task(
        self, number: int = 0, *, users: tuple[str, ...] = ("user0", "user1"), **changes: Any
    ) -> Json:
        """A running task with one frame of each user, unless `changes` say otherwise."""
        task: Json = {
            "cloud": "volcengine", "appId": "661e64d2a7ac3d0176bd3f20", "roomId": f"Room{number}",
            "taskId": f"shop.dev.lobby{number}", "businessId": "", "status": "running", "stopReason": "",
            "startTime": moment(-65 * (number + 1)), "endTime": None, "maxIdleTime": 180, "format": "jpeg",
            "width": 640, "height": 480, "interval": 5, "storage": {"type": "tos", "bucket": "frames"},
            "streams": [{"userId": user, "index": 0, "streamType": "camera"} for user in users],
            "automatic": False, "frames": 0, "skippedFrames": 0, "lastFrame": None, "lastError": None,
            **changes,
        }  # fmt: skip
        self.tasks.append(task)
        for user in users:
            self.add_frame(task, user)
        return task

    def add_frame(self, task: Json, user: str) -> None:
        """One more frame, at the time that the clock shows."""
        taken = self.frames.setdefault(task["taskId"], [])
        key = f"{task['taskId']}/{user}/{len(taken)}.jpg"
        frame = {"bucket": "frames", "key": key, "time": moment(self.advanced), "userId": user,
                 "size": 4711, "url": f"/frames/frames/{quote(key)}"}  # fmt: skip
        taken.insert(0, frame)
        task["frames"] += 1
        task["lastFrame"] = {name: frame[name] for name in ("bucket", "key", "time", "userId")}

    def add_call(self, action: str = "StartSnapshot", **changes: Any) -> None:
        """A call that went well, unless `changes` say otherwise."""
        number = len(self.calls) + 1
        self.calls.append({
            "seq": number, "time": moment(number), "realTime": moment(number), "action": action,
            "httpStatus": 200, "code": None, "signature": "ok", "accessKey": "AKLT…c3d4", "durationMs": 3.2,
            "qpsUsed": 1 + number % 12, "qpsLimit": 150, "fault": None,
            "summary": {"AppId": "661e64d2a7ac3d0176bd3f20", "RoomId": "Room0", "TaskId": "shop.dev.lobby0"},
            **changes,
        })  # fmt: skip

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: str) -> Json:
        """The emulator's own API, as far as the page uses it."""
        if method == "POST" and path == "/clock/advance":
            self.advanced += json.loads(body)["seconds"]
        elif method == "POST" and path == "/reset":
            self.tasks, self.jobs, self.calls, self.faults, self.advanced = [], [], [], [], 0
        elif method == "POST" and path.endswith("/stop"):
            self._stop_task(*(unquote(part) for part in path.split("/")[2:5]))
        elif method == "DELETE":
            self.faults = []
        return self._world(query).get(path, {"ok": True})

    def _world(self, query: dict[str, list[str]]) -> dict[str, Json]:
        last = self.calls[-1]["seq"] if self.calls else 0
        asked = int(query.get("after", ["0"])[0])
        frames = self.frames.get(query.get("task", [""])[0], [])[: int(query.get("limit", ["50"])[0])]
        clock: Json = {
            "now": moment(self.advanced),
            "real": moment(0),
            "advancedSeconds": self.advanced,
            "pace": "real",
        }
        assumption = {
            "key": "frame-key",
            "choice": "{taskId}/{userId}/{time}.jpg",
            "why": "The documents name no object key of a frame; this one sorts by time.",
            "source": "not documented",
        }
        return {
            "/tasks": {"tasks": self.tasks},
            "/jobs": {"jobs": self.jobs, "total": len(self.jobs)},
            "/calls": {"calls": [call for call in self.calls if call["seq"] > asked], "last": last},
            "/clock": clock,
            "/faults": {"faults": self.faults},
            "/frames": {"frames": frames},
            "/quota": {"quota": self.quota},
            "/assumptions": {"assumptions": [assumption]},
            "/services": {"services": [service("RTC"), service("MPS"), service("Third")]},
        }

    def _stop_task(self, app: str, room: str, name: str) -> None:
        for task in self.tasks:
            if (task["appId"], task["roomId"], task["taskId"]) == (app, room, name):
                task.update(status="ended", stopReason="StopByAPI", endTime=moment(self.advanced))


def service(title: str) -> dict[str, Any]:
    """A service; one that the emulator does not have has no panel."""
    name = title.lower()
    return {
        "name": name, "title": title, "callLogName": name, "endpoint": "http://127.0.0.1:1",
        "endpointVariable": f"{title}_ENDPOINT", "actions": [{"action": f"{title}Action", "limit": 7}],
        "panel": f"/page/{name}/panel.js" if (EMULATOR / "services" / name).exists() else None,
    }  # fmt: skip


def page_file(name: str) -> Path:
    """A file of the page, or of a service's part of it."""
    folder, _, file = name.rpartition("/")
    return (EMULATOR / "services" / folder / "static" if folder else PAGE) / file


class _Server(ThreadingHTTPServer):
    # A browser opens many connections at once; those that do not fit into the queue wait for seconds.
    request_queue_size = 128


def _handler(emulator: FakeEmulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if address.path == "/" or address.path.startswith("/page/"):
                file = page_file(address.path.removeprefix("/page/").lstrip("/") or "index.html")
                self._send(200, KINDS[file.suffix], file.read_bytes())
            elif address.path.startswith("/frames/"):
                _, user, number = unquote(address.path).rsplit("/", 2)
                self._send(200, "image/jpeg", picture(user, int(number.removesuffix(".jpg"))))
            else:
                emulator.asked.append((self.command, self.path, body))
                answer = emulator.answer(self.command, address.path, parse_qs(address.query), body)
                status = emulator.broken.get(address.path, 200)
                self._send(status, "application/json", json.dumps(answer).encode())

        do_GET = do_POST = do_DELETE = _serve

        def _send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Be silent."""

    return Handler


@dataclass
class Watched:
    """A page, and what it did that it should not."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def note_console(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def note_dialog(self, dialog: Dialog) -> None:
        """An alert: somebody's id was run."""
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def look_now(self) -> None:
        """Spare the rest until the page's next look, as a tab does that comes back into sight."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


Open = Callable[..., Watched]


@pytest.fixture
def fake() -> Iterator[FakeEmulator]:
    emulator = FakeEmulator()
    emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture
def open_page(browser: Browser, fake: FakeEmulator) -> Iterator[Open]:
    """Open the page, wait for its first look, and complain at the end if the browser did."""
    with ExitStack() as stack:

        def open_it(width: int = 1440, height: int = 900, scheme: Any = "light") -> Watched:
            return stack.enter_context(_opened(browser, fake.url, {"width": width, "height": height}, scheme))

        yield open_it


@contextmanager
def _opened(browser: Browser, url: str, size: ViewportSize, scheme: Any) -> Iterator[Watched]:
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    context.set_default_timeout(6000)
    watched = Watched(context.new_page())
    page = watched.page
    page.on("console", watched.note_console)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("dialog", watched.note_dialog)
    page.on("request", lambda request: watched.requests.append(request.url))
    page.goto(url)
    page.wait_for_selector("#connection[data-state=alive]")
    yield watched
    context.close()
    assert watched.complaints == []
