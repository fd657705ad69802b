"""A stand-in for the emulator's server, with canned answers, and a browser to look at the page with."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser

from support.browser import Watched, watched
from support.data import load
from support.fake_server import FakeServer, Request, Response

EMULATOR = Path(__file__).resolve().parents[2] / "emulator" / "videosnap_emulator"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
NOW = datetime(2026, 8, 4, 12, 0, 0, tzinfo=timezone.utc)
CANNED = load("browser/page.json")
HOSTILE = "<img src=x onerror=alert(1)>"

Json = dict[str, Any]


def moment(seconds: float) -> str:
    """An emulated time, so many seconds after noon."""
    return (NOW + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def jpeg(user: str, number: int) -> bytes:
    """A JPEG that tells its user and number apart from others."""
    image, file = Image.new("RGB", (320, 240), ((40 + 61 * number) % 200, 90, 150)), BytesIO()
    ImageDraw.Draw(image).text((110, 110), f"{user[:16]} #{number}", fill=(20, 20, 20))
    image.save(file, "JPEG")
    return file.getvalue()


class FakeEmulator(FakeServer):
    """What the server answers, for tests to change, and what it was asked."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.tasks, self.jobs, self.calls, self.faults = [list[Json]() for _ in range(4)]
        self.workflows, self.runs = list[Json](), list[Json]()
        self.frames: dict[str, list[Json]] = defaultdict(list)
        self.quota: Any = []
        self.advanced = 0
        #: Paths that are answered with an HTTP status instead.
        self.broken: dict[str, int] = {}

    def sent(self, method: str) -> list[tuple[str, str]]:
        """Path and body of the requests for data that were sent by `method`."""
        return [
            (one.target, one.body.decode())
            for one in self.requests
            if one.method == method and one.path != "/" and not one.path.startswith(("/page/", "/frames/"))
        ]

    def add_task(self, number: int = 0, users: Sequence[str] = ("user0", "user1"), **changes: Any) -> Json:
        """A running task with one frame of each user, unless `changes` say otherwise."""
        streams = [{"userId": user, "index": 0, "streamType": "camera"} for user in users]
        own = {"roomId": f"Room{number}", "taskId": f"shop.dev.lobby{number}", "streams": streams}
        task = {**CANNED["task"], **own, "startTime": moment(-65 * (number + 1)), **changes}
        self.tasks.append(task)
        for user in users:
            self.add_frame(task, user)
        return task

    def add_frame(self, task: Json, user: str) -> None:
        """One more frame, at the time that the clock shows."""
        taken = self.frames[task["taskId"]]
        key = f"{task['taskId']}/{user}/{len(taken)}.jpg"
        frame = {"bucket": "frames", "key": key, "time": moment(self.advanced), "userId": user}
        taken.insert(0, {**frame, "size": 4711, "url": f"/frames/frames/{quote(key)}"})
        task.update(frames=task["frames"] + 1, lastFrame=frame)

    def add_call(self, action: str = "StartSnapshot", **changes: Any) -> None:
        """A call that went well, unless `changes` say otherwise."""
        number = len(self.calls) + 1
        own = {"seq": number, "time": moment(number), "realTime": moment(number), "qpsUsed": 1 + number % 12}
        self.calls.append({**CANNED["call"], **own, "action": action, **changes})

    def add_job(self, **changes: Any) -> None:
        """A job that succeeded, unless `changes` say otherwise."""
        objects = [{**CANNED["object"], **one} for one in changes.pop("objects", [])]
        own = {"jobId": f"{len(self.jobs) + 1:032x}", "creationTime": moment(-60), "objects": objects}
        self.jobs.append({**CANNED["job"], **own, **changes})

    def fill(self) -> None:
        """Something of everything that the page can show, except jobs."""
        for number, task in enumerate(CANNED["tasks"]):
            self.add_task(number, **task)
        for call in CANNED["calls"]:
            self.add_call(**call)
        self.faults, self.quota = CANNED["faults"], CANNED["quota"]

    def add_jobs(self) -> None:
        """A job in each state, and one whose names were chosen by a stranger."""
        for job in CANNED["jobs"]:
            self.add_job(**job)

    def add_workflows(self) -> None:
        """Two workflows and two runs, one of which failed; some names were chosen by a stranger."""
        self.workflows, self.runs = CANNED["workflows"], CANNED["runs"]

    def _answer(self, request: Request) -> Response:
        path = request.path
        if path == "/" or path.startswith("/page/"):
            folder, _, name = path.removeprefix("/page/").strip("/").rpartition("/")
            static = EMULATOR / (f"services/{folder}" if folder else "control") / "static"
            file = static / (name or "index.html")
            return _response(200, KINDS[file.suffix[1:]], file.read_bytes())
        if path.startswith("/frames/"):
            _, user, number = path.rsplit("/", 2)
            return _response(200, "image/jpeg", jpeg(user, int(number.removesuffix(".jpg"))))
        self._change(request, path)
        content = json.dumps(self._world(request.query).get(path, {"ok": True})).encode()
        return _response(self.broken.get(path, 200), "application/json", content)

    def _change(self, request: Request, path: str) -> None:
        """The emulator's own API, as far as the page uses it."""
        if request.method == "DELETE":
            self.faults = []
        elif request.method == "POST" and path == "/clock/advance":
            self.advanced += json.loads(request.body)["seconds"]
        elif request.method == "POST" and path == "/reset":
            self.tasks, self.jobs, self.calls, self.faults, self.advanced = [], [], [], [], 0
        elif request.method == "POST" and path.endswith("/stop"):
            for task in self.tasks:
                if path == "/tasks/{appId}/{roomId}/{taskId}/stop".format(**task):
                    task.update(status="ended", stopReason="StopByAPI", endTime=moment(self.advanced))

    def _world(self, query: Any) -> dict[str, Json]:
        after, frames = int(query.get("after", 0)), self.frames[query.get("task", "")]
        clock = {"now": moment(self.advanced), "real": moment(0), "advancedSeconds": self.advanced}
        calls = [call for call in self.calls if call["seq"] > after]
        return {
            **CANNED["world"],
            "/tasks": {"tasks": self.tasks},
            "/jobs": {"jobs": self.jobs, "total": len(self.jobs)},
            "/workflows": {"workflows": self.workflows},
            "/runs": {"runs": self.runs, "total": len(self.runs)},
            "/calls": {"calls": calls, "last": self.calls[-1]["seq"] if self.calls else 0},
            "/clock": {**clock, "pace": "real"},
            "/faults": {"faults": self.faults},
            "/frames": {"frames": frames[: int(query.get("limit", 50))]},
            "/quota": {"quota": self.quota},
        }


def _response(status: int, kind: str, content: bytes) -> Response:
    headers = {"Content-Type": kind, "Content-Security-Policy": POLICY}
    return Response(status, content, headers, close=True)


Open = Callable[..., Watched]


@pytest.fixture
def fake() -> Iterator[FakeEmulator]:
    emulator = FakeEmulator()
    with emulator:
        yield emulator


@pytest.fixture
def open_page(browser: Browser, fake: FakeEmulator) -> Iterator[Open]:
    """Open the page, wait for its first look, and complain at the end if the browser did."""
    with ExitStack() as stack:

        def open_it(width: int = 1440, height: int = 900, scheme: Any = "light", url: str = "") -> Watched:
            page = stack.enter_context(watched(browser, url or fake.endpoint, width, height, scheme))
            page.page.wait_for_selector("#connection[data-state=alive]")
            return page

        yield open_it
