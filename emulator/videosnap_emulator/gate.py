"""What every endpoint checks its calls against, and what tests may set wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from videosnap_emulator.clock import Milliseconds, host_clock
from videosnap_emulator.faults import Faults
from videosnap_emulator.quota import Quota


@dataclass
class Gate:
    """Shared by the endpoints; `skew` (s) makes the host's clock wrong on purpose."""

    check_signature: bool = True
    host_time: Callable[[], Milliseconds] = host_clock
    skew: float = 0.0
    quota: Quota = field(default_factory=Quota)
    faults: Faults = field(default_factory=Faults)

    def real_now(self) -> Milliseconds:
        """Return the time that signatures are checked against."""
        return self.host_time() + round(self.skew * 1000)

    def reset(self) -> None:
        """Forget skew, faults and quota."""
        self.skew = 0.0
        self.faults.set([])
        self.quota.reset()
