"""The native front with the real engine: moving a stack there and back, imports, ^C, deadlines."""

import signal
import time
from pathlib import Path

import pytest

from e2e.conftest import Stack
from support.cli import STACK
from support.data import read
from support.jobs import store_of
from support.processes import descendants, kill, killed, wait_until
from support.sampling import sample

DRIFT = 7
SLOW = {"queuedSeconds": 60, "runningSeconds": 60}
LOCATION = "oss-cn-hangzhou"
PROGRAM = read("programs/tasks_and_jobs.txt")


def _ids(stack: Stack) -> dict[str, str]:
    return {task["urn"].rpartition("::")[2]: task["id"] for task in stack.tasks()}


def _types(stack: Stack) -> set[str]:
    return {task["type"].partition(":")[0] for task in stack.tasks()}


@pytest.mark.rotating
def test_a_stack_moves_to_the_native_front_and_back_and_no_task_notices(stack: Stack) -> None:
    stack.write(read("programs/both_fronts.txt"))
    stack.environment["APP"] = stack.app
    stack.use_native(False)
    stack.up().ok()
    ids, outputs = _ids(stack), stack.outputs()
    assert _types(stack) == {"pulumi-python", "videosnap"}, "the stack is a mixed one"
    assert "No drift in 5 tasks" in stack.videosnap("drift").ok().output
    last = stack.emulator.last_call()
    stack.use_native()
    stack.run("preview", "--expect-no-changes").ok()
    stack.up("--expect-no-changes").ok()
    assert _types(stack) == {"videosnap"}
    assert "No drift in 5 tasks" in stack.videosnap("drift").ok().output
    assert "no task changes, 5 stay as they are" in stack.videosnap("review").ok().output
    listed = stack.videosnap("frames").output
    assert [name for name in ids if f"{name}  " not in listed] == [], listed
    stack.emulator.stop(ids["lobby"])
    assert '~ state: "running" => "ended: StopByAPI"' in stack.drift().exits(DRIFT).output
    stack.videosnap("drift", "--heal", "--yes").ok()
    stack.drift().ok()
    assert [call["action"] for call in stack.emulator.calls(last)].count("StartSnapshot") == 1

    before = stack.outputs()
    assert (before["keys"], _ids(stack)) == (outputs["keys"], ids)
    stack.use_native(False)
    preview = stack.preview().ok().output
    assert "to replace" not in preview
    assert "5 to update" in preview
    stack.up().ok()
    assert _types(stack) == {"pulumi-python", "videosnap"}
    assert (stack.outputs(), _ids(stack)) == (before, ids)
    assert not [text for text in stack.files() if "canary" in text]
    stack.ends()


@pytest.mark.rotating
def test_a_resource_is_renamed_in_the_run_that_switches(stack: Stack) -> None:
    stack.declare(lobby={})
    stack.up().ok()
    ids, last = list(_ids(stack).values()), stack.emulator.last_call()
    renamed = 'SnapshotTask("hall", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name=name)]), **inputs'
    assert "SnapshotTask(name, **inputs" in PROGRAM
    stack.write(PROGRAM.replace("SnapshotTask(name, **inputs", renamed))
    for native in (True, False):
        stack.use_native(native)
        stack.up().ok()
        assert list(_ids(stack).values()) == ids
        renamed = renamed.replace('"hall"', '"yard"').replace("=name", '="hall"')
        stack.write(PROGRAM.replace("SnapshotTask(name, **inputs", renamed))
    assert stack.calls(last) == {}
    stack.ends()


@pytest.mark.rotating
def test_a_task_is_replaced_in_the_run_that_switches(stack: Stack) -> None:
    """The old front's plugin deletes it, and the program declares its id: it is the same resource."""
    component = 'pulumi.ComponentResource("acme:index:Site", "site"'
    moved = f'{component}, opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="place")]))'
    child = "SnapshotTask(name, opts=pulumi.ResourceOptions(parent=site), **inputs"
    program = PROGRAM.replace("SnapshotTask(name, **inputs", child)
    stack.write(program.replace("for name", f"site = {component.replace('site', 'place')})\nfor name", 1))
    for number, native in enumerate((False, True, False)):
        stack.use_native(native)
        stack.declare(lobby={"task_id": "Task1", "image_config": {"width": 100 + number}})
        last = stack.emulator.last_call()
        stack.up().ok()
        assert len(stack.rooms()) == 1
        if number:
            assert stack.calls(last)["lobby"][:2] == ["StopSnapshot", "StartSnapshot"]
        stack.write(program.replace("for name", f"site = {moved}\nfor name", 1))
    stack.ends()


@pytest.mark.rotating
@pytest.mark.parametrize("native", sample([True, False], 0.5))
def test_a_job_of_a_killed_up_is_found_by_the_other_front(stack: Stack, native: bool) -> None:
    stack.use_native(native)
    stack.emulator.request("PUT", "/jobs/pace", SLOW)
    stack.declare_jobs(stills={})
    with stack.running("up", "--yes", "--skip-preview") as run:
        wait_until(lambda: bool(stack.submitted()))
        with killed(run, "engine"):
            stack.run("cancel", "--yes", STACK).ok()
    stack.emulator.advance(200)
    stack.use_native(not native)
    adopted = stack.up().ok().output
    assert "was already submitted for these inputs and is adopted (Success)" in adopted
    assert "another backend" not in adopted
    assert [job["jobId"] for job in stack.submitted()] == list(_ids(stack).values())
    stack.ends()


@pytest.mark.rotating
def test_an_import_writes_a_program_that_has_nothing_to_do(stack: Stack, tmp_path: Path) -> None:
    other = Stack(tmp_path / "other", stack.emulator, stack.app)
    other.declare(lobby={"task_id": "Task1", "business_id": "B1"})
    other.declare_jobs(stills={})
    other.write(PROGRAM + read("programs/workflows.txt"))
    other.up().ok()
    ids = _ids(other)
    [workflow] = stack.emulator.show("/workflows")["workflows"]
    stack.use_native()
    program = ""
    for kind, name, id_ in (
        ("volcengine:SnapshotTask", "lobby", ids["lobby"]),
        ("alibaba:SnapshotJob", "stills", f"{LOCATION}/{ids['stills']}"),
        ("alibaba:Pipeline", "queue", f"{LOCATION}/{workflow['pipelineId']}"),
        ("alibaba:SnapshotWorkflow", "thumbs", f"{LOCATION}/{workflow['workflowId']}"),
    ):
        out = f"{name}.txt"
        stack.run("import", f"videosnap:{kind}", name, id_, "--yes", "--protect=false", "--out", out).ok()
        program += (stack.folder / out).read_text()
    gone = f"{stack.app}/no/task"
    refused = stack.run("import", "videosnap:volcengine:SnapshotTask", "gone", gone, "--yes").exits(1)
    assert f"resource '{gone}' does not exist" in refused.output
    program = program.replace("import videosnap_sdk as", "import pulumi_videosnap as")
    stack.write(program)
    stack.run("preview", "--expect-no-changes").ok()
    last = stack.emulator.last_call()
    stack.write(program.replace('task_id="Task1"', 'task_id="Task1", business_id="B1"'))
    assert '+ businessId: "B1"' in (preview := stack.preview().ok().output)
    assert "to replace" not in preview
    stack.up().ok()
    stack.up("--expect-no-changes").ok()
    assert stack.calls(last) == {}
    assert _ids(stack) == ids

    # The option `import_` does the same in a program, for a stack of its own.
    third = Stack(tmp_path / "third", stack.emulator, stack.app)
    third.use_native()
    option = f'opts=pulumi.ResourceOptions(import_="{ids["lobby"]}"), task_id='
    third.write(program.replace("task_id=", option, 1).partition("stills = ")[0])
    assert "= 1 imported" in third.up().ok().output
    stack.ends()
    assert [one["state"] for one in stack.emulator.show("/workflows")["workflows"]] == ["Deleted"]
    assert len(stack.emulator.show("/pipelines")["pipelines"]) == 1, "the default one"


@pytest.mark.rotating
def test_one_interrupt_ends_a_wait_and_the_next_up_goes_on(stack: Stack) -> None:
    stack.use_native()
    stack.emulator.request("PUT", "/jobs/pace", SLOW)
    stack.declare_jobs(stills={})
    with stack.running("up", "--yes", "--skip-preview") as run:
        wait_until(lambda: bool(stack.submitted()))
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        output, _ = run.communicate(timeout=60)
    assert "cancelled while waiting; what it waited for goes on" in output
    [job] = stack.submitted()
    assert _ids(stack) == {"stills": job["jobId"]}
    assert "pending_operations" not in stack.export()["deployment"]
    assert "unhealthy state" in stack.run("refresh", "--yes", "--skip-preview").ok().output
    [recorded] = stack.tasks()
    assert recorded["initErrors"] == [f"job {job['jobId']} is Submitted"], "a refresh does not heal it"

    bounded = '**inputs, opts=pulumi.ResourceOptions(custom_timeouts={"update": "1s"})'
    stack.write(PROGRAM.replace("SnapshotJob(name, **inputs", f"SnapshotJob(name, {bounded}"))
    assert "is still Submitted after 1 s" in stack.up().exits(1).output
    stack.emulator.advance(200)
    stack.up().ok()
    assert "initErrors" not in stack.tasks()[0]
    assert len(stack.submitted()) == 1
    stack.ends()


@pytest.mark.rotating
def test_a_failed_job_is_recorded_and_the_next_up_submits_another(stack: Stack) -> None:
    stack.use_native()
    stack.declare_jobs(stills={"input": {"location": LOCATION, "bucket": "media", "object": "later.mp4"}})
    assert "(InvalidParameter.ResourceNotFound)" in stack.up().exits(1).output
    [recorded] = stack.tasks()
    assert recorded["outputs"]["result"] == "failed: InvalidParameter.ResourceNotFound"
    changed = '~ result: "failed: InvalidParameter.ResourceNotFound" => "success"'
    assert changed in stack.preview().ok().output
    store_of(stack.environment).copy_object(Bucket="media", Key="later.mp4", CopySource="media/input.mp4")
    stack.up().ok()
    assert [job["state"] for job in stack.submitted()] == ["Success", "Fail"]
    stack.ends()


@pytest.mark.rotating
def test_the_plugin_is_gone_soon_after_its_engine(stack: Stack) -> None:
    stack.use_native()
    stack.emulator.request("PUT", "/jobs/pace", SLOW)
    stack.declare_jobs(stills={})
    with stack.running("up", "--yes", "--skip-preview") as run:
        wait_until(lambda: bool(stack.submitted()))
        family = descendants(run.pid)
        plugins = [
            process
            for process in family
            if "pulumi-resource-videosnap" in Path(f"/proc/{process}/cmdline").read_text()
        ]
        try:
            run.kill()
            assert plugins
            wait_until(lambda: not any(Path(f"/proc/{process}").exists() for process in plugins), 10)
        finally:  # the program and its language host outlive the engine
            kill(*family)
