"""The MPS API as an endpoint sees it: how its requests name themselves and how they are answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID, uuid4

from videosnap_emulator.alibaba_mps.actions import Actions
from videosnap_emulator.alibaba_mps.answers import Head, failure, success
from videosnap_emulator.alibaba_mps.errors import gateway_error, service_error
from videosnap_emulator.alibaba_mps.nonces import Nonces
from videosnap_emulator.alibaba_mps.processing import Processing
from videosnap_emulator.alibaba_mps.rpc import check, rpc_of
from videosnap_emulator.alibaba_mps.signature import (
    MAXIMUM_SKEW_MS,
    Keys,
    claim_of,
    claimed_access_key,
    verify,
)
from videosnap_emulator.gate import Gate
from videosnap_emulator.tasks import Json
from videosnap_emulator.wire import Answer, ApiError, Request
from videosnap_emulator.world import World

#: Parameters that hold JSON, shown as such in the journal.
_NESTED = ("Input", "SnapshotConfig")


def _new_id() -> str:
    return uuid4().hex


class MpsApi:
    """Alibaba Cloud MPS's snapshot and pipeline actions."""

    service = "mts"
    unsigned = frozenset({"MissingAccessKeyId", "MissingSignature", "MissingAuthorization"})

    def __init__(
        self,
        world: World,
        gate: Gate,
        keys: Keys,
        processing: Processing,
        new_id: Callable[[], str] = _new_id,
    ):
        self._gate, self._keys, self._new_id = gate, keys, new_id
        self._actions = Actions(world, processing, new_id)
        self._nonces = Nonces(MAXIMUM_SKEW_MS)

    def action(self, request: Request) -> str:
        """Name the action, or return an empty text."""
        return rpc_of(request).action

    def access_key(self, request: Request) -> str | None:
        """Return the access key that a request claims."""
        return claimed_access_key(request, rpc_of(request))

    def parameters(self, request: Request) -> object:
        """Return the action's own parameters."""
        return {name: _shown(name, value) for name, value in rpc_of(request).own().items()}

    def head(self, request: Request) -> Head:
        """Return what all answers to this request have in common."""
        rpc = rpc_of(request)
        request_id = str(UUID(self._new_id())).upper()
        return Head(request_id, rpc.action, request.headers.get("host", ""), rpc.xml)

    def verify(self, request: Request) -> None:
        """Raise ApiError unless the signature is good."""
        verify(request, rpc_of(request), self._keys, self._gate.real_now())

    def operation(self, request: Request) -> Callable[[], Json]:
        """Find what is to be done, or raise the gateway's ApiError."""
        rpc = rpc_of(request)
        check(request, rpc)
        run = self._actions.named(rpc.action)
        return lambda: run(rpc.own())

    def use_once(self, request: Request) -> None:
        """Raise ApiError when the request's nonce was used before."""
        claim = claim_of(request, rpc_of(request))
        if not self._nonces.use(claim.access_key, claim.nonce, claim.at, self._gate.real_now()):
            raise gateway_error("SignatureNonceUsed")

    def over_limit(self, action: str, limit: int) -> ApiError:  # noqa: ARG002 - the vendor names neither
        """Return the refusal of a call too many in a second."""
        return gateway_error("Throttling.User")

    def internal_error(self) -> ApiError:
        """Return what the vendor says when it does not know what is wrong."""
        return service_error("InternalError")

    def success(self, head: Head, result: object) -> Answer:
        """Return the answer of an action."""
        return success(head, result if isinstance(result, dict) else {})

    def failure(self, head: Head, error: ApiError) -> Answer:
        """Return the answer of a refusal."""
        return failure(head, error)


def _shown(name: str, value: str) -> object:
    """Return a parameter as the journal has it: the outer JSON opened, for it is read by people."""
    if name not in _NESTED:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
