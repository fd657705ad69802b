"""One page of a listing, from the XML of the answer: parsed as it is fed, with nothing trusted.

boto3's own parser takes ten times as long, and takes what is no listing for an empty one.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACTIONS = {1: "ListObjects", 2: "ListObjectsV2"}
"""The versions of the call."""
ROOT = "ListBucketResult"
_ROW, _FIELD = 2, 3
"""Depths in the document: `<Contents>`, and `<Key>` in it."""


class NotAListing(ValueError):
    """The answer is no page of a listing, or half of one; the text says in what way."""


class Refusal(Exception):
    """The answer is an error, though its status says success."""


class Listed(NamedTuple):
    """One object as a listing tells it: its size in bytes, `modified` in UTC, `etag` without quotes."""

    key: str
    size: int
    modified: datetime
    etag: str


@dataclass(frozen=True)
class Page:
    """One page: its objects and common prefixes in the order of the answer, and how the listing goes on."""

    objects: list[Listed]
    folders: list[str]
    goes_on: bool
    token: str


def install(client: S3Client) -> None:
    """Make a client's listings come as `Page`, under that name in its answers.

    boto3 would ask for encoded keys always; with this, its caller decides.
    """
    from botocore import handlers  # noqa: PLC0415

    events = client.meta.events
    # It parses each answer to find errors in those that say success: `_take` does that on its way.
    if late_errors := getattr(handlers, "_handle_200_error", None):
        events.unregister("before-parse.s3.*", late_errors)
    for action in ACTIONS.values():
        events.register(f"before-parse.s3.{action}", _take)
        events.unregister(f"before-parameter-build.s3.{action}", handlers.set_list_objects_encoding_type_url)


def _take(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    if response_dict["status_code"] != 200:  # noqa: PLR2004
        return
    try:
        customized_response_dict["Page"] = parsed(response_dict["body"])
    except Refusal:
        # S3 may find out too late that it cannot answer; botocore reads the error then.
        response_dict["status_code"] = 500
    else:
        # Nothing is left for botocore to parse.
        response_dict["body"] = f"<{ROOT}/>".encode()


def parsed(body: bytes) -> Page:
    """The page that an answer holds; NotAListing when it holds none, or not all of one."""
    # The encoding is fixed, so that a declaration cannot hide what the bytes say.
    parser = ET.XMLParser(target=_Target(), encoding="utf-8")  # noqa: S314
    try:
        parser.feed(body)
        page: Any = parser.close()
    except ET.ParseError as error:
        raise NotAListing(f"its XML is broken ({error})") from None
    assert isinstance(page, Page)  # noqa: S101
    return page


class _Target:
    """What the parser tells of the document: builds no tree, so that a page takes the memory of its rows."""

    def __init__(self) -> None:
        self._depth = 0
        self._text: list[str] = []
        self._row: dict[str, str] = {}
        self._head: dict[str, str] = {}
        self._objects: list[dict[str, str]] = []
        self._folders: list[str] = []

    def doctype(self, *_: object) -> None:
        """A listing has none; what it could declare is entities."""
        raise NotAListing("its XML declares a document type")

    def start(self, tag: str, _: object) -> None:
        self._depth += 1
        self._text = []
        if self._depth == 1 and tag == "Error":
            raise Refusal
        if self._depth == 1 and _name(tag) != ROOT:
            raise NotAListing(f"it is <{_name(tag)[:40]}>")

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if depth == _FIELD:
            self._row[_name(tag)] = "".join(self._text)
        elif depth == _ROW:
            self._end_row(_name(tag))

    def _end_row(self, name: str) -> None:
        row, self._row = self._row, {}
        if name == "Contents":
            self._objects.append(row)
        elif name == "CommonPrefixes":
            self._folders.append(row.get("Prefix", ""))
        else:
            self._head[name] = "".join(self._text)

    def close(self) -> Page:
        """The page. Only now is it known whether its keys are encoded: the head may come after the rows."""
        head = self._head
        if (goes_on := head.get("IsTruncated", "").strip()) not in ("true", "false"):
            raise NotAListing("it does not say whether it goes on")
        decode = _decoded if head.get("EncodingType") == "url" else str
        try:
            objects = [_listed(row, decode) for row in self._objects]
            folders = [decode(folder) for folder in self._folders]
        except (KeyError, ValueError) as error:
            raise NotAListing(f"an object in it cannot be read ({type(error).__name__}: {error})") from None
        token = head.get("NextContinuationToken") or decode(head.get("NextMarker", ""))
        return Page(objects, folders, goes_on == "true", token)


def _name(tag: str) -> str:
    """The tag without its namespace, which differs from vendor to vendor."""
    return tag.rpartition("}")[2]


def _listed(row: dict[str, str], decode: Callable[[str], str]) -> Listed:
    size = int(row["Size"])
    return Listed(decode(row["Key"]), size, moment(row["LastModified"]), row.get("ETag", "").strip('"'))


def moment(text: str) -> datetime:
    """A moment of the protocol, such as 2024-05-06T07:08:09.000Z, in UTC."""
    when = datetime.fromisoformat(text[:-1] if text.endswith("Z") else text)
    return when.replace(tzinfo=timezone.utc) if when.tzinfo is None else when.astimezone(timezone.utc)


def _decoded(text: str) -> str:
    # Most keys need no decoding, and looking is much faster than doing it.
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text
