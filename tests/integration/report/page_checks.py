"""Looking at the pages of reviews and drift runs: in a browser that is watched, and at their structure."""

import base64
import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from support.browser import watched


@contextmanager
def opened(browser: Browser, file: Path, width: int = 1280, **more: Any) -> Iterator[Page]:
    """A page in a browser; at the end it has printed nothing and requested nothing but itself."""
    with watched(browser, file.as_uri(), width, **more) as page:
        yield page.page
    assert set(page.requests) == {file.as_uri()}


WIDTHS = (360, 760, 1280)


class Structure(HTMLParser):
    """The elements and attributes of a page, and whether they are closed as they should be."""

    VOID = ("meta", "link", "br", "rect", "path", "circle", "use")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[tuple[str, str]] = Counter()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.update((tag, name) for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.update((tag, name) for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag


def assert_policy(text: str, own: str = "url(none)") -> None:
    """Only the page's own style and script are allowed, and nothing is loaded."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    rules = html.unescape(policy[1])
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        inline = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        assert inline is not None
        digest = base64.b64encode(hashlib.sha256(inline[1].encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in rules
    assert rules.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in rules
    assert "url(" not in text.replace(own, "")


def shape(text: str) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """What a page is made of, whatever strangers wrote."""
    found = Structure(text)
    assert found.open == []
    return found.tags, found.attributes


def plain(markdown: str) -> str:
    """A comment without what we write ourselves: what is left must be nothing but text."""
    lines = markdown.splitlines()[1:]
    rows = [re.sub(r"^\| (.*) \|$", lambda row: row[1].replace(" | ", " "), line) for line in lines]
    text = "\n".join(re.sub(r"^(### |- |> )", "", row) for row in rows)
    text = re.sub(r"</?(code|details|summary)>|<br>|&#\d+;|\*\*", "", text)
    return re.sub(r"`(\+|~|\+-|-)`|^--- --- .*$", "", text, flags=re.MULTILINE)


MEANS_SOMETHING = re.compile(r"[<>`*_\[\]#|~@$^{}\\]|&|://|www\.", re.IGNORECASE)
"""What Markdown, HTML or a host would read something into."""


def outside_of_code(markdown: str) -> str:
    """What a host looks for references in, as a reader sees it."""
    text = re.sub(r"<code>.*?</code>", " ", markdown.partition("\n")[2])
    return html.unescape(re.sub(r"</?(details|summary)>|<br>|^### |^- ", " ", text, flags=re.MULTILINE))
