"""Keep one issue that says what has drifted: open it, update it, close it when all is well again.

python3 -m ci.drift_issue drift.md EXIT_CODE
"""

from __future__ import annotations

import sys
from pathlib import Path

from .forge import Forge, Post, here, log_of_this_job, run, starting_with, text_of

MARKER = "<!-- videosnap drift -->"
NO_DRIFT, DRIFT = "0", "1"
"""The exit codes of a whole check; every other one is that of a check that is not."""
DRIFTED = "Snapshot tasks have drifted"
INCOMPLETE = "Snapshot tasks: the drift check is incomplete"
NO_REPORT = """\
### videosnap drift: the check did not run

Nothing is known of any task. The job's log says why: {log}"""


def main(file: str, code: str) -> str:
    """Bring the issue in line with a check; returns what was done."""
    report, forge = text_of(Path(file)), here()
    issue = starting_with(MARKER, forge.issues())
    if code == NO_DRIFT and report:
        return settle(forge, issue, report)
    title = DRIFTED if code == DRIFT and report else INCOMPLETE
    return tell(forge, issue, title, report or f"{MARKER}\n\n{NO_REPORT.format(log=log_of_this_job())}")


def settle(forge: Forge, issue: Post | None, report: str) -> str:
    """Close the issue, if there is one."""
    if issue is None:
        return "no drift, and no open issue"
    forge.close_issue(issue.number, report)
    return f"closed the issue {issue.number}"


def tell(forge: Forge, issue: Post | None, title: str, report: str) -> str:
    """Open the issue, or update the one that is open."""
    if issue is None:
        forge.open_issue(title, report)
        return f"opened an issue: {title}"
    forge.change_issue(issue.number, title, report)
    return f"updated the issue {issue.number}: {title}"


if __name__ == "__main__":
    sys.exit(run(main, "what `videosnap drift --markdown` wrote", "its exit code"))
