"""What the reporting commands share: report values, output formats, exit codes, injected dependencies.

To add a format to every command: an entry in `PRINTED` or `WRITTEN`, a field of `Reporter`, and its function
in the reporter of each command that has it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import IntEnum
from pathlib import Path
from typing import Any, Generic, TextIO, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from pulumi_videosnap.errors import InvalidInput

SCHEMA = "https://json-schema.org/draft/2020-12/schema"
PRINTED = {
    "json": "print the report as JSON",
    "markdown": "print the report as Markdown, for a comment or an issue",
}
"""Formats that replace the text on stdout, each with the help of its option."""
WRITTEN = {"html": "write the report as one HTML page"}
"""Formats that go to a file, beside what is printed."""


class ExitCode(IntEnum):
    """What every command exits with; a failure outweighs a finding."""

    AS_EXPECTED = 0
    FINDING = 1
    """What the command looks for was found: a risk, drift, a missing frame."""
    FAILED = 2
    """The command could not do all that it was called for."""


class ReportModel(BaseModel):
    """A part of a report; its JSON has camelCase names, as state has."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid")


def as_json(report: ReportModel) -> str:
    """A report for programs, in ASCII: nothing in it hides, moves or reverses what a terminal shows."""
    return to_json(json.loads(report.model_dump_json(by_alias=True)))


def to_json(content: Any) -> str:
    """JSON in ASCII without control characters; `json` leaves the last of them, DEL, as it is."""
    return json.dumps(content, indent=2).replace("\x7f", "\\u007f")


def schema_of(model: type[ReportModel]) -> str:
    """The JSON schema of a report."""
    schema: dict[str, Any] = model.model_json_schema(by_alias=True, mode="serialization")
    return json.dumps({"$schema": SCHEMA, **schema}, indent=2) + "\n"


Report = TypeVar("Report")


@dataclass(frozen=True)
class Reporter(Generic[Report]):
    """The formats of one command's report, a function for each; None where the command has no such format."""

    text: Callable[[Report], Iterable[str]]
    """The lines for a terminal."""
    markdown: Callable[[Report], str] | None = None
    html: Callable[[Report], str] | None = None
    json: Callable[[Any], str] | None = as_json
    options: Mapping[str, str] | None = None
    """Options that have another name than their format, such as {"html": "sheet"}."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add an option for each format that the command has; text is what it prints without one."""
        printed = parser.add_mutually_exclusive_group()
        for name, explanation in PRINTED.items():
            if getattr(self, name):
                printed.add_argument(self._option(name), dest=name, action="store_true", help=explanation)
        for name, explanation in WRITTEN.items():
            if getattr(self, name):
                parser.add_argument(
                    self._option(name), dest=name, type=Path, metavar="FILE", help=explanation
                )

    def _option(self, name: str) -> str:
        return f"--{(self.options or {}).get(name, name)}"

    def show(self, report: Report, options: argparse.Namespace, stream: TextIO | None = None) -> None:
        """Print the report as the options say: as text where they choose no other format."""
        chosen = next((name for name in PRINTED if getattr(options, name, False)), None)
        text = getattr(self, chosen)(report).rstrip("\n") if chosen else "\n".join(self.text(report))
        print(text, file=stream or sys.stdout, flush=True)

    def write(self, report: Report, options: argparse.Namespace) -> None:
        """Write the files that the options name, and say so on stderr."""
        for name in WRITTEN:
            if file := getattr(options, name, None):
                write_file(file, getattr(self, name)(report), self._option(name))
                print(f"{self._option(name)[2:]}: {file}", file=sys.stderr)  # noqa: T201


def write_file(file: Path, text: str, option: str) -> None:
    """Write a file that an option names: all of it, or nothing. InvalidInput where it cannot be written."""
    try:
        target = file.resolve()
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        if file.exists() and not file.is_file():  # such as /dev/stdout, which is not replaced
            file.write_text(text, encoding="utf-8")
            return
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as failed:
        raise InvalidInput(option, f"{file} cannot be written ({failed.strerror})") from None


def utc_now() -> datetime:
    """The present time in UTC."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Dependencies:
    """What a command takes from outside; a test passes its own."""

    open_bucket: Callable[..., Any] | None = None
    """Opens the bucket of a location, as `open_bucket` does; None where no bucket is to be listed."""
    config: Callable[[str], str | None] | None = None
    """Reads the configuration of the program that runs; None where state has it."""
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    listed: Callable[[int], None] | None = None
    """Called with the number of objects that were listed so far."""
    checked: Callable[[int, int], None] | None = None
    """Called with the number of resources that were checked, and of all."""
