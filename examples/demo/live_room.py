"""Act one, examples/quickstart: a task's life. Frames, update in place, drift, healing, end."""

from __future__ import annotations

from typing import Any

from examples.demo.emulator import Cloud
from examples.demo.engine import DRIFT_FOUND, DRIFTED, Pulumi
from examples.demo.places import DEMO, FRAMES, ROOT, shown
from examples.demo.screen import changes, nothing, say, step

AS_EXPECTED_OR_NOT = (0, 1)
"""On a slow machine the interval that somebody changed behind the back leaves a gap, which is told."""
DRIFT_RUN = ("refresh", "--preview-only", "--expect-no-changes", "--diff")


def tell(cloud: Cloud) -> None:
    """One task, from its declaration to its end."""
    pulumi = Pulumi(cloud, ROOT)
    pulumi.make_stack()
    _start(cloud, pulumi)
    _change(cloud, pulumi)
    _drift_and_heal(cloud, pulumi)
    _end(cloud, pulumi)


def _start(cloud: Cloud, pulumi: Pulumi) -> None:
    step("A program of one resource: a picture of everyone in Room1, every 5 seconds, into a bucket.")
    pulumi("up", "--yes", "--skip-preview")

    step("Twenty seconds later (the stand-in's clock can be moved) the bucket holds:")
    cloud.advance(20)
    _show_frames(cloud)


def _change(cloud: Cloud, pulumi: Pulumi) -> None:
    step("Every 7 seconds instead. Before anybody approves it: what does that do?")
    pulumi("config", "set", "interval", "7", show=nothing)
    pulumi.review()
    before = cloud.last_call()
    pulumi("up", "--yes", "--skip-preview", show=nothing)
    say(f"API calls that made it so: {cloud.calls(before)}")


def _drift_and_heal(cloud: Cloud, pulumi: Pulumi) -> None:
    step("Now somebody changes the interval behind Pulumi's back. Pulumi's own drift run names the field:")
    cloud.ask("PUT", f"/tasks/{_path(cloud)}", {"interval": 30})
    pulumi(*DRIFT_RUN, show=changes, expect=[DRIFT_FOUND])
    say(f"(exit code {DRIFT_FOUND}: a scheduled job can act on it)")

    step("Worse: somebody stops the task. This drift run says what that means, too:")
    cloud.ask("POST", f"/tasks/{_path(cloud)}/stop")
    pulumi.drift(expect=DRIFTED)

    step("`up --refresh` heals it.")
    pulumi("up", "--refresh", "--yes", "--skip-preview", show=nothing)
    pulumi("refresh", "--preview-only", "--expect-no-changes", show=nothing)
    task = _running(cloud)[0]
    say(f"{task['taskId']}: running again, every {task['interval']} seconds; no drift.")


def _end(cloud: Cloud, pulumi: Pulumi) -> None:
    step("Which pictures did it take? Each one is opened, and laid out on a page to look at:")
    pulumi.contact_sheet(DEMO / "live-room.html", expect=AS_EXPECTED_OR_NOT)

    step("And the end of act one.")
    pulumi("destroy", "--yes", "--skip-preview", show=nothing)
    left = len(_running(cloud))
    say(f"Tasks still running: {left}.")
    if left:
        raise SystemExit("demo: a task is left running; this should not happen")


def _running(cloud: Cloud) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = cloud.ask("GET", "/tasks?status=running")["tasks"]
    return tasks


def _path(cloud: Cloud) -> str:
    task = _running(cloud)[0]
    return f"{task['appId']}/{task['roomId']}/{task['taskId']}"


def _show_frames(cloud: Cloud) -> None:
    """List the bucket, and fetch the newest picture of each user."""
    store = cloud.store()
    objects = store.list_objects_v2(Bucket="frames")["Contents"]
    for item in objects:
        say(f"…/{'/'.join(item['Key'].split('/')[-2:])}  {item['Size'] / 1000:.0f} kB")
    say(f"(all under frames/{objects[0]['Key'].rpartition('/')[0].rpartition('/')[0]}/)")
    newest = {item["Key"].rpartition("/")[0]: item["Key"] for item in objects}
    for key in newest.values():
        file = FRAMES / "-".join(key.split("/")[-2:])
        store.download_file("frames", key, str(file))
        say(f"To look at: {shown(file)}")
