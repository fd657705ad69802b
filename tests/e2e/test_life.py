"""The life of tasks under the real engine, through its command line; what a user reads of failures."""

import pytest

from e2e.conftest import Stack, sampled_front
from support.data import read
from support.sampling import sample

front = sampled_front

START, UPDATE, STOP, GET = "StartSnapshot", "UpdateSnapshot", "StopSnapshot", "GetSnapshotTask"
DRIFT = 7
HOUR = 3600


def test_changes_that_a_program_declares(stack: Stack) -> None:
    stack.declare(kept={}, faster={}, wider={}, lobby={"task_id": "Task1"})
    stack.up().ok()
    recorded = {task["id"]: task["outputs"]["status"] for task in stack.tasks()}
    ids = [*map(stack.path, ("kept", "faster", "wider")), f"{stack.app}/lobby/Task1"]
    assert recorded == dict.fromkeys(ids, "running")
    last = stack.emulator.last_call()
    stack.up("--expect-no-changes").ok()
    assert stack.calls(last) == {}

    stack.declare(
        kept={},
        faster={"image_config": {"interval": 7}},
        wider={"image_config": {"interval": 5, "width": 640}},
        foyer={"room_id": "lobby", "task_id": "Task1"},
    )
    preview = stack.preview().ok().output
    for line in ("~ interval: 5 => 7", "(replace)", "~ width: 0 => 640"):
        assert line in preview
    stack.up().ok()
    calls = stack.calls(last)
    assert (calls["faster"], calls["wider"]) == ([UPDATE, GET], [STOP, START, GET])
    assert "kept" not in calls
    assert STOP not in calls["lobby"], "renaming stopped the task"
    assert "foyer" in {task["urn"].rpartition("::")[2] for task in stack.tasks()}
    assert stack.rooms() == ["faster", "kept", "lobby", "wider"]
    stack.ends()


@pytest.mark.rotating
def test_changes_made_outside(stack: Stack) -> None:
    slow = {"image_config": {"interval": 600}}
    stack.declare(stopped=slow, faster=slow)
    stack.up().ok()
    stack.emulator.stop(stack.path("stopped"))
    stack.emulator.change(stack.path("faster"), interval=300)
    drift = stack.drift().exits(DRIFT).output
    assert '~ state: "running" => "ended: StopByAPI"' in drift
    assert "~ interval: 600 => 300" in drift
    last = stack.emulator.last_call()
    stack.up("--refresh").ok()
    calls = stack.calls(last)
    assert calls["faster"] == [GET, UPDATE, GET]
    assert START in calls["stopped"]
    stack.drift().ok()
    stack.up("--target-replace", stack.tasks()[0]["urn"]).ok()
    assert stack.rooms() == ["faster", "stopped"]

    before = stack.tasks()
    stack.emulator.advance(73 * HOUR)
    refreshed = stack.run("refresh", "--yes", "--skip-preview").ok().output
    assert "cannot be read any more: the service answers for 72 hours after the start" in refreshed
    assert [task["outputs"] for task in stack.tasks()] == [task["outputs"] for task in before]
    stack.up("--expect-no-changes").ok()

    stack.emulator.reset()
    assert "- 2 deleted" in stack.run("refresh", "--yes", "--skip-preview").ok().output
    stack.up().ok()
    assert stack.rooms() == ["faster", "stopped"]
    stack.ends()


@pytest.mark.rotating
def test_the_life_of_a_task_of_byteplus(stack: Stack) -> None:
    """The keys of both editions are in the environment; each call has the key of its own edition."""
    stack.environment |= {"VOLCENGINE_EDITION": "byteplus", "A_KEY": "write-only", "A_SECRET": "write-only"}
    keys = {"bucket": "frames", "access_key_env": "A_KEY", "secret_key_env": "A_SECRET"}
    storage = {"storage_config": {"custom_config": keys}}
    path = f"/byteplus/tasks/{stack.path('lobby')}"
    last = stack.emulator.last_call()
    stack.declare(lobby=storage)
    stack.up().ok()
    assert stack.tasks()[0]["id"] == f"byteplus/{stack.path('lobby')}"
    stack.declare(lobby={**storage, "image_config": {"interval": 7}})
    before = stack.emulator.last_call()
    stack.up().ok()
    assert stack.calls(before)["lobby"] == [UPDATE, GET]
    stack.drift().ok()
    stack.emulator.request("PUT", path, {"interval": 30})
    assert "~ interval: 7 => 30" in stack.drift().exits(DRIFT).output
    stack.emulator.request("POST", f"{path}/stop")
    assert '~ state: "running" => "ended: StopByAPI"' in stack.drift().exits(DRIFT).output
    assert "StopSnapshot was called" in " ".join(stack.videosnap("drift").exits(1).output.split())
    stack.up("--refresh").ok()
    running = stack.emulator.show("/byteplus/tasks?status=running")["tasks"]
    assert [task["interval"] for task in running if task["appId"] == stack.app] == [7]
    stack.up("--refresh", "--expect-no-changes").ok()
    stack.destroy().ok()
    running = stack.emulator.show("/byteplus/tasks?status=running")["tasks"]
    assert [task for task in running if task["appId"] == stack.app] == []
    assert stack.emulator.tasks(app=stack.app) == []
    called = {(call["service"], call["accessKey"], call["signature"]) for call in stack.emulator.calls(last)}
    own, other = (stack.environment[f"{cloud}_ACCESS_KEY"] for cloud in ("BYTEPLUS", "VOLCENGINE"))
    assert called == {("byteplus", f"{own[:4]}****{own[-4:]}", "ok")}
    assert own[:4] + own[-4:] != other[:4] + other[-4:]


@pytest.mark.rotating
def test_a_plan_that_was_reviewed_is_what_runs(stack: Stack) -> None:
    stack.declare(lobby={})
    stack.run("preview", "--save-plan", "plan.json").ok()
    stack.declare(lobby={"image_config": {"interval": 8}})
    assert "violates plan" in stack.up("--plan", "plan.json").exits(1).output
    assert stack.rooms() == []
    stack.declare(lobby={})
    stack.up("--plan", "plan.json").ok()
    assert [task["interval"] for task in stack.emulator.running(stack.app)] == [5]
    stack.destroy().ok()


@pytest.mark.rotating
def test_an_unknown_value_is_left_alone_by_the_preview(stack: Stack) -> None:
    stack.write(read("programs/unknown.txt").format(app=stack.app))
    stack.preview().ok()
    assert stack.rooms() == []
    stack.up().ok()
    running = {task["roomId"]: task for task in stack.emulator.running(stack.app)}
    assert running["interval"]["interval"] == running["width"]["width"] == 7
    assert running["width"]["taskId"] == "stories.dev.width"
    assert stack.outputs() == {"task": "stories.dev.first", "interval": 5}
    stack.destroy().ok()


@pytest.mark.rotating
def test_a_failure_is_one_line_and_debugging_shows_where(stack: Stack) -> None:
    stack.declare(lobby={})
    unknown = {"VOLCENGINE_ACCESS_KEY": "AKLTnobodyknowsthis"}
    failed = stack.up(env=unknown).exits(1)
    assert "Traceback" not in failed.output
    [line] = [line for line in failed.errors if line != "update failed"]
    refused = "StartSnapshot was refused: the access key is not known to the service"
    assert line.removeprefix("videosnap: ").startswith(refused)
    assert "check VOLCENGINE_ACCESS_KEY" in line
    assert "Traceback" in stack.up(env={**unknown, "VIDEOSNAP_DEBUG": "1"}).exits(1).output


@pytest.mark.rotating
def test_a_failed_call_never_looks_like_gone(stack: Stack) -> None:
    stack.declare(lobby={})
    stack.up().ok()
    for fault in sample(["close-after", "html", "malformed", "throttle"], 0.25):
        stack.emulator.fault(fault, "GetSnapshotTask", times=None)
        failed = stack.run("refresh", "--yes", "--skip-preview", env={"VIDEOSNAP_CALL_BUDGET": "1"})
        failed.exits(1)
        assert len(stack.tasks()) == 1
        stack.emulator.clear_faults()
    stack.ends()
