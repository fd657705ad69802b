"""Reads answers with a bound: so many bytes, so much time, and not fewer bytes than were promised.

boto3 alone would read an endless answer into memory, wait on one that trickles, and take one that was cut
off for whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer that is not an object: a page of 1000 keys, each as long as can be, has 5 million."""
PATIENCE = 15.0
SLOWEST = 32 * 1024
"""An answer may take PATIENCE seconds, and one more for each SLOWEST bytes."""
PIECE = 64 * 1024


def install(client: S3Client) -> None:
    """Make a client read its answers in this way."""
    # botocore has no public place for this; without the attribute, answers are read as botocore does.
    endpoint: Any = getattr(client, "_endpoint", None)
    if hasattr(endpoint, "http_session"):
        endpoint.http_session = _Session(endpoint.http_session)


class _Session:
    """Stands in for botocore's HTTP session."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def send(self, request: Any) -> Any:
        """Send a request; its answer is read already, or, for an object, will be read piece by piece."""
        from botocore.awsrequest import AWSResponse  # noqa: PLC0415

        is_object, request.stream_output = request.stream_output, True
        answer = self._session.send(request)
        body: Any = Body(answer.raw, request.url, promised=_promised(request.method, answer.headers))
        if not is_object or answer.status_code >= 300:  # noqa: PLR2004
            body = Whole(_harmless(body.rest(MAX_ANSWER), answer.status_code))
        return AWSResponse(answer.url, answer.status_code, answer.headers, body)

    def close(self) -> None:
        self._session.close()


def _harmless(content: bytes, status: int) -> bytes:
    """The content of a refusal, which botocore will parse, unless it declares entities."""
    return b"" if status >= 300 and b"<!" in content else content  # noqa: PLR2004


class Whole:
    """A body that has been read, in the form that botocore asks for."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """The content, in one piece."""
        yield self._content


class Body:
    """A body on its way; every way of not arriving whole is one of botocore's errors."""

    def __init__(self, raw: Any, url: str, promised: int | None) -> None:
        self._raw = raw
        self._url = url
        self._promised = promised
        self._got = 0
        self._began = time.monotonic()

    def rest(self, limit: int) -> bytes:
        """All of it; TooLarge when it is longer than `limit` bytes."""
        content = bytearray()
        while piece := self.read(PIECE):
            content += piece
            if len(content) > limit:
                self.close()
                raise too_large(limit)
        return bytes(content)

    def read(self, amount: int = PIECE) -> bytes:
        """What has arrived, at most `amount` bytes; empty at the end."""
        piece = self._piece(amount)
        self._got += len(piece)
        if not piece and self._promised not in (None, self._got):
            raise self._broken(f"{self._got} of {self._promised} bytes")
        if time.monotonic() - self._began > PATIENCE + self._got / SLOWEST:
            raise self._silent()
        return piece

    def close(self) -> None:
        """Let go of the connection, which cannot be used again."""
        self._raw.close()

    def _piece(self, amount: int) -> bytes:
        import urllib3.exceptions  # noqa: PLC0415

        try:
            # read1 returns what has arrived, so that a trickle of bytes cannot outlast our patience.
            return bytes(self._raw.read1(amount, decode_content=False))
        except urllib3.exceptions.TimeoutError:
            raise self._silent() from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._broken(type(error).__name__) from None

    def _silent(self) -> Exception:
        from botocore.exceptions import ReadTimeoutError  # noqa: PLC0415

        self.close()
        return ReadTimeoutError(endpoint_url=self._url)

    def _broken(self, how: str) -> Exception:
        from botocore.exceptions import ResponseStreamingError  # noqa: PLC0415

        self.close()
        return ResponseStreamingError(error=how)


def _promised(method: str, headers: Any) -> int | None:
    length = headers.get("content-length")
    if method == "HEAD" or length is None or not str(length).isdecimal():
        return None
    return int(length)


def too_large(limit: int) -> Exception:
    """The error for an answer that is longer than we are willing to hold."""
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    class TooLarge(BotoCoreError):
        fmt = "more than {limit} bytes"

    return TooLarge(limit=limit)
