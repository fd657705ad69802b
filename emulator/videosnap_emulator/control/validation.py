"""Validation of requests to the control API: known names only, each with a good value."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.control.responses import json_response
from videosnap_emulator.core import Json
from videosnap_emulator.core.persistence import WriteError

#: Bytes of a request's body, and of one that is an object.
MAXIMUM_BODY, MAXIMUM_OBJECT = 1 << 20, 900 << 20
Reader = Callable[[str, object], Any]
Operation = Callable[[Request, Any], Response]


class FieldError(ValueError):
    """A bad value in a request; `name` is the field."""

    def __init__(self, name: str, why: str):
        super().__init__(f"{name}: {why}")
        self.name = name


class TooLargeError(FieldError):
    """The body is longer than what is read of it."""


class NotFoundError(LookupError):
    """What a request names does not exist; the text says what."""


def read_fields(
    body: object, readers: Mapping[str, Reader], path: str = "", required: Iterable[str] = ()
) -> Json:
    """Return the fields of a JSON object, each as its reader returns it; raise FieldError.

    `path` names the object in errors when it is not the whole body.
    """
    if not isinstance(body, dict):
        raise FieldError(path or "body", "must be a JSON object" if not path else "must be an object")
    prefix = f"{path}." if path else ""
    for name in required:
        if name not in body:
            raise FieldError(prefix + name, "is required")
    for name in body:
        if name not in readers:
            raise FieldError(prefix + name, "is not a known name")
    return {name: readers[name](prefix + name, value) for name, value in body.items()}


def whole(allowed: range) -> Reader:
    """Return the reader of a whole number of a range."""

    def read(name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise FieldError(name, f"must be a whole number from {allowed[0]} to {allowed[-1]}")
        return value

    return read


def word(allowed: Sequence[str] | None = None) -> Reader:
    """Return the reader of a printable text, or of one of `allowed`."""

    def read(name: str, value: object) -> str:
        if (
            not isinstance(value, str)
            or not value.isprintable()
            or (allowed is not None and value not in allowed)
        ):
            raise FieldError(name, f"must be one of {', '.join(allowed)}" if allowed else "must be text")
        return value

    return read


def flag(name: str, value: object) -> bool:
    """Read a boolean."""
    if not isinstance(value, bool):
        raise FieldError(name, "must be true or false")
    return value


def array(read: Reader) -> Reader:
    """Return the reader of an array whose items `read` reads."""

    def read_all(name: str, value: object) -> list[Any]:
        if not isinstance(value, list):
            raise FieldError(name, "must be an array")
        return [read(f"{name}[{place}]", item) for place, item in enumerate(value)]

    return read_all


def number(least: float, most: float) -> Reader:
    """Return the reader of a number of a range."""

    def read(name: str, value: object) -> float:
        fits = not isinstance(value, bool) and isinstance(value, int | float)
        if not fits or not least <= value <= most:  # type: ignore[operator]
            raise FieldError(name, f"must be a number from {least:g} to {most:g}")
        return float(value)  # type: ignore[arg-type]

    return read


def query_whole(request: Request, name: str, default: int) -> int:
    """Read a whole number of the query."""
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdecimal():
        raise FieldError(name, "must be a whole number")
    return int(text)


def endpoint_of(operation: Operation, as_bytes: bool = False) -> Callable[[Request], Awaitable[Response]]:
    """Run `operation` off the event loop with the body, and turn what it raises into responses."""

    @wraps(operation)
    async def endpoint(request: Request) -> Response:
        try:
            raw = await _read_body(request, MAXIMUM_OBJECT if as_bytes else MAXIMUM_BODY)
            return await asyncio.to_thread(operation, request, raw if as_bytes else _json(raw))
        except TooLargeError as error:
            return json_response({"error": str(error), "field": error.name}, 413)
        except FieldError as error:
            return json_response({"error": str(error), "field": error.name}, 400)
        except WriteError as error:
            return json_response({"error": str(error)}, 507)
        except NotFoundError as error:
            return json_response({"error": f"no such {error}"}, 404)

    return endpoint


async def _read_body(request: Request, most: int) -> bytes:
    """Return the body; raise TooLargeError as soon as it is known to be too long."""
    body, length = bytearray(), request.headers.get("content-length", "0")
    chunks = request.stream()
    while max(len(body), int(length)) <= most:
        try:
            body += await anext(chunks)
        except StopAsyncIteration:
            return bytes(body)
    raise TooLargeError("body", f"is longer than {most} bytes; send less")


def _json(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise FieldError("body", "is not JSON") from None
