"""`make demo`: the main job from start to end, offline, with the real engine and real pictures.

Everything it writes is under `.demo`; it ends every process that it started.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
STACK = "demo"
DRIFT_FOUND = 7
"""`pulumi … --expect-no-changes` exits so when something differs."""


def main() -> int:
    """Tell the story; returns the exit code."""
    began = time.monotonic()
    shutil.rmtree(DEMO, ignore_errors=True)
    (DEMO / "state").mkdir(parents=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the emulator ends with us
    with _emulator() as cloud:
        act("A stand-in for the cloud is running: it checks signatures and cuts real frames.")
        say(f"Its live page: {cloud.url}")
        tell(cloud)
    act(f"That took {time.monotonic() - began:.0f} seconds and left nothing running.")
    say(f"The pictures are in {(DEMO / 'frames').relative_to(ROOT)}, the program is examples/quickstart.")
    say("Go on by hand: `make emulator` in one terminal; in another")
    say("    . engine/env.sh; . .emulator/env; pulumi stack init dev; pulumi up")
    say("Your own account: see “Your real account” in README.md.")
    return 0


def tell(cloud: Cloud) -> None:
    """One task's life: up, frames, update in place, drift, healing, end."""
    pulumi = _pulumi(cloud)
    pulumi("stack", "init", STACK, show=nothing)

    act("A program of one resource: a picture of everyone in Room1, every 5 seconds, into a bucket.")
    pulumi("up", "--yes", "--skip-preview")

    act("Twenty seconds later (the stand-in's clock can be moved) the bucket holds:")
    cloud.advance(20)
    cloud.show_frames()

    act("Every 7 seconds instead. The preview says what that does: an update in place, no gap.")
    pulumi("config", "set", "interval", "7", show=nothing)
    pulumi("preview", "--diff", show=changes)
    before = cloud.last_call()
    pulumi("up", "--yes", "--skip-preview", show=nothing)
    say(f"API calls that made it so: {', '.join(cloud.calls(before))}")

    act("Now somebody changes the interval behind Pulumi's back. The drift run names the field:")
    cloud.change_interval(30)
    pulumi("refresh", "--preview-only", "--expect-no-changes", "--diff", show=changes, expect=DRIFT_FOUND)
    say(f"(exit code {DRIFT_FOUND}: a scheduled job can act on it)")

    act("Worse: somebody stops the task. Same command, other line:")
    cloud.stop_task()
    pulumi("refresh", "--preview-only", "--expect-no-changes", "--diff", show=changes, expect=DRIFT_FOUND)

    act("`up --refresh` heals it.")
    pulumi("up", "--refresh", "--yes", "--skip-preview", show=nothing)
    pulumi("refresh", "--preview-only", "--expect-no-changes", show=nothing)
    task = cloud.running()[0]
    say(f"{task['taskId']}: running again, every {task['interval']} seconds; no drift.")

    act("And the end.")
    pulumi("destroy", "--yes", "--skip-preview", show=nothing)
    left = len(cloud.running())
    say(f"Tasks still running: {left}.")
    if left:
        raise SystemExit("demo: a task is left running; this should not happen")


class Cloud:
    """The emulator as the demo uses it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.url = environment["VIDEOSNAP_EMULATOR_URL"]

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, self.url + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def running(self) -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = self._ask("GET", "/tasks?status=running")["tasks"]
        return tasks

    def advance(self, seconds: int) -> None:
        self._ask("POST", "/clock/advance", {"seconds": seconds})

    def last_call(self) -> int:
        return int(self._ask("GET", "/calls")["last"])

    def calls(self, after: int) -> list[str]:
        return [call["action"] for call in self._ask("GET", f"/calls?after={after}")["calls"]]

    def change_interval(self, seconds: int) -> None:
        self._ask("PUT", f"/tasks/{self._path()}", {"interval": seconds})

    def stop_task(self) -> None:
        self._ask("POST", f"/tasks/{self._path()}/stop")

    def _path(self) -> str:
        task = self.running()[0]
        return f"{task['appId']}/{task['roomId']}/{task['taskId']}"

    def show_frames(self) -> None:
        """List the bucket as any S3 client sees it, and fetch the newest picture of each user."""
        store = boto3.client(
            "s3",
            endpoint_url=self.environment["VOLCENGINE_TOS_ENDPOINT"],
            aws_access_key_id=self.environment["VOLCENGINE_ACCESS_KEY"],
            aws_secret_access_key=self.environment["VOLCENGINE_SECRET_KEY"],
            region_name="cn-beijing",
            config=Config(s3={"addressing_style": "path"}),
        )
        objects = store.list_objects_v2(Bucket="frames")["Contents"]
        for item in objects:
            say(f"…/{'/'.join(item['Key'].split('/')[-2:])}  {item['Size'] / 1000:.0f} kB")
        say(f"(all under frames/{objects[0]['Key'].rpartition('/')[0].rpartition('/')[0]}/)")
        newest = {item["Key"].rpartition("/")[0]: item["Key"] for item in objects}
        (DEMO / "frames").mkdir()
        for key in newest.values():
            file = DEMO / "frames" / "-".join(key.split("/")[-2:])
            store.download_file("frames", key, str(file))
            say(f"To look at: {file.relative_to(ROOT)}")


@contextlib.contextmanager
def _emulator() -> Iterator[Cloud]:
    env_file = DEMO / "emulator.env"
    command = [str(Path(sys.executable).with_name("videosnap")), "emulator", "--env-file", str(env_file)]
    with (DEMO / "emulator.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        while not env_file.exists():
            if process.poll() is not None:
                raise SystemExit(f"demo: the emulator ended:\n{(DEMO / 'emulator.log').read_text()}")
            time.sleep(0.1)
        words = (shlex.split(line)[1].split("=", 1) for line in env_file.read_text().splitlines())
        yield Cloud(dict(words))
    finally:
        process.terminate()
        process.wait()


def _pulumi(cloud: Cloud) -> Callable[..., None]:
    """`pulumi` with its home, its state and its stack's settings under `.demo`."""
    private = ("PULUMI_", "VOLCENGINE_", "VIDEOSNAP_")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(private)},
        **cloud.environment,
        "PATH": f"{ROOT / '.engine' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(DEMO / "pulumi-home"),
        "PULUMI_BACKEND_URL": f"file://{DEMO / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "NO_COLOR": "1",
    }

    def run(*arguments: str, show: Callable[[str], list[str]] = everything, expect: int = 0) -> None:
        print(f"  $ pulumi {' '.join(arguments)}", flush=True)
        place = ["--stack", STACK] if arguments[0] != "stack" else []
        settings = ["--config-file", str(DEMO / "Pulumi.demo.yaml")]
        if arguments[0] == "stack":
            settings = []
        ran = subprocess.run(
            ["pulumi", *arguments, *place, *settings, "--non-interactive"],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if ran.returncode != expect:
            raise SystemExit(f"demo: exit code {ran.returncode}, not {expect}:\n{ran.stdout}")
        for line in show(ran.stdout):
            print(f"      {line}")

    return run


def everything(output: str) -> list[str]:
    """All lines of a command's output, but for blank ones and those of what is under way."""
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("@")]
    return [line for line in lines if " creating (" not in line]


def changes(output: str) -> list[str]:
    """The lines of a diff that name a resource or a field."""
    marks = ("~", "+", "-")
    return [line for line in everything(output) if line.strip().startswith(marks) and "urn=" not in line]


def nothing(_output: str) -> list[str]:
    """No line: the story goes on without them."""
    return []


def act(text: str) -> None:
    print(f"\n● {text}", flush=True)


def say(text: str) -> None:
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
