"""Nonces that were used: a signed request is good once."""

from __future__ import annotations

from threading import Lock

from videosnap_emulator.clock import Milliseconds


class Nonces:
    """The used nonces of each access key, for as long as a request that carries one could still be valid."""

    def __init__(self, lifetime: Milliseconds):
        self._lifetime = lifetime
        self._lock = Lock()
        self._until: dict[tuple[str, str], Milliseconds] = {}

    def use(self, access_key: str, nonce: str, signed_at: Milliseconds, now: Milliseconds) -> bool:
        """Take a nonce; False when it is taken already."""
        # assumption: mps-nonce
        with self._lock:
            self._forget(now)
            key = access_key, nonce
            if key in self._until:
                return False
            self._until[key] = signed_at + self._lifetime
            return True

    def _forget(self, now: Milliseconds) -> None:
        """Drop the oldest; they are nearly in order of time, so few are looked at."""
        while self._until and (oldest := next(iter(self._until))) and self._until[oldest] < now:
            del self._until[oldest]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._until.clear()
