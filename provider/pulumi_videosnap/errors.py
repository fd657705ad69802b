"""Every error of the provider, as one tree.

    VideosnapError          anything a user sees: what was wrong, where, and what to do next, on one line
    ├─ InvalidInput         a value in the program breaks a rule (path, reason)
    ├─ NotConfigured        credentials, a profile or an endpoint are missing or cannot be used
    ├─ CallFailed           a call to a cloud did not succeed (action, code, request_id)
    │   ├─ Unreachable      no answer: dead endpoint, TLS, or silence until the budget was spent
    │   ├─ Throttled        the account's rate limit leaves no room in time
    │   ├─ Unauthorized     key, signature, clock or permission
    │   ├─ NotFound         the service does not know this task (at)
    │   ├─ Rejected         the service refuses the request as such
    │   ├─ ServiceFault     the service failed, and went on failing when asked again
    │   └─ Garbled          an answer that cannot be understood
    ├─ TaskConflict         a task with this id exists, and is another one (differences)
    ├─ CannotCheck          something stands in the way of looking: no engine, no state, no listing
    ├─ TaskFailed           the task itself failed in the cloud
    └─ TaskUnfinished       the task goes on, but waiting for its end was given up

Only NotFound may be read as "gone"; every other CallFailed says nothing about the task.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

# Long enough for the vendors' longest documented message, short enough for one status row.
TEXT_LIMIT = 300

# A signature or a body hash is of no use to a reader, and services echo them in refusals.
_HEX_DIGEST = re.compile(r"\b[0-9a-fA-F]{64}\b")


def one_line(text: str, hide: Iterable[str] = (), limit: int = TEXT_LIMIT) -> str:
    """Foreign text made fit for a message: no credential in it, one line, at most `limit` characters.

    `hide` lists the credential values in play; each is replaced wherever it occurs.
    """
    for value in sorted(filter(None, hide), key=len, reverse=True):
        text = text.replace(value, "****")
    text = _HEX_DIGEST.sub("****", text)
    printable = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(printable.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def debugging() -> bool:
    """Whether the user asked for tracebacks (`VIDEOSNAP_DEBUG=1`)."""
    return os.environ.get("VIDEOSNAP_DEBUG", "") not in ("", "0")


def unexpected(error: Exception) -> str:
    """The sentence for a mistake of ours: its text could carry anything, a secret too, so it is not shown."""
    return (
        f"unexpected {type(error).__name__} in pulumi-videosnap; run the command "
        "again with VIDEOSNAP_DEBUG=1 to see where, and please report it"
    )


class VideosnapError(Exception):
    """Any error of the provider; `str()` is one line made for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class InvalidInput(VideosnapError):
    """A value in the user's program breaks a rule.

    `path` names the input (`imageConfig.interval`), `reason` states the rule and what to write instead.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}" if path else reason)


class NotConfigured(VideosnapError):
    """Credentials, a profile or an endpoint are missing or unusable; the message says what to set."""


class CannotCheck(VideosnapError):
    """Something other than a failed call stands in the way of looking; nothing is said about the tasks."""


class CallFailed(VideosnapError):
    """A call to a cloud did not succeed.

    `action` is the vendor's name of the call, `code` the vendor's error code (or `HTTP 502`; empty when no
    answer came), `request_id` the vendor's id of the call (empty when unknown), `reason` the bare cause.
    """

    outcome = "failed"

    def __init__(
        self, action: str, reason: str, *, code: str = "", request_id: str = "", advice: str = ""
    ) -> None:
        self.action = action
        self.reason = reason
        self.code = code
        self.request_id = request_id
        self.advice = advice
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        parts = [f"{self.action} {self.outcome}: {self.reason}"]
        if self.code:
            parts.append(f" ({self.code})")
        if self.advice:
            parts.append(f"; {self.advice}")
        if self.request_id:
            parts.append(f" (RequestId {self.request_id})")
        return "".join(parts)


class Unreachable(CallFailed):
    """No answer came: the endpoint is dead, TLS failed, or it stayed silent until the budget was spent."""

    outcome = "got no answer"


class Throttled(CallFailed):
    """The account's rate limit leaves no room for this call in time."""

    outcome = "was throttled"


class Unauthorized(CallFailed):
    """The service does not accept the key, the signature, the time of signing, or lacks a permission."""

    outcome = "was refused"


class NotFound(CallFailed):
    """The service does not know the task, or for stopping: knows that it has already stopped.

    `at` is the moment of that answer in UTC by the service's clock, or by ours when it named none.
    """

    outcome = "found no such task"

    def __init__(
        self,
        action: str,
        reason: str,
        *,
        at: datetime,
        code: str = "",
        request_id: str = "",
        advice: str = "",
    ) -> None:
        self.at = at
        super().__init__(action, reason, code=code, request_id=request_id, advice=advice)


class Rejected(CallFailed):
    """The service understood the request and refuses it as such: repeating it will not help."""

    outcome = "was refused"


class ServiceFault(CallFailed):
    """The service failed on its side, and went on failing when asked again."""

    outcome = "failed in the service"


class Garbled(CallFailed):
    """An answer came that cannot be understood, so nothing may be concluded from it."""

    outcome = "got an answer that cannot be understood"


class TaskConflict(VideosnapError):
    """A task with this id exists and differs from the declared one in more than can be brought in line.

    `differences` lists them as `path: there "a", declared "b"`.
    """

    def __init__(self, task: str, differences: Sequence[str], advice: str) -> None:
        self.task = task
        self.differences = tuple(differences)
        super().__init__(f"{task} exists with other settings ({'; '.join(differences)}); {advice}")


class TaskFailed(VideosnapError):
    """The task itself failed in the cloud; `reason` is what the service says about it."""

    def __init__(self, task: str, reason: str, advice: str = "") -> None:
        self.task = task
        self.reason = reason
        super().__init__(f"{task} failed: {reason}" + (f"; {advice}" if advice else ""))


class TaskUnfinished(VideosnapError):
    """The task goes on in the cloud, but waiting for its end was given up; nothing is lost by that."""

    def __init__(self, task: str, state: str, waited: float) -> None:
        self.task = task
        super().__init__(
            f"{task} is still {state} after {waited:.0f} s, and goes on; run `pulumi up` again, which finds "
            "it and waits on, or raise `timeout`"
        )
