"""Act one, examples/quickstart: the life of a snapshot task: frames, update in place, drift, remediation."""

from __future__ import annotations

from typing import Any

from examples.demo.emulator import Cloud
from examples.demo.engine import AS_EXPECTED_OR_NOT, DRIFT_FOUND, DRIFTED, Pulumi
from examples.demo.screen import DEMO, FRAMES, ROOT, changes, nothing, say, shown, step

DRIFT_RUN = ("refresh", "--preview-only", "--expect-no-changes", "--diff")


def run(cloud: Cloud) -> None:
    """One snapshot task, from its declaration to its end."""
    pulumi = Pulumi(cloud, ROOT)
    pulumi.make_stack()
    _start(cloud, pulumi)
    _change(cloud, pulumi)
    _drift_and_heal(cloud, pulumi)
    _end(cloud, pulumi)


def _start(cloud: Cloud, pulumi: Pulumi) -> None:
    step("A program with one resource: a frame of every user in Room1, every 5 seconds, into a bucket.")
    pulumi("up", "--yes", "--skip-preview")

    step("Twenty seconds later (the emulator's clock can be moved) the bucket holds:")
    cloud.advance(20)
    _show_frames(cloud)


def _change(cloud: Cloud, pulumi: Pulumi) -> None:
    step("Every 7 seconds instead. What does that change do? A review says it before anybody approves it:")
    pulumi("config", "set", "interval", "7", show=nothing)
    pulumi.review()
    before = cloud.last_call()
    pulumi("up", "--yes", "--skip-preview", show=nothing)
    say(f"API calls of this `up`: {cloud.calls(before)}")


def _drift_and_heal(cloud: Cloud, pulumi: Pulumi) -> None:
    step("Somebody changes the interval outside Pulumi. Pulumi's own drift run names the field:")
    cloud.control("PUT", f"/tasks/{_path(cloud)}", {"interval": 30})
    pulumi(*DRIFT_RUN, show=changes, expect=[DRIFT_FOUND])
    say(f"(exit code {DRIFT_FOUND}: a scheduled job can act on it)")

    step("Somebody stops the task. `videosnap drift` also says what that means:")
    cloud.control("POST", f"/tasks/{_path(cloud)}/stop")
    pulumi.drift(expect=DRIFTED)

    step("`up --refresh` starts it again.")
    pulumi("up", "--refresh", "--yes", "--skip-preview", show=nothing)
    pulumi("refresh", "--preview-only", "--expect-no-changes", show=nothing)
    task = _running(cloud)[0]
    say(f"{task['taskId']}: running again, every {task['interval']} seconds; no drift.")


def _end(cloud: Cloud, pulumi: Pulumi) -> None:
    step("Which frames did it take? Each one is opened and laid out on a contact sheet:")
    pulumi.contact_sheet(DEMO / "live-room.html", expect=AS_EXPECTED_OR_NOT)
    say("(Where frames are missing: the interval was changed to 30 s outside Pulumi, and state expects 7 s.)")

    step("Act one ends.")
    pulumi("destroy", "--yes", "--skip-preview", show=nothing)
    left = len(_running(cloud))
    say(f"Tasks still running: {left}.")
    if left:
        raise SystemExit("demo: a task is left running; this should not happen")


def _running(cloud: Cloud) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = cloud.control("GET", "/tasks?status=running")["tasks"]
    return tasks


def _path(cloud: Cloud) -> str:
    task = _running(cloud)[0]
    return f"{task['appId']}/{task['roomId']}/{task['taskId']}"


def _show_frames(cloud: Cloud) -> None:
    """List the bucket, and download the newest frame of each user."""
    store = cloud.store()
    objects = store.list_objects_v2(Bucket="frames")["Contents"]
    for item in objects:
        say(f"…/{'/'.join(item['Key'].split('/')[-2:])}  {item['Size'] / 1000:.0f} kB")
    say(f"(all under frames/{objects[0]['Key'].rpartition('/')[0].rpartition('/')[0]}/)")
    newest = {item["Key"].rpartition("/")[0]: item["Key"] for item in objects}
    for key in newest.values():
        file = FRAMES / "-".join(key.split("/")[-2:])
        store.download_file("frames", key, str(file))
        say(f"Downloaded: {shown(file)}")
