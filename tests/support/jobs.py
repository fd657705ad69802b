"""Snapshot jobs driven by the engine's model against the emulator, whose clock only waiting moves."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.auth import Account, find_account
from pulumi_videosnap.alibaba.jobs import Jobs, OpenAccount, bucket_of
from pulumi_videosnap.alibaba.lifecycle import SnapshotJobLifecycle
from pulumi_videosnap.alibaba.pending_submissions import PendingSubmissions
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.run_registry import RunRegistry
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter
from pulumi_videosnap.http.retry import RetryHandler
from pulumi_videosnap.http.transport import HttpTransport
from support.emulator import Emulator
from support.engine_model import EngineModel, Program, in_process
from support.mps_client import DEFAULT_PIPELINE
from support.store_support import client

PLACE = {"location": "oss-cn-hangzhou", "bucket": "frames"}


def job_inputs(folder: str = "stills", **changes: Any) -> dict[str, Any]:
    """Inputs of a job in state's spelling; keywords change its fields, or else those of its config."""
    output = {**PLACE, "object": f"{folder}/output_{{Count}}.jpg"}
    config = {"outputFile": output, "time": 2, "interval": 2, "num": 3, "height": 360}
    of_the_job = {"waitFor", "timeout", "onDelete", "triggers", "pipelineId", "userData", "input", "owner"}
    return {
        "owner": f"proj.dev.{folder}",
        "input": {**PLACE, "bucket": "media", "object": "input.mp4"},
        "snapshotConfig": {**config, **{k: v for k, v in changes.items() if k not in of_the_job}},
        **{k: v for k, v in changes.items() if k in of_the_job},
    }


class WaitingMovesTime:
    """A clock and a sleep for the provider: sleeping advances the emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self._emulator.advance(seconds)

    def monotonic(self) -> float:
        return self.slept


def api_client() -> ApiClient:
    """A client that repeats a call at once, with rates of its own."""
    return ApiClient(
        HttpTransport(), RateLimiter(MemoryReservations()), RetryHandler(sleep=lambda seconds: None)
    )


def job_engine(emulator: Emulator, caller: ApiClient | None = None) -> EngineModel:
    """A stack of snapshot jobs; each run of it shares what a plugin process would share."""
    time, notes = WaitingMovesTime(emulator), Path(tempfile.mkdtemp(prefix="intents"))
    atexit.register(shutil.rmtree, notes, ignore_errors=True)
    sender = caller or api_client()
    runs: dict[int, tuple[RunRegistry, Jobs]] = {}

    def shared(claims: RunRegistry, account: Account) -> Jobs:
        now, notices = time.monotonic, PendingSubmissions(notes, time.monotonic)
        made = Jobs(MpsApi(account, sender), notices, monotonic=now, sleep=time.sleep)
        return runs.setdefault(id(claims), (claims, made))[1]

    def lifecycle(context: Context) -> SnapshotJobLifecycle:
        def connect(profile: str | None, location: str) -> OpenAccount:
            env = {**os.environ, **emulator.environment}.get
            account = find_account(profile, location, env=env)
            jobs = shared(context.runs, account)
            return OpenAccount(jobs, lambda bucket: bucket_of(account, bucket, env=env))

        return SnapshotJobLifecycle(context, connect)

    return in_process(lifecycle)


@dataclass
class StackStory:
    """What a test of one stack needs."""

    stack: EngineModel
    emulator: Emulator

    def recorded(self) -> list[str]:
        """The names of the API calls made since the last question."""
        names = [call["action"] for call in self.emulator.calls()]
        self.emulator.request("DELETE", "/calls")
        return names

    def settled(self, program: Program) -> None:
        """A second `up` changes nothing, and a refresh finds no drift."""
        assert self.stack.preview(program) == {}
        assert self.stack.refresh() == {}
        assert self.stack.preview(program) == {}


class JobStory(StackStory):
    """A story of jobs, and the bucket as any S3 client sees it."""

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs that the service knows, oldest first."""
        return list(reversed(self.emulator.request("GET", "/jobs")["jobs"]))

    def outputs(self, name: str = "stills") -> dict[str, Any]:
        return self.stack.state[name].outputs

    def pace(self, queued: float = 0, running: float = 0) -> None:
        self.emulator.request("PUT", "/jobs/pace", {"queuedSeconds": queued, "runningSeconds": running})

    def change(self, **changes: Any) -> None:
        """Change the newest job behind everybody's back."""
        self.emulator.request("PUT", f"/jobs/{self.jobs()[-1]['jobId']}", changes)

    def keys(self, bucket: str = "frames") -> list[str]:
        listed = store_of(self.emulator.environment).list_objects_v2(Bucket=bucket)
        return [item["Key"] for item in listed.get("Contents", [])]


def store_of(environment: Mapping[str, str]) -> Any:
    """A client with the key pair of the emulated Alibaba Cloud; it opens every bucket."""
    access, secret = (environment[f"ALIBABA_CLOUD_ACCESS_KEY_{part}"] for part in ("ID", "SECRET"))
    endpoint = environment["ALIBABA_CLOUD_OSS_ENDPOINT"]
    return client(endpoint, access=access, secret=secret, region="cn-hangzhou")


TUTORIAL_PIPELINE = DEFAULT_PIPELINE
TUTORIAL = (Path(__file__).parents[1] / "data" / "mps" / "tutorial.txt").read_text()
"""The vendor's tutorial script, ported to Python 3 and otherwise as published."""


def run_tutorial(folder: Path, environment: Mapping[str, str]) -> str:
    """Run the script as it stands against the endpoint of an environment; returns what it printed."""
    file = folder / "snapshot.py"
    access, secret = (environment[f"ALIBABA_CLOUD_ACCESS_KEY_{part}"] for part in ("ID", "SECRET"))
    endpoint = environment["ALIBABA_CLOUD_MPS_ENDPOINT"].removeprefix("http://")
    text = TUTORIAL.format(key=access, secret=secret, endpoint=endpoint, pipeline=TUTORIAL_PIPELINE)
    file.write_text(text)
    # The vendor's core hands every request to a proxy that is set, one to this machine too.
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    ran = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, env=clean, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
