"""The emulator as a test sees it: a process of its own, its control API, and what it exports."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from support.rtc_client import RtcClient

READY_WITHIN = 60.0
COMMAND = (sys.executable, "-m", "pulumi_videosnap.cli", "emulator")


class Emulator:
    """A running emulator; every method is one request to its control API. `rtc` calls the RTC API."""

    def __init__(self, environment: dict[str, str], process: subprocess.Popen[bytes], env_file: Path) -> None:
        self.environment, self.env_file = environment, env_file
        self.process = process
        self.url = environment["VIDEOSNAP_EMULATOR_URL"]
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        self.rtc = RtcClient(environment)

    def surroundings(self, home: Path, **more: str) -> dict[str, str]:
        """The environment of a process that calls it, with a home and rate limits of its own."""
        private = {"HOME": str(home), "VIDEOSNAP_QUOTA_DIR": str(home / "quota")}
        return {**clean_environment(), **self.environment, **private, **more}

    def close(self) -> None:
        """Close the connections; the process goes on."""
        self.http.close()
        self.rtc.http.close()

    def end(self, number: int = signal.SIGTERM) -> float:
        """End the process with a signal; return the seconds that it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(10)
        return time.monotonic() - started

    def request(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.http.request(method, path, json=body)
        assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()

    def show(self, path: str) -> Any:
        return self.request("GET", path)

    def task(self, task_id: str = "Task1") -> dict[str, Any]:
        """The latest task of that id."""
        return next(task for task in self.tasks() if task["taskId"] == task_id)

    def tasks(self, status: str = "", app: str = "") -> list[dict[str, Any]]:
        query = f"?status={status}" if status else ""
        tasks: list[dict[str, Any]] = self.request("GET", f"/tasks{query}")["tasks"]
        return [task for task in tasks if not app or task["appId"] == app]

    def running(self, app: str = "") -> list[dict[str, Any]]:
        return self.tasks("running", app)

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.request("GET", f"/calls?after={after}")["calls"]
        return calls

    def last_call(self) -> int:
        return int(self.request("GET", "/calls")["last"])

    @contextlib.contextmanager
    def recording(self, app: str = "") -> Iterator[list[str]]:
        """The names of the API calls made inside the block, in their order."""
        names: list[str] = []
        before = self.last_call()
        yield names
        for call in self.calls(before):
            if not app or call["summary"].get("AppId") == app:
                names.append(call["action"])

    def advance(self, seconds: float) -> None:
        self.request("POST", "/clock/advance", {"seconds": seconds})

    def change(self, task: dict[str, Any] | str, **changes: Any) -> None:
        """Change a task behind Pulumi's back."""
        self.request("PUT", f"/tasks/{_path(task)}", changes)

    def stop(self, task: dict[str, Any] | str) -> None:
        self.request("POST", f"/tasks/{_path(task)}/stop")

    def fault(
        self, fault: str, action: str = "*", after: int = 0, times: int | None = 1, **more: Any
    ) -> None:
        rule = {"action": action, "afterCall": after, "times": times, "fault": fault, **more}
        self.request("PUT", "/faults", {"faults": [rule]})

    def clear_faults(self) -> None:
        self.request("DELETE", "/faults")

    def reset(self) -> None:
        self.request("POST", "/reset")


def _path(task: dict[str, Any] | str) -> str:
    return task if isinstance(task, str) else f"{task['appId']}/{task['roomId']}/{task['taskId']}"


def read_environment(file: Path) -> dict[str, str]:
    """The `export NAME=value` lines of an env file."""
    words = (shlex.split(line) for line in file.read_text().splitlines() if line.startswith("export "))
    return dict(pair[1].split("=", 1) for pair in words)


@contextlib.contextmanager
def running_emulator(folder: Path, *arguments: str) -> Iterator[Emulator]:
    """Start an emulator whose files live in a folder, and end it by the id that was started."""
    env_file = folder / "emulator.env"
    env_file.unlink(missing_ok=True)
    command = [*COMMAND, "--env-file", str(env_file), *arguments]
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=clean_environment())
    try:
        _wait_for(env_file, process, folder / "emulator.log")
        with contextlib.closing(Emulator(read_environment(env_file), process, env_file)) as emulator:
            yield emulator
    finally:
        process.send_signal(signal.SIGTERM)
        killer = threading.Timer(10, process.kill)
        killer.start()
        process.wait()
        killer.cancel()


def _wait_for(env_file: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not env_file.exists():
        assert process.poll() is None, f"the emulator ended: {log.read_text()}"
        assert time.monotonic() < deadline, f"the emulator is not ready: {log.read_text()}"
        time.sleep(0.05)


def clean_environment() -> dict[str, str]:
    """This environment without anybody's credentials or endpoints."""
    private = ("VOLCENGINE_", "BYTEPLUS_", "VOLC_", "ALIBABA_", "VIDEOSNAP_", "PULUMI_", "AWS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(private)}
