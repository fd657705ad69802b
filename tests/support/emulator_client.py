"""A running emulator process and small clients for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from support.emulator_signer import sign

ROOT = Path(__file__).parents[2] / "emulator"
BODY = {
    "AppId": "661e",
    "RoomId": "Room1",
    "TaskId": "Task1",
    "StorageConfig": {"Type": 0, "TosConfig": {"AccountId": "21", "Bucket": "frames"}},
}


class Emulator:
    def __init__(self, folder: Path, *options: str):
        self.env_file, self.log = folder / "env", (folder / "log").open("a")
        self.env_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "videosnap_emulator", "--env-file", str(self.env_file), *options],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=self.log,
            stderr=self.log,
        )
        self._wait()
        lines = [
            line.removeprefix("export ").split("=", 1) for line in self.env_file.read_text().splitlines()
        ]
        self.env: dict[str, str] = dict(lines)
        self.http = httpx.Client(base_url=self.env["VIDEOSNAP_EMULATOR_URL"], timeout=60)
        self.rtc = httpx.Client(base_url=self.env["VOLCENGINE_RTC_ENDPOINT"], timeout=60)

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while not self.env_file.exists():
            assert self.process.poll() is None, "the emulator ended"
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def call(self, action: str, body: Any = None, **more: Any) -> httpx.Response:
        method = more.pop("method", "GET" if action == "GetSnapshotTask" else "POST")
        query = {"Action": action, "Version": "2023-11-01"}
        raw = b""
        if method == "GET":
            query |= body or {}
        else:
            raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        sent = more.pop("send", raw)
        timeout = more.pop("timeout", 60)
        host = self.rtc.base_url.netloc.decode()
        ak = more.pop("ak", self.env["VOLCENGINE_ACCESS_KEY"])
        sk = more.pop("sk", self.env["VOLCENGINE_SECRET_KEY"])
        headers, canonical = sign(method, host, query, raw, ak, sk, **more)
        return self.rtc.request(method, f"/?{canonical}", content=sent, headers=headers, timeout=timeout)

    def start(self, **changes: Any) -> httpx.Response:
        return self.call("StartSnapshot", {**BODY, **changes})

    def get(self, **changes: Any) -> httpx.Response:
        return self.call("GetSnapshotTask", {k: BODY[k] for k in ("AppId", "RoomId", "TaskId")} | changes)

    def stop(self, **changes: Any) -> httpx.Response:
        return self.call("StopSnapshot", {k: BODY[k] for k in ("AppId", "RoomId", "TaskId")} | changes)

    def update(self, interval: int, **changes: Any) -> httpx.Response:
        key = {k: BODY[k] for k in ("AppId", "RoomId", "TaskId")}
        return self.call("UpdateSnapshot", key | {"ImageConfig": {"Interval": interval}} | changes)

    def show(self, path: str) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def advance(self, seconds: float) -> Any:
        return self.send("POST", "/clock/advance", {"seconds": seconds})

    def task(self, **changes: Any) -> dict[str, Any]:
        tasks: list[dict[str, Any]] = self.show("/tasks")["tasks"]
        return next(t for t in tasks if t["taskId"] == changes.get("TaskId", "Task1"))

    def kill(self, number: int = signal.SIGTERM) -> float:
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(10)
        self.close()
        return time.monotonic() - start

    def close(self) -> None:
        self.http.close()
        self.rtc.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
