"""Reads the profile files that vendors' own tools write; a file that is not there holds nothing.

NotConfigured names a file that cannot be read, and never quotes it: it holds secrets.
"""

from __future__ import annotations

import configparser
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.http.credentials import Keys


def json_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when the file holds something else."""
    text = _text(path)
    try:
        content = json.loads(text) if text.strip() else {}
    except ValueError:
        # Not chained: the decoder's exception carries the whole file.
        raise NotConfigured(f"{path} cannot be read as JSON: mend or remove it") from None
    return content if isinstance(content, dict) else {}


def ini_section(path: Path, name: str) -> dict[str, str] | None:
    """The settings of one section of an INI file; None when there is no such section."""
    sections = configparser.ConfigParser(interpolation=None)
    try:
        sections.read_string(_text(path))
    except configparser.Error:
        # Not chained: the parser quotes the line it cannot read.
        raise NotConfigured(f"{path} cannot be read as an INI file: mend or remove it") from None
    return dict(sections[name]) if sections.has_section(name) else None


def keys_in(place: str, entry: Mapping[str, Any], names: tuple[str, str, str]) -> Keys | None:
    """The key pair and token that an entry holds under these names; None when it holds neither half."""
    access_key, secret_key, session_token = (str(entry.get(name) or "").strip() for name in names)
    if not access_key and not secret_key:
        return None
    return Keys(
        place,
        access_key,
        secret_key,
        session_token,
        access_name=f"{names[0]} in {place}",
        secret_name=f"{names[1]} in {place}",
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as unreadable:
        raise NotConfigured(f"{path} cannot be read ({type(unreadable).__name__})") from None
