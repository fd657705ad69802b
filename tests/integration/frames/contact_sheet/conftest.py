"""Opening sheets as a reader does: from a file, in a browser that complains and is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

from integration.frames.contact_sheet import samples
from pulumi_videosnap.frames.contact_sheet import render


@dataclass
class Watched:
    """An open sheet, and what it did that it should not."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def note_console(self, said: ConsoleMessage) -> None:
        self.complaints.append(said.text)

    def note_dialog(self, dialog: Dialog) -> None:
        """An alert: somebody's key was run."""
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def note_request(self, request: Request) -> None:
        if not request.url.startswith("data:"):
            self.requests.append(request.url)


Open = Callable[..., Watched]


@cache
def sheet(of: str | int) -> str:
    """The sheet of so many frames, or of hostile names."""
    return render(samples.hostile() if of == "hostile" else samples.story(int(of)))


@pytest.fixture
def open_sheet(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a sheet; at the end it must have said nothing and asked for nothing but itself."""
    with ExitStack() as stack:

        def open_it(of: str | int = 12, width: int = 1440, scheme: Any = "light", **options: Any) -> Watched:
            file = tmp_path / f"{of}.html"
            file.write_text(sheet(of), encoding="utf-8")
            context = browser.new_context(
                viewport={"width": width, "height": 800},
                color_scheme=scheme,
                reduced_motion="reduce",
                **options,
            )
            stack.callback(context.close)
            context.set_default_timeout(8000)
            watched = Watched(context.new_page())
            stack.callback(_check, watched, file.as_uri())
            watched.page.on("console", watched.note_console)
            watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
            watched.page.on("dialog", watched.note_dialog)
            watched.page.on("request", watched.note_request)
            watched.page.goto(file.as_uri())
            return watched

        yield open_it


def _check(watched: Watched, own: str) -> None:
    assert watched.complaints == []
    assert watched.requests == [own]
