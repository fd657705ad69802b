"""What a user reads of the engine when a call fails: one line, and what to do next."""

from __future__ import annotations

from e2e.conftest import Stack
from support.sampling import sample


def test_a_failure_is_one_line_and_debugging_shows_where(stack: Stack) -> None:
    stack.declare(lobby={})
    unknown = {"VOLCENGINE_ACCESS_KEY": "AKLTnobodyknowsthis"}
    failed = stack.up(env=unknown).exits(1)
    assert "Traceback" not in failed.output
    [line] = [line for line in failed.errors if line != "update failed"]
    assert line.startswith("videosnap: StartSnapshot was refused: the access key is not known to the service")
    assert "check VOLCENGINE_ACCESS_KEY" in line
    assert "Traceback" in stack.up(env={**unknown, "VIDEOSNAP_DEBUG": "1"}).exits(1).output


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
