"""What every emulated service shares: clock, scheduler, persistence, call log, faults, rate limits."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
