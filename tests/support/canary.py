"""Secrets as careless services repeat them, and whether a text gives one away in any of these forms."""

import base64
import html
import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "JSON": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "JSON, as short as it can be": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "URL": lambda text: quote(text, safe=""),
    "URL, every character": lambda text: "".join(f"%{ord(char):02x}" for char in text),
    "URL, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 after one character": lambda text: base64.b64encode(f":{text}".encode()).decode(),
    "base64 after two, for URLs": lambda text: base64.urlsafe_b64encode(f"k:{text}\n".encode()).decode(),
    "base64 in a URL": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "hexadecimal": lambda text: text.encode().hex(),
    "HEXADECIMAL": lambda text: text.encode().hex().upper(),
    "HTML": lambda text: html.escape(text).replace("/", "&#x2F;").replace("+", "&plus;"),
    "HTML, every character": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "split by blanks": " ".join,
    "split into lines": lambda text: "\n".join(text[at : at + 5] for at in range(0, len(text), 5)),
    "split by what is not seen": "\u200b".join,
}
WINDOW = 8
"""Characters of an encoded secret that must not be seen together."""


def leaks(shown: str, secret: str) -> list[str]:
    """The encodings in which a text shows a part of a secret; blanks do not count."""
    text = _squeezed(shown)
    return [name for name, encode in ENCODINGS.items() if _shows(text, _squeezed(encode(secret)))]


def _shows(text: str, encoded: str) -> bool:
    inner = encoded[4:-4]  # the ends of base64 depend on what is beside it
    return any(inner[at : at + WINDOW] in text for at in range(len(inner) - WINDOW + 1))


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]", "", text)


def echoes(secrets: Iterable[str]) -> dict[str, str]:
    """What a service repeats, by encoding."""
    return {name: " ".join(f"<{encode(one)}>" for one in secrets) for name, encode in ENCODINGS.items()}
