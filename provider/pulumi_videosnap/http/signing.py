"""The canonical form of a request that gets signed, the same in every scheme after AWS Signature V4."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

from pulumi_videosnap.http.transport import Request, encode_query


def canonical_request(request: Request, headers: Mapping[str, str]) -> str:
    """The text whose digest is signed; `headers` are the signed ones, names in lower case and sorted."""
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~"),
            # Sorting pairs sorts by name: no parameter of ours occurs twice.
            encode_query(tuple(sorted(request.query))),
            "".join(f"{name}:{value}\n" for name, value in headers.items()),
            ";".join(headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )
