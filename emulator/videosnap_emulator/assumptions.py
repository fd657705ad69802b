"""What the vendors' documents leave open, and what this emulator does there. One table, shown by the page."""

from __future__ import annotations

from videosnap_emulator.alibaba_mps.assumptions_cutting import CUTTING_ASSUMPTIONS
from videosnap_emulator.alibaba_mps.assumptions_wire import WIRE_ASSUMPTIONS
from videosnap_emulator.assumption import Assumption
from videosnap_emulator.volcengine_rtc.assumptions import RTC_ASSUMPTIONS

__all__ = ["ASSUMPTIONS", "Assumption"]

ASSUMPTIONS = (
    *(one._replace(api="RTC") for one in RTC_ASSUMPTIONS),
    *(one._replace(api="MPS") for one in (*WIRE_ASSUMPTIONS, *CUTTING_ASSUMPTIONS)),
)
