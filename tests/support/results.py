"""The tables of a sweep: what tests counted, printed at the end of a run and kept for docs/reliability.md."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROW = "row of a table"
"""The property of a test that has the rows which it adds to the tables."""
Row = Mapping[str, Any]
Count = Callable[..., None]
FAULTS, HOSTILE, EMULATOR = "faults", "hostile", "emulator"


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """Add a row to a table: names that it is grouped by are texts, and numbers are summed."""
    return lambda table, **row: record_property(ROW, (table, row))


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "write what the tests counted into a JSON file; a table of which nothing ran stays as it is"
    parser.addoption("--results", type=Path, metavar="FILE", help=text)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, row in getattr(report, "user_properties", ()):
                if name == ROW and report.when == "call":
                    found[row[0]].append(row[1])
    if not found or not (config.option.sweep or config.option.results):
        return
    tables = {name: TABLES[name](rows) for name, rows in sorted(found.items())}
    for name, table in tables.items():
        terminalreporter.section(f"counted: {name}")
        for line in table:
            terminalreporter.write_line("  ".join(f"{key} {value}" for key, value in line.items()))
    if file := config.getoption("--results"):
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        lines = ",\n".join(
            f'"{name}": [\n' + ",\n".join(json.dumps(line, ensure_ascii=False) for line in table) + "\n]"
            for name, table in {**known, **tables}.items()
        )
        file.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def _sums(rows: Iterable[Row], *by: str) -> list[Row]:
    """The rows of equal names in one, their numbers summed."""
    found: dict[tuple[str, ...], dict[str, int]] = {}
    for row in rows:
        numbers = {name: value for name, value in row.items() if isinstance(value, int)}
        sums = found.setdefault(tuple(str(row[name]) for name in by), dict.fromkeys(numbers, 0))
        for name, value in numbers.items():
            sums[name] += value
    return [{**dict(zip(by, key, strict=True)), **sums} for key, sums in sorted(found.items())]


def _worst(rows: Iterable[Row]) -> list[Row]:
    """Of each behaviour its outcomes, and the most time and memory that it took anywhere."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["behaviour"]].append(row)
    return [
        {
            "behaviour": behaviour,
            "entry points": len(of),
            "outcomes": ", ".join(sorted({one["outcome"] for one in of})),
            "seconds": max(one["seconds"] for one in of),
            "megabytes": max(one["megabytes"] for one in of),
        }
        for behaviour, of in sorted(found.items())
    ]


TABLES: Mapping[str, Callable[[list[Row]], list[Row]]] = {
    FAULTS: lambda rows: [*_sums(rows, "scenario"), *_sums(rows, "fault"), *_sums(rows, "front")],
    HOSTILE: _worst,
    EMULATOR: lambda rows: _sums(rows, "situation"),
}
