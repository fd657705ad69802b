"""One deadline for a whole response: status line, 1xx responses, headers, chunk sizes, trailers and body.

A socket's own timeout starts again with every byte, so a service that sends one from time to time never runs
into it. Here each read gets only what is left of the time that the socket had when the response began.
"""

from __future__ import annotations

import contextlib
import io
import math
import time
from http import HTTPStatus
from typing import Any

MIN_RATE = 64 * 1024
"""Bytes a second: an object that arrives faster may take longer than the timeout of a response."""
MAX_REST = 16 * 1024 * 1024
"""Bytes of a response that is no object: a refusal, or one that does not say how long it is."""


class _BoundedReader(io.RawIOBase):
    """What a socket receives, until a deadline; `rate` bytes received move it by a second."""

    def __init__(self, raw: io.RawIOBase, sock: Any, rate: float) -> None:
        self._raw = raw
        self._sock = sock
        self._rate = rate
        self._length = -math.inf
        self._timeout: float | None = sock.gettimeout()
        self._deadline = math.inf if self._timeout is None else time.monotonic() + self._timeout

    def is_no_object(self) -> None:
        """Hold on to the deadline from now on, and to a length."""
        self._rate, self._length = math.inf, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline < math.inf:
            if (left := self._deadline - time.monotonic()) <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left)
        received = self._raw.readinto(buffer)
        self._deadline += (received or 0) / self._rate
        self._length += received or 0
        if self._length > MAX_REST:
            raise ConnectionResetError(f"more than {MAX_REST} bytes")
        return received

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the connection goes back to its pool as it was
            self._sock.settimeout(self._timeout)
        self._raw.close()
        super().close()


def bound_responses(connection: type[Any], rate: float = math.inf) -> type[Any]:
    """A class of `http.client` connections like `connection`, whose responses have one deadline each."""

    response: Any = connection.response_class

    def __init__(self: Any, sock: Any, *args: Any, **kwargs: Any) -> None:
        response.__init__(self, sock, *args, **kwargs)
        self.reader = _BoundedReader(self.fp.detach(), sock, rate)
        self.fp = io.BufferedReader(self.reader)

    def begin(self: Any) -> None:
        response.begin(self)
        if self.length is None or self.status >= HTTPStatus.MULTIPLE_CHOICES:
            self.reader.is_no_object()

    bounded = type(response.__name__, (response,), {"__init__": __init__, "begin": begin})
    return type(connection.__name__, (connection,), {"response_class": bounded})
