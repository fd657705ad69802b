"""The files under tests/data: tables of cases as JSON, programs, and golden files of expected texts.

`--update-golden` writes to the golden files what the code says now.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_DATA = Path(__file__).parent.parent / "data"


def load(name: str) -> Any:
    """The content of a file, by its path under tests/data."""
    return json.loads(read(name))


def read(name: str) -> str:
    """The text of a file, by its path under tests/data."""
    return (_DATA / name).read_text("utf-8")


Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/data/golden; read its diff")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with the golden file of a name."""
    update = request.config.option.update_golden

    def compare(name: str, text: str) -> None:
        file = _DATA / "golden" / name
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.exists(), f"{file} is missing: run pytest with --update-golden and read what it wrote"
        assert text == file.read_text(encoding="utf-8"), f"{name} differs: run pytest with --update-golden"

    return compare
