"""A folder that keeps the report of each run, and an index of them; whatever else lies there is left alone.

A file is written under a hidden name and then renamed, so nobody ever sees half of one, and a run that is
broken off leaves none. The hidden name also claims the other: two runs of one second get two names.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

from pulumi_videosnap.drift.entries import Entry, Kept
from pulumi_videosnap.drift.html import as_html, index_html
from pulumi_videosnap.drift.model import DriftReport
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.report.base import as_json
from pulumi_videosnap.report.formatting import utc

INDEX = "index.html"
NEWEST = 500
"""Runs that the index lists; the files of those before them stay."""
LARGEST = 64_000_000
"""Bytes of a report that is still read."""
TIMES = 5
"""So often the index is written anew while other runs end."""

_OURS = re.compile(r"drift-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?")


def write(report: DriftReport, folder: Path) -> Path:
    """Keep a report in a folder and renew the index; returns the report's page."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page = as_html(report, (*reversed(kept(folder).entries), entry_of(report)))
        claimed, file = _claim(folder, report.at)
        _put(claimed, file, page)
        _put(_hidden(file.with_suffix(".json")), file.with_suffix(".json"), as_json(report) + "\n")
        _renew_index(folder)
    except OSError as failed:
        raise VideosnapError(
            f"the report cannot be kept in {folder} ({failed.strerror or type(failed).__name__}); "
            "name a folder that can be written"
        ) from None
    return file


def entry_of(report: DriftReport) -> Entry:
    """The entry of a report that is not kept yet."""
    return Entry.model_validate_json(as_json(report))


def kept(folder: Path) -> Kept:
    """The runs that are kept in a folder."""
    names = _names(folder)
    runs = sorted((name for name in names if _is_ours(name, ".json")), key=_order, reverse=True)
    entries: list[Entry] = []
    unread: list[tuple[str, str]] = []
    for name in runs[:NEWEST]:
        found = _read(folder / name)
        if isinstance(found, Entry):
            entries.append(found)
        else:
            unread.append((name, found))
    unread += _strangers(names)
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return Kept(entries=tuple(entries), unread=tuple(unread), older=len(runs[NEWEST:]))


def _names(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208


def _is_ours(name: str, suffix: str) -> bool:
    return name.endswith(suffix) and bool(_OURS.fullmatch(name.removesuffix(suffix)))


def _order(name: str) -> tuple[str, int]:
    """By the moment, and within a second by the number."""
    moment, _, number = name.removeprefix("drift-").partition(".")[0].partition("-")
    return moment, int(number or 1)


def _read(file: Path) -> Entry | str:
    """The entry in a file, or why there is none."""
    try:
        if not file.is_file():
            return "no file"
        if file.stat().st_size > LARGEST:
            return "too large for a report"
        entry = Entry.model_validate_json(file.read_bytes())
    except OSError as failed:
        return failed.strerror or type(failed).__name__
    except (ValueError, OverflowError):  # among them a day that no calendar has in UTC
        return "no report of a drift check, or a damaged one"
    page = file.with_suffix(".html")
    return entry.model_copy(update={"page": page.name if page.is_file() else ""})


def _strangers(names: list[str]) -> Iterator[tuple[str, str]]:
    """Files that no run wrote, and pages of runs that were broken off."""
    for name in names:
        if _is_ours(name, ".html") and f"{name.removesuffix('.html')}.json" not in names:
            yield name, "its data is missing: the run was broken off"
        elif name != INDEX and not _is_ours(name, ".html") and not _is_ours(name, ".json"):
            yield name, "not of a drift run"


def _hidden(file: Path) -> Path:
    return file.with_name(f".{file.name}.new")


def _claim(folder: Path, at: datetime) -> tuple[Path, Path]:
    """A name that no other run has or will have: the hidden file that claims it, and the file itself."""
    for number in count(1):
        again = f"-{number}" if number > 1 else ""
        file = folder / f"drift-{utc(at):%Y%m%dT%H%M%SZ}{again}.html"
        try:
            _hidden(file).touch(exist_ok=False)
        except FileExistsError:
            continue
        if not file.exists() and not file.with_suffix(".json").exists():
            return _hidden(file), file
        _hidden(file).unlink()
    raise AssertionError("numbers do not end")


def _put(hidden: Path, file: Path, text: str) -> None:
    """Write a whole file or none."""
    try:
        with hidden.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        hidden.replace(file)
    except BaseException:
        hidden.unlink(missing_ok=True)
        raise


def _renew_index(folder: Path) -> None:
    """Write the index; once more if another run has ended meanwhile, whose index may be without this one."""
    for _ in range(TIMES):
        before = _names(folder)
        hidden = folder / f".{INDEX}.{secrets.token_hex(4)}.new"
        _put(hidden, folder / INDEX, index_html(kept(folder)))
        if set(_names(folder)) <= {*before, INDEX}:
            return
