"""Expected texts as files in tests/data/golden; `--update-golden` writes what the code says now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "data" / "golden"

Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/data/golden; read its diff")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with the golden file of a name."""
    update = request.config.option.update_golden

    def compare(name: str, text: str) -> None:
        file = FOLDER / name
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.exists(), f"{file} is missing: run pytest with --update-golden and read what it wrote"
        assert text == file.read_text(encoding="utf-8"), f"{name} differs: run pytest with --update-golden"

    return compare
