"""Reading requests to the control API: known names only, each with a good value."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Container, Mapping
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.faults import FieldError
from videosnap_emulator.files import json_answer
from videosnap_emulator.tasks import Json

Reader = Callable[[str, object], Any]
Work = Callable[[Request, Any], Response]


class Missing(LookupError):
    """What a request names does not exist; the text says what."""


def read_fields(asked: object, readers: Mapping[str, Reader]) -> Json:
    """Check a request's body."""
    if not isinstance(asked, dict):
        raise FieldError("body", "must be a JSON object")
    for name in asked:
        if name not in readers:
            raise FieldError(name, "is not a known name")
    return {name: readers[name](name, value) for name, value in asked.items()}


def whole(allowed: range) -> Reader:
    """Return the reader of a whole number of a range."""

    def read(name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise FieldError(name, f"must be a whole number from {allowed[0]} to {allowed[-1]}")
        return value

    return read


def word(allowed: Container[str] | None = None) -> Reader:
    """Return the reader of a text, of a few if `allowed` tells them."""

    def read(name: str, value: object) -> str:
        if (
            not isinstance(value, str)
            or not value.isprintable()
            or (allowed is not None and value not in allowed)
        ):
            raise FieldError(name, f"must be one of {allowed}" if allowed else "must be text")
        return value

    return read


def flag(name: str, value: object) -> bool:
    """Read a boolean."""
    if not isinstance(value, bool):
        raise FieldError(name, "must be true or false")
    return value


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


def answered(work: Work) -> Callable[[Request], Awaitable[Response]]:
    """Run `work` off the event loop with the JSON body, and turn what it raises into answers."""

    @wraps(work)
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        try:
            return await asyncio.to_thread(work, request, _parsed(raw))
        except FieldError as error:
            return json_answer({"error": str(error), "field": error.name}, 400)
        except Missing as error:
            return json_answer({"error": f"no such {error}"}, 404)

    return endpoint


def _parsed(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise FieldError("body", "is not JSON") from None
