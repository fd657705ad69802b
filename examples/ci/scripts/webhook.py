"""Tell an address of your own what a drift check found: {"text": …, "exitCode": …, "counts": {…}}.

VIDEOSNAP_WEBHOOK_URL=… python3 -m ci.webhook drift.json EXIT_CODE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .forge import Failed, log_of_this_job, needed, run, send, text_of

NO_DRIFT, DRIFT = 0, 1
"""The exit codes of a whole check; every other one is that of a check that is not."""
FOUND = {NO_DRIFT: "no drift", DRIFT: "drift"}


def main(file: str, code: str) -> str:
    """Send what was found; returns what was done."""
    if not code.isdecimal():
        raise Failed("the exit code must be a number")
    counts = counts_in(text_of(Path(file)))
    told = {"text": sentence(counts, int(code)), "exitCode": int(code), "counts": counts}
    send("POST", needed("VIDEOSNAP_WEBHOOK_URL"), "the webhook", {}, told)
    return f"told the webhook: {told['text']}"


def counts_in(report: str) -> dict[str, int]:
    """How many tasks there are of each verdict; nothing where the check did not run."""
    try:
        return dict(json.loads(report)["counts"]) if report else {}
    except (ValueError, TypeError, KeyError):
        raise Failed("this is no report of `videosnap drift --json`") from None


def sentence(counts: dict[str, int], code: int) -> str:
    """What was found in one line for people."""
    found = FOUND.get(code, "the check is incomplete") if counts else "the check did not run"
    tasks = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return "; ".join(filter(None, (f"videosnap drift: {found}", tasks, log_of_this_job())))


if __name__ == "__main__":
    sys.exit(run(main, "what `videosnap drift --json` wrote", "its exit code"))
