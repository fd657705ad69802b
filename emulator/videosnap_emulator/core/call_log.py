"""The log of API calls, which the page and tests read. It holds no secrets."""

from __future__ import annotations

from dataclasses import dataclass, field

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds, rfc3339
from videosnap_emulator.core.persistence import Table, maker

#: How many calls the log holds; older ones are dropped.
MAXIMUM_CALLS = 5000


@dataclass
class Call:
    """One call: times in Unix ms, `duration` in ms; `status` None means no answer was sent."""

    time: Milliseconds
    real_time: Milliseconds
    action: str
    seq: int = 0
    status: int | None = None
    code: str | None = None
    signature: str = "missing"
    access_key: str | None = None
    duration: float = 0.0
    qps_used: int = 0
    qps_limit: int = 0
    summary: Json = field(default_factory=dict)
    fault: str | None = None
    service: str = ""
    request_id: str = ""

    def view(self) -> Json:
        """Return the call as the control API shows it."""
        return {
            "seq": self.seq,
            "service": self.service,
            "time": rfc3339(self.time),
            "realTime": rfc3339(self.real_time),
            "action": self.action,
            "httpStatus": self.status,
            "code": self.code,
            "requestId": self.request_id,
            "signature": self.signature,
            "accessKey": self.access_key,
            "durationMs": round(self.duration, 3),
            "qpsUsed": self.qps_used,
            "qpsLimit": self.qps_limit,
            "summary": self.summary,
            "fault": self.fault,
        }


class CallLog:
    """The latest calls. `last` keeps rising when the log is cleared, so a reader's `after` stays good."""

    def __init__(self) -> None:
        self.table: Table[int, Call] = Table("calls", maker(Call), ("seq",), limit=MAXIMUM_CALLS)
        self.last = 0

    def add(self, call: Call) -> None:
        """Number the call and enter it."""
        self.last += 1
        call.seq = self.last
        self.table[call.seq] = call

    def after(self, seq: int) -> list[Call]:
        """Return the calls after number `seq`, oldest first."""
        return [call for call in self.table.values() if call.seq > seq]


def mask(access_key: str | None) -> str | None:
    """Return the ends of an access key, enough to tell two apart."""
    if not access_key:
        return None
    return f"{access_key[:4]}****{access_key[-4:]}" if len(access_key) > 11 else "****"  # noqa: PLR2004


_SECRET_WORDS = ("accesskey", "secret", "token", "password")
_LONGEST, _DEEPEST, _MOST = 256, 6, 40


def without_secrets(value: object, depth: int = 0) -> object:
    """Copy request parameters, dropping secrets and cutting what is too long or too deep to show."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, dict):
        items = list(value.items())[:_MOST]
        return {str(k)[:64]: without_secrets(v, depth + 1) for k, v in items if not _is_secret(str(k))}
    if isinstance(value, list):
        return [without_secrets(item, depth + 1) for item in value[:_MOST]]
    return value[:_LONGEST] if isinstance(value, str) else value


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET_WORDS)
