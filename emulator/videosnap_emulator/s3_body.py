"""Request bodies under AWS Signature Version 4: plain, with a hash, or in (signed) chunks with trailers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import zlib
from collections.abc import Callable

from .s3_signature import ALGORITHM, UNSIGNED, Refused, Seal, bad_request

STREAMING = (
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    f"STREAMING-{ALGORITHM}-PAYLOAD",
    f"STREAMING-{ALGORITHM}-PAYLOAD-TRAILER",
)
_EMPTY = hashlib.sha256(b"").hexdigest()
_CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda data: hashlib.sha256(data).digest(),
}


def open_body(seal: Seal, raw: bytes) -> tuple[bytes, dict[str, str]]:
    """Check the body against the seal; give the payload and its trailing headers."""
    if seal.payload in STREAMING:
        payload, trailers = _open_chunks(seal, raw)
        for name, value in trailers.items():
            if name in _CHECKSUMS and base64.b64encode(_CHECKSUMS[name](payload)).decode() != value:
                raise bad_request(
                    "BadDigest", f"The {name} you specified did not match the calculated checksum."
                )
        return payload, trailers
    if seal.payload != UNSIGNED and not hmac.compare_digest(
        hashlib.sha256(raw).hexdigest().encode(), seal.payload.encode()
    ):
        raise bad_request(
            "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match."
        )
    return raw, {}


def _open_chunks(seal: Seal, raw: bytes) -> tuple[bytes, dict[str, str]]:
    payload, at, last, signed = bytearray(), 0, seal.signature, "HMAC" in seal.payload
    while True:
        end = raw.find(b"\r\n", at)
        match = re.fullmatch(
            rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?", raw[at : max(end, at)]
        )
        if match is None:
            raise bad_request("IncompleteBody", "The request body is not a complete aws-chunked stream")
        start, size = end + 2, int(match[1], 16)
        chunk = raw[start : start + size]
        if signed:
            last = _check_chunk(seal, last, chunk, (match[2] or b"").decode())
        if size == 0:
            return bytes(payload), _trailers(seal, last, raw[start:])
        if raw[start + size : start + size + 2] != b"\r\n":
            raise bad_request("IncompleteBody", "The request body is not a complete aws-chunked stream")
        payload += chunk
        at = start + size + 2


def _check_chunk(seal: Seal, last: str, chunk: bytes, given: str) -> str:
    head = (f"{ALGORITHM}-PAYLOAD", seal.stamp, seal.scope, last, _EMPTY)
    if not hmac.compare_digest(seal.sign(*head, hashlib.sha256(chunk).hexdigest()).encode(), given.encode()):
        raise Refused("403 Forbidden", "SignatureDoesNotMatch", "A chunk's signature does not match.")
    return given


def _trailers(seal: Seal, last: str, raw: bytes) -> dict[str, str]:
    pairs = [line.split(":", 1) for line in raw.decode("latin-1").split("\r\n") if ":" in line]
    found = {name.strip().lower(): value.strip() for name, value in pairs}
    given = found.pop("x-amz-trailer-signature", "")
    if seal.payload == STREAMING[2]:
        text = "".join(f"{name}:{value}\n" for name, value in found.items())
        head = (f"{ALGORITHM}-TRAILER", seal.stamp, seal.scope, last)
        expected = seal.sign(*head, hashlib.sha256(text.encode("latin-1")).hexdigest())
        if not hmac.compare_digest(expected.encode(), given.encode("latin-1")):
            raise Refused("403 Forbidden", "SignatureDoesNotMatch", "The trailer's signature does not match.")
    return found
