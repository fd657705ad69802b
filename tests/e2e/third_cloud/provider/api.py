"""The calls of Acme Cameras: account, signature, error codes, rate limits. All return the recorder."""

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from pulumi_videosnap.errors import Garbled, NotConfigured, NotFound, Rejected, Unauthorized
from pulumi_videosnap.http.client import ApiClient, Call, shared_client
from pulumi_videosnap.http.credentials import Credentials, KeySettings
from pulumi_videosnap.http.error_codes import HTTP_OK, OK, THROTTLED, ErrorRule, Outcome, rule_for_code
from pulumi_videosnap.http.rate_limit import account_digest
from pulumi_videosnap.http.request import Request, Response, parse_endpoint
from pulumi_videosnap.settings import Lookup, Setting

KEYS = KeySettings(
    "Acme", *(Setting(f"ACME_{half.upper()}", f"videosnap:acme{half}") for half in ("Key", "Secret", "Token"))
)
ENDPOINT = Setting("ACME_ENDPOINT", "videosnap:acmeEndpoint", default="https://api.acme.example")
QPS = {"StartRecorder": 20, "UpdateRecorder": 20, "StopRecorder": 20, "GetRecorder": 20}
CODES = {
    "BadSignature": ErrorRule(Unauthorized, advice=f"check {KEYS.secret_key.env}"),
    "RecorderExists": ErrorRule(Rejected, advice="declare its settings, or choose another name"),
    "TooManyRequests": THROTTLED,
}


@dataclass(frozen=True)
class RecorderApi:
    """Calls of one account. Every error is a `CallFailed`; repeating a call is harmless."""

    credentials: Credentials
    endpoint: str
    client: ApiClient

    def call(self, action: str, **fields: Any) -> dict[str, Any]:
        """The recorder after an action; NotFound when none of that name runs (GetRecorder: ever ran)."""
        call = Call(
            action=action,
            account=account_digest(self.credentials.access_key),
            qps=QPS[action],
            idempotent=True,
            prepare=partial(self._signed, f"/v1/{action}", json.dumps(fields).encode()),
            classify=partial(self._classify, action),
            endpoint_setting=ENDPOINT.env,
        )
        recorder: dict[str, Any] = json.loads(self.client.call(call).body)
        return recorder

    def _signed(self, path: str, body: bytes, now: datetime) -> Request:
        time, keys = str(int(now.timestamp() * 1000)), self.credentials
        text = f"{time}\n{path}\n".encode() + body
        signature = hmac.new(keys.secret_key.encode(), text, hashlib.sha256).hexdigest()
        headers = {"Authorization": f"ACME {keys.access_key}:{signature}", "X-Acme-Time": time}
        return Request("POST", self.endpoint, path=path, headers=headers, body=body)

    def _classify(self, action: str, response: Response) -> Outcome:
        try:
            content = json.loads(response.body)
            code, message = (self.credentials.scrub(content.get(name, "")) for name in ("code", "message"))
        except (ValueError, AttributeError):
            return Outcome(Garbled(action, "the response is not the service's JSON"))
        if response.status == HTTP_OK:
            return OK
        if code == "RecorderNotFound":
            return Outcome(NotFound(action, message, at=response.date(self.client.clock()), code=code))
        return rule_for_code(CODES, code, response.status).outcome(action, message, code=code)


def connect(config: Lookup) -> RecorderApi:
    """The API with the account that environment or configuration name; NotConfigured when none does."""
    env = os.environ.get
    keys = KEYS.in_environment(env).credentials() or KEYS.in_config(config).credentials()
    if keys is None:
        raise NotConfigured(f"no Acme credentials: set {KEYS.access_key.env} and {KEYS.secret_key.env}")
    found = ENDPOINT.find(env, config) or (ENDPOINT.default, ENDPOINT.env)
    endpoint = parse_endpoint(*found, env, such_as=ENDPOINT.default, exposed="names of cameras")
    return RecorderApi(keys, endpoint, shared_client())
