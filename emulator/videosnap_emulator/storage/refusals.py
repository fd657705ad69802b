"""What the store refuses by itself: moto fails on many requests that it does not know, or misreads them.

Some sub-resources moto even takes for the object: their document would replace its body.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, unquote
from xml.parsers.expat import ExpatError

from videosnap_emulator.storage.http import S3Error, S3Request, WsgiResponse, bad_request

#: Parts of S3 that the store does not have, by the query parameter that asks for them.
_SUB_RESOURCES = {
    *("abac", "accelerate", "acl", "analytics", "annotation", "append", "attributes", "cors", "encryption"),
    *("intelligent-tiering", "inventory", "legal-hold", "lifecycle", "logging", "metadataConfiguration"),
    *("metadataInventoryTable", "metadataJournalTable", "metadataTable", "metrics", "notification"),
    *("object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "renameObject"),
    *("replication", "requestPayment", "restore", "retention", "select", "session", "tagging", "torrent"),
    *("versioning", "versions", "website"),
}
#: Query parameters that are numbers, and the least and the greatest.
_NUMBERS = {
    "max-keys": (0, 2**31 - 1),
    "max-parts": (0, 2**31 - 1),
    "max-uploads": (1, 1000),
    "part-number-marker": (0, 10_000),
    "partNumber": (1, 10_000),
}
_METHODS = "DELETE", "GET", "HEAD", "POST", "PUT"
#: What a POST may ask for; an object that is sent as a form is not served.
_POSTS = {"delete", "uploads", "uploadId"}
#: What XML cannot carry, or, as a carriage return, does not keep; XML that has it is no list of keys.
_NOT_XML = re.compile(b"[\x00-\x08\x0b-\x1f]|\xef\xbf[\xbe\xbf]")
_LONGEST_KEY = 1024
_COPY_SOURCE = re.compile(r"/?[^/]+/.+", re.DOTALL)
#: The code of an error that moto answers without a document.
_CODES = {
    400: "InvalidRequest", 403: "AccessDenied", 404: "NoSuchKey", 405: "MethodNotAllowed",
    412: "PreconditionFailed", 416: "InvalidRange",
}  # fmt: skip


def not_implemented(what: str) -> S3Error:
    """Return the error of a request that is right but not served."""
    return S3Error("501 Not Implemented", "NotImplemented", f"The emulator's store does not serve {what}.")


def _decode(name: str, text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeError:
        raise bad_request("InvalidURI", f"The {name} is not UTF-8") from None


def check(request: S3Request, copy_source: str | None, uploads: Collection[str]) -> None:
    """Raise S3Error for a request that the store does not serve; `uploads` are the unfinished ones."""
    if request.method not in _METHODS:
        message = "The specified method is not allowed against this resource."
        raise S3Error("405 Method Not Allowed", "MethodNotAllowed", message)
    _decode("query", request.query)
    _, _, key = _decode("path", request.path[1:]).partition("/")
    if len(key.encode()) > _LONGEST_KEY:
        raise bad_request("KeyTooLongError", "Your key is too long")
    if copy_source is not None:
        source = _decode("copy source", copy_source.partition("?")[0])
        if not _COPY_SOURCE.fullmatch(source):
            raise bad_request("InvalidArgument", "The copy source must be a bucket and a key")
    _check_query(request, dict(parse_qsl(request.query, keep_blank_values=True)), uploads)


def _check_query(request: S3Request, query: Mapping[str, str], uploads: Collection[str]) -> None:
    if named := _SUB_RESOURCES & query.keys():
        raise not_implemented(f"?{min(named)}")
    if request.method == "POST" and not _POSTS & query.keys():
        raise not_implemented("forms")
    for name, (least, greatest) in _NUMBERS.items():
        if name in query and not (query[name].isdecimal() and least <= int(query[name][:20]) <= greatest):
            raise bad_request("InvalidArgument", f"{name} must be a number from {least} to {greatest}")
    if "uploadId" in query and query["uploadId"] not in uploads:
        message = "The specified upload does not exist."
        raise S3Error("404 Not Found", "NoSuchUpload", message)


def explain(failure: Exception, request: S3Request) -> S3Error:
    """Return the S3 error for what moto raised: its own errors are no exceptions by then."""
    if isinstance(failure, ExpatError) or request.method == "POST":
        message = "The XML you provided was not well-formed or did not validate against our published schema."
        return bad_request("MalformedXML", message)
    return not_implemented("this request")


def check_response(response: WsgiResponse, request: S3Request) -> WsgiResponse:
    """Return the response; an error has a document, and a list holds only keys that XML can carry."""
    status, _, body = response
    number = int(status[:3])
    if number >= 400 and request.method != "HEAD" and b"<Error" not in body:  # noqa: PLR2004
        return S3Error(status, _CODES.get(number, "InvalidRequest"), status[4:]).response(request.path)
    if request.method == "GET" and not request.path[1:].partition("/")[2] and _NOT_XML.search(body):
        raise bad_request("InvalidArgument", "A key holds control characters: list with encoding-type=url")
    return response
