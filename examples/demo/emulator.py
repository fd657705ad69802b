"""The emulator: started and ended, its control API, and its buckets as any S3 client sees them."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import requests
from botocore.config import Config

from examples.demo.screen import DEMO

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Cloud:
    """A running emulator."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.url = environment["VIDEOSNAP_EMULATOR_URL"]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call its control API."""
        response = requests.request(method, self.url + path, json=body, timeout=30)
        response.raise_for_status()
        return response.json() if response.content else None

    def advance(self, seconds: int) -> None:
        """Move its clock; frames that fall due are cut."""
        self.control("POST", "/clock/advance", {"seconds": seconds})

    def last_call(self) -> int:
        """The number of the last API call."""
        return int(self.control("GET", "/calls")["last"])

    def calls(self, after: int) -> str:
        """The API calls since the one with a number."""
        actions = [call["action"] for call in self.control("GET", f"/calls?after={after}")["calls"]]
        return ", ".join(actions) or "none"

    def store(self) -> S3Client:
        """Its object store, which stands for both clouds' stores."""
        return boto3.client(
            "s3",
            endpoint_url=self.environment["VOLCENGINE_TOS_ENDPOINT"],
            aws_access_key_id=self.environment["VOLCENGINE_ACCESS_KEY"],
            aws_secret_access_key=self.environment["VOLCENGINE_SECRET_KEY"],
            region_name="cn-beijing",
            config=Config(s3={"addressing_style": "path"}),
        )


@contextlib.contextmanager
def emulator() -> Iterator[Cloud]:
    """An emulator for as long as the block lasts."""
    env_file, log_file = DEMO / "emulator.env", DEMO / "emulator.log"
    command = [str(Path(sys.executable).with_name("videosnap")), "emulator", "--env-file", str(env_file)]
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        while not env_file.exists():
            if process.poll() is not None:
                raise SystemExit(f"demo: the emulator ended:\n{log_file.read_text()}")
            time.sleep(0.1)
        words = (shlex.split(line)[1].split("=", 1) for line in env_file.read_text().splitlines())
        yield Cloud(dict(words))
    finally:
        process.terminate()
        process.wait()
