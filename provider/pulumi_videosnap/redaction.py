"""Masks secrets in untrusted text, in every form in which services and libraries repeat what they were sent.

Raw; escaped as JSON, in a URL or as HTML, also twice; in hexadecimal; in base64 at any place within another
text; each also split by blanks, line breaks or invisible characters. The time is linear in the text's length.
"""

from __future__ import annotations

import base64
import functools
import html
import re
from collections.abc import Iterable, Iterator, Sequence

MAX_ENCODED = 12
"""Characters at most for one character of a secret, such as `\\\\u0041`."""
_ROUNDS = 2
"""How often a text may be escaped."""
_SHORTEST = 6
"""Characters of an encoded form that is looked for: a shorter one also occurs by chance."""
_SHORTEST_START = 4
"""Characters of a text that show the start of a secret: fewer tell nothing of it."""
_ESCAPE = re.compile(
    r"%([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\([^\w\s])"
    r"|(&\#?\w{1,32};)"
    r"|\\[abefnrtv]|[\s\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+"
)
"""What stands for another character, or for none."""
_CUT = re.compile(r"(%[0-9a-fA-F]?|\\[ux]?[0-9a-fA-F]{0,3}|&\#?\w{0,32})?…")
"""Where a text was cut off, with what is left of an escape before it."""

Spans = list[tuple[int, int]]
"""Where each character of a decoded text was in the original one."""


def mask(text: str, secrets: Sequence[str], mark: str = "****", *, cut: bool = False) -> str:
    """A text with a mark in the place of each secret; if it was `cut` off (…), also of the start of one."""
    forms = _forms(tuple(sorted(secrets)))
    found = sorted(set(_find(text, forms, cut))) if forms else []
    parts, end = [], 0
    for start, stop in found:
        if start >= end:
            parts += [text[end:start], mark]
        end = max(end, stop)
    return "".join((*parts, text[end:]))


def mask_values(text: str, values: Iterable[str], mark: str) -> str:
    """A text with a mark in the place of values that a program chose; a short one counts as a whole word."""
    long, short = set[str](), set[str]()
    for value in filter(None, values):
        (long if len(value) >= _SHORTEST else short).add(value)
    text = mask(text, sorted(long), mark, cut=True)
    for value in short:
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", mark, text)
    return text.replace(f"'{mark}'", mark)


@functools.lru_cache(maxsize=64)
def _forms(secrets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for secret in secrets if secret for form in _forms_of(secret)))


def _forms_of(secret: str) -> Iterator[str]:
    raw = secret.encode(errors="surrogatepass")
    yield from (secret, "".join(secret.split()) or secret, raw.decode("latin-1"))
    encoded = [raw.hex(), raw.hex().upper()]
    for before, skip in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(raw)) // 3 * 4  # the last characters depend on what follows
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded.append(encode(b"\0" * before + raw).decode()[skip:whole])
    yield from (form for form in encoded if len(form) >= _SHORTEST)


def _find(text: str, forms: tuple[str, ...], cut: bool) -> Iterator[tuple[int, int]]:
    """Where the forms are, in the text as it is and decoded."""
    spans: Spans = [(at, at + 1) for at in range(len(text))]
    for _ in range(_ROUNDS + 1):
        for form in forms:
            at = text.find(form)
            while at >= 0:
                yield spans[at][0], spans[at + len(form) - 1][1]
                at = text.find(form, at + len(form))
        for start, end in _starts(text, forms) if cut else ():
            if spans[end - 1][1] - spans[start][0] >= _SHORTEST_START:
                yield spans[start][0], spans[end - 1][1]
        decoded, spans = _decode(text, spans)
        if decoded == text:
            return
        text = decoded


def _starts(text: str, forms: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Where a text was cut off inside of a form: the start of the form, and the end of what is left of it."""
    for found in _CUT.finditer(text):
        end = found.end() - 1
        for stop in {found.start(), end}:
            for form in forms:
                sizes = range(min(len(form), stop), 0, -1)
                if size := next((one for one in sizes if text.startswith(form[:one], stop - one)), 0):
                    yield stop - size, end


def _decode(text: str, spans: Spans) -> tuple[str, Spans]:
    """A text with one round of escapes undone and without blanks."""
    parts: list[str] = []
    kept: Spans = []
    end = 0
    for found in _ESCAPE.finditer(text):
        start, stop = found.span()
        char = _character(found)
        parts += [text[end:start], char]
        kept += spans[end:start]
        kept += [(spans[start][0], spans[stop - 1][1])] * len(char)
        end = stop
    return "".join((*parts, text[end:])), kept + spans[end:]


def _character(escape: re.Match[str]) -> str:
    percent, unicode, byte, other, entity = escape.groups()
    if code := percent or unicode or byte:
        return chr(int(code, 16))
    return other or (html.unescape(entity) if entity else "")
