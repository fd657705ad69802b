"""Every error of the provider, as one tree.

    VideosnapError          every error that a user sees: what, where, and what to do next, on one line
    ├─ InvalidInput         a value in the program breaks a rule (path, reason)
    ├─ NotConfigured        credentials, a profile or an endpoint are missing or cannot be used
    ├─ CallFailed           a call to a cloud did not succeed (action, code, request_id)
    │   ├─ Unreachable      no response: connection refused, TLS, or timed out
    │   ├─ Throttled        rate limit exceeded
    │   ├─ Unauthorized     key, signature, clock or permission
    │   ├─ NotFound         the service does not know this task (at)
    │   ├─ Rejected         the service refuses the request as such
    │   ├─ ServiceFault     the service failed, also when the call was retried
    │   └─ Garbled          a response that cannot be understood
    ├─ TaskConflict         a task with this id exists, and is another one (differences)
    ├─ CannotCheck          a check was not possible: no engine, no state, no listing
    ├─ OutcomeUnknown       the task may have been created, which is noted
    ├─ TaskFailed           the task itself failed in the cloud
    ├─ TaskUnfinished       waiting for the end of the task timed out, and the task goes on
    └─ Interrupted          the engine was told to stop (^C) while something was waited for

Only NotFound may be read as "gone"; every other CallFailed says nothing about the task.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from pulumi_videosnap.redaction import MAX_ENCODED, mask

# Long enough for the vendors' longest documented message, short enough for one status row.
TEXT_LIMIT = 300

# Services repeat signatures and body hashes in errors; neither is of use to a reader.
_HEX_DIGEST = re.compile(r"\b[0-9a-fA-F]{64}\b")
MAX_TEXT = 64 * 1024
"""Characters of an untrusted text that are looked at."""


def one_line(text: str, hide: Iterable[str] = (), limit: int = TEXT_LIMIT) -> str:
    """Untrusted text made fit for a message: without credentials, one line, at most `limit` characters.

    `hide` lists the credential values; each is replaced wherever it occurs (`redaction.mask`).
    """
    secrets = tuple(filter(None, hide))
    masked = mask(text[:MAX_TEXT], secrets)
    if len(text) > MAX_TEXT:  # what was cut may end with a part of a secret
        masked = masked[: -MAX_ENCODED * max(map(len, secrets), default=0) or None]
    masked = _HEX_DIGEST.sub("****", masked)
    printable = "".join(char if char.isprintable() else " " for char in masked)
    line = " ".join(printable.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def debugging() -> bool:
    """Whether the user asked for tracebacks (`VIDEOSNAP_DEBUG=1`)."""
    return os.environ.get("VIDEOSNAP_DEBUG", "") not in ("", "0")


def unexpected(error: Exception) -> str:
    """The sentence for a mistake of ours: its text could carry anything, a secret too, so it is not shown.

    What the system refuses, such as a write to a full disk, is no mistake of ours.
    """
    if isinstance(error, OSError) and error.errno and error.strerror:
        return one_line(f"{error.filename or 'input or output'}: {error.strerror}")
    return (
        f"unexpected {type(error).__name__} in pulumi-videosnap; run the command "
        "again with VIDEOSNAP_DEBUG=1 to see where, and please report it"
    )


class VideosnapError(Exception):
    """Any error of the provider; `str()` is one line for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class InvalidInput(VideosnapError):
    """A value in the user's program breaks a rule.

    `path` names the input (`imageConfig.interval`), `reason` states the rule and what to set instead.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}" if path else reason)


class NotConfigured(VideosnapError):
    """Credentials, a profile or an endpoint are missing or unusable; the message says what to set."""


class CannotCheck(VideosnapError):
    """A check was not possible for another reason than a failed call; it says nothing about the tasks."""


class CallFailed(VideosnapError):
    """A call to a cloud did not succeed.

    `action` is the vendor's name of the call, `code` the vendor's error code (or `HTTP 502`; empty without a
    response), `request_id` the vendor's id of the call (empty when unknown), `reason` the bare cause.
    `may_have_acted` tells whether an attempt may have had its effect all the same.
    """

    outcome = "failed"
    may_have_acted = False

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
    """No response came: connection refused, TLS failed, or timed out until the deadline of the call."""

    outcome = "got no response"


class Throttled(CallFailed):
    """The rate limit was exceeded: by the service's count, or by ours before the call was made."""

    outcome = "was throttled"


class Unauthorized(CallFailed):
    """The service does not accept the key, the signature or its timestamp, or a permission is missing."""

    outcome = "was refused"


class NotFound(CallFailed):
    """The service does not know the task, or when stopping it: the task has already stopped.

    `at` is the time of the response in UTC by the service's clock, or by ours without a Date header.
    """

    outcome = "found nothing"

    def __init__(self, action: str, reason: str, *, at: datetime, **details: str) -> None:
        self.at = at
        super().__init__(action, reason, **details)


class Rejected(CallFailed):
    """The service understood the request and refuses it; repeating it does not help."""

    outcome = "was refused"


class ServiceFault(CallFailed):
    """The service failed, also when the call was retried."""

    outcome = "failed in the service"


class Garbled(CallFailed):
    """The response cannot be understood, so nothing may be concluded from it."""

    outcome = "got a response that cannot be understood"
    may_have_acted = True


class TaskConflict(VideosnapError):
    """A task with this id exists with other settings, which cannot be changed in place.

    `differences` lists them, such as `path: there "a", declared "b"`.
    """

    def __init__(self, task: str, differences: Sequence[str], advice: str) -> None:
        self.task = task
        self.differences = tuple(differences)
        super().__init__(f"{task} exists with other settings ({'; '.join(differences)}); {advice}")


class OutcomeUnknown(VideosnapError):
    """The task may have been created: the call was made, and no response told whether it had its effect.

    What drives the lifecycle records the task that was noted (`note_existing`), as one whose creation failed.
    """

    def __init__(self, task: str, cause: CallFailed) -> None:
        super().__init__(
            f"{cause}; {task} may be running nevertheless and is recorded: `pulumi up` adopts or starts it, "
            "`pulumi destroy` stops it"
        )


class TaskFailed(VideosnapError):
    """The task itself failed in the cloud; `reason` is the service's code and message."""

    def __init__(self, task: str, reason: str, advice: str = "") -> None:
        self.task = task
        self.reason = reason
        super().__init__(f"{task} failed: {reason}" + (f"; {advice}" if advice else ""))


class TaskUnfinished(VideosnapError):
    """Waiting for the end of the task timed out; the task goes on, and nothing is lost."""

    def __init__(self, task: str, state: str, waited: float) -> None:
        self.task = task
        super().__init__(
            f"{task} is still {state} after {waited:.0f} s; it goes on: run `pulumi up` again to wait for "
            "it, or raise `timeout` (or `custom_timeouts`, if set)"
        )


class Interrupted(VideosnapError):
    """The engine was told to stop while something was waited for; what was waited for goes on."""

    def __init__(self) -> None:
        super().__init__("cancelled while waiting; what it waited for goes on: run `pulumi up` again")
