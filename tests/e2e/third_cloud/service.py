"""Acme Cameras, emulated: recorders that take a frame of a camera every few seconds, into an S3 bucket.

A request is a POST of JSON to /v1/ACTION. `Authorization: ACME KEY:HEX` has the HMAC-SHA256 of the lines
X-Acme-Time (Unix ms), path and body. A response is the recorder, or an error's code and message.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videosnap_emulator.core import service
from videosnap_emulator.core.clock import as_datetime, compact, rfc3339
from videosnap_emulator.core.persistence import Table
from videosnap_emulator.core.scheduler import Event, Step
from videosnap_emulator.core.service import ApiError, ApiRequest, HttpRequest, HttpResponse
from videosnap_emulator.media.samples import DURATION_MS
from videosnap_emulator.media.video import decode_frame, encode, scale

ACTIONS = ("StartRecorder", "UpdateRecorder", "StopRecorder", "GetRecorder")


@dataclass
class Recorder:
    """One run of a recorder: what the API returns of it, and when its next frame is due (ms)."""

    number: int
    shown: dict[str, Any]
    next_frame: int
    running: bool = True


class CameraService(service.Service[ApiRequest]):
    """The service; its key pair also opens the emulator's buckets."""

    name, title, endpoint_variable = "acme", "Acme Cameras", "ACME_ENDPOINT"
    access_keys = {"acme-key": "acme-secret"}  # noqa: RUF012
    limits = dict.fromkeys(ACTIONS, 20)
    assumptions = Path(__file__).with_name("assumptions.toml")

    def __init__(self, context: service.Context) -> None:
        super().__init__(context)
        self.recorders: Table[int, Recorder] = Table("acme_recorders", Recorder)

    @property
    def tables(self) -> tuple[Table[int, Recorder]]:
        return (self.recorders,)

    def environment(self, endpoint: str, storage_endpoint: str) -> dict[str, str]:
        own = {"ACME_KEY": "acme-key", "ACME_SECRET": "acme-secret", self.endpoint_variable: endpoint}
        s3 = {"AWS_ACCESS_KEY_ID": "acme-key", "AWS_SECRET_ACCESS_KEY": "acme-secret"}
        return {**own, **s3, "AWS_ENDPOINT_URL_S3": storage_endpoint}

    def parse(self, http: HttpRequest) -> ApiRequest:
        try:
            fields = json.loads(http.body)
        except (ValueError, RecursionError):
            fields = None
        key = http.headers.get("authorization", "").removeprefix("ACME ").partition(":")[0]
        return ApiRequest(http, http.path.removeprefix("/v1/"), key or None, fields, "")

    def verify(self, request: ApiRequest, now: int) -> None:
        headers, secret = request.http.headers, self.access_keys.get(request.access_key or "", "")
        time = headers.get("x-acme-time", "")
        text = f"{time}\n{request.http.path}\n".encode() + request.http.body
        signature = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        right = headers.get("authorization") == f"ACME {request.access_key}:{signature}"
        if not secret or not right or abs(int(time) - now) > 300_000:
            raise ApiError("BadSignature", 403, "The key, the signature or its time is wrong.")

    def check_action(self, request: ApiRequest) -> None:
        if request.action not in ACTIONS or not isinstance(request.parameters, dict):
            raise ApiError("BadRequest", 400, "No such action, or the body is not a JSON object.")

    def run(self, request: ApiRequest) -> object:
        fields: Any = request.parameters
        with self.scheduler.transaction() as now:
            runs = (one for one in self.recorders.newest() if one.shown["name"] == fields.get("name"))
            last = next(runs, None)
            if request.action == "StartRecorder" and not (last and last.running):
                last = self._start(fields, now)
            if last is None or not (last.running or request.action == "GetRecorder"):
                raise ApiError("RecorderNotFound", 404, "No such recorder runs.")
            if request.action == "StartRecorder" and not fields.items() <= last.shown.items():
                raise ApiError("RecorderExists", 409, "It runs with other settings.")
            if request.action == "StopRecorder":
                last.running = False
                last.shown |= {"state": "stopped", "endTime": rfc3339(now)}
            if request.action == "UpdateRecorder":
                later = fields["interval"] - last.shown["interval"]
                self._set_interval(last, fields["interval"], now)
                self._plan(last, max(now, last.next_frame + later * 1000))
            self.recorders.touch(last.number)
            return last.shown

    def _start(self, settings: dict[str, Any], now: int) -> Recorder:
        shown = {**settings, "state": "running", "startTime": rfc3339(now), "intervals": []}
        number = len(self.recorders) + 1
        started = self.recorders[number] = Recorder(number, shown, now)
        self._set_interval(started, settings["interval"], now)
        self._plan(started, now)  # assumption: first-frame
        return started

    def _set_interval(self, recorder: Recorder, seconds: int, now: int) -> None:
        recorder.shown["interval"] = seconds
        recorder.shown["intervals"].append({"since": rfc3339(now), "seconds": seconds})

    def _plan(self, recorder: Recorder, due: int) -> None:
        recorder.next_frame = due
        self.recorders.touch(recorder.number)
        self.scheduler.add(due, self.name, 0, recorder.number)

    def run_event(self, event: Event, step: Step) -> bool:
        recorder = self.recorders.get(event.id)
        if recorder and recorder.running and recorder.next_frame == event.due:
            frame = decode_frame(self.samples.read("camera0"), event.due % DURATION_MS).frame
            key = "{camera}/{name}/".format_map(recorder.shown) + f"{compact(event.due)}.jpg"
            body, at = encode(scale(frame, (640, 360)), "jpeg"), as_datetime(event.due)
            self.storage.put(recorder.shown["bucket"], key, body, "image/jpeg", {}, at)
            self._plan(recorder, event.due + recorder.shown["interval"] * 1000)
        return True

    def restore(self, metadata: Mapping[str, int]) -> None:
        for recorder in self.recorders.values():
            self._plan(recorder, recorder.next_frame)

    def render(self, request: ApiRequest, result: object, status: int = 200) -> HttpResponse:
        return HttpResponse(status, json.dumps(result).encode(), "application/json")

    def render_error(self, request: ApiRequest, error: ApiError) -> HttpResponse:
        return self.render(request, {"code": error.code, "message": error.message}, error.status)

    def throttled(self, action: str, limit: int) -> ApiError:
        return ApiError("TooManyRequests", 429, f"More than {limit} calls a second.")

    def internal_error(self) -> ApiError:
        return ApiError("InternalError", 500, "The service failed.")
