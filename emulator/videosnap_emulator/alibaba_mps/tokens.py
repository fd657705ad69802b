"""Tokens of a listing's next pages."""

from __future__ import annotations

from collections import OrderedDict

from videosnap_emulator.alibaba_mps.errors import service_error

_MOST = 10_000


class Tokens:
    """Where the pages that were promised begin: below the number of the last job shown.

    Numbers only rise, so jobs that are submitted in between move nothing.
    """

    def __init__(self) -> None:
        self._below: OrderedDict[str, int] = OrderedDict()

    def promise(self, token: str, below: int) -> None:
        """Enter a new token."""
        # assumption: mps-page-token
        self._below[token] = below
        while len(self._below) > _MOST:
            self._below.popitem(last=False)

    def below(self, token: str) -> int | None:
        """Return where the token's page begins; None without a token."""
        if not token:
            return None
        try:
            return self._below[token]
        except KeyError:
            raise service_error("InvalidParameter", "NextPageToken") from None
