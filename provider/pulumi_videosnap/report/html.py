"""What every HTML file of ours is made with: the templates' environment, and the policy that guards it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from pulumi_videosnap.report.formatting import visible


@cache
def environment(*folders: Path) -> jinja2.Environment:
    """Templates of these folders; whatever they put out is escaped, and hidden characters are written out."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["percent"] = _percent
    made.filters["prose"] = prose
    return made


def _percent(thousandths: float) -> str:
    return f"{thousandths / 10:.5g}%"


def prose(text: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    parts = str(visible(" ".join(text.split()))).split("`")
    if len(parts) % 2 == 0:  # a backtick without its other
        parts = ["`".join(parts)]
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if at % 2 else part for at, part in enumerate(parts))


def ours(text: str) -> Markup:
    """A text of our own, which is put out as it is."""
    return Markup(text)  # noqa: S704


def joined(files: Iterable[Path]) -> str:
    """The text of some of our own files."""
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def policy(style: str, script: str) -> str:
    """Nothing is loaded, and nothing runs but these two texts."""
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
