"""The order of the tests by layer, the time of each layer, and what tests counted, at the end of a run."""

from collections import Counter, defaultdict
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

LAYERS = ("e2e", "integration", "browser", "emulator", "unit")
"""Long tests first, so that no worker is left with one at the end."""
COUNTED = "counted"
"""The property of a test (`record_property`) whose text is printed at the end of a run."""
TESTS = Path(__file__).parents[1]
_seconds: defaultdict[str, float] = defaultdict(float)
_tests: Counter[str] = Counter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long layers first, and the modules dealt to two halves, since xdist gives each worker a half."""
    for item in items:
        if layer_of(item.path) == "e2e":
            item.add_marker("engine")
    modules = [list(found) for _, found in groupby(items, key=lambda item: item.path)]
    modules.sort(key=lambda module: _rank(module[0]))
    halves: tuple[list[pytest.Item], list[pytest.Item]] = ([], [])
    for module in modules:
        min(halves, key=len).extend(module)
    items[:] = halves[0] + halves[1]


def _rank(item: pytest.Item) -> int:
    layer = layer_of(item.path)
    return LAYERS.index(layer) if layer in LAYERS else len(LAYERS)


def layer_of(file: Path) -> str:
    """The folder of the tests that a file is in."""
    return file.relative_to(TESTS).parts[0] if file.is_relative_to(TESTS) else file.parent.name


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    layer = Path(report.nodeid).parts[1]
    _seconds[layer] += report.duration
    _tests[layer] += report.when == "call"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, text in getattr(report, "user_properties", ()):
                if name == COUNTED and report.when == "call":
                    terminalreporter.write_line(str(text))
    terminalreporter.section("seconds of all workers by layer")
    for layer, seconds in sorted(_seconds.items(), key=lambda one: -one[1]):
        terminalreporter.write_line(f"{seconds:8.1f} s  {_tests[layer]:5} tests  {layer}")
