"""Verifies webhooks of the worker, for the programs that receive them."""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from standardwebhooks import Webhook, WebhookVerificationError


class InvalidSignature(Exception):
    """The message is not one of the worker, or is older than five minutes: answer with status 400."""


class WebhookEvent(TypedDict):
    """A verified message.

    `id` is the same in all tries: a message whose id is known was processed before. `type` is `job.succeeded`,
    `job.failed`, `job.cancelled` or `job.progress`, `timestamp` when it happened, as ISO 8601, and `data` the job
    as `GET /api/jobs/{id}` shows it.
    """

    id: str
    type: str
    timestamp: str
    data: dict[str, Any]


def verify_webhook(body: bytes | str, headers: Mapping[str, str], secret: str | Sequence[str]) -> WebhookEvent:
    """Check the signature of a message, and return it: https://www.standardwebhooks.com.

    Args:
        body: the body of the request as it was received.
        headers: the headers of the request, with names in any case.
        secret: `whsec_…`, or several of which one must match.

    Raises:
        InvalidSignature: no secret matches, a header is missing or malformed, or the message is too old.
        ValueError: a secret is not one.
    """
    verifiers = [_make_verifier(each) for each in ([secret] if isinstance(secret, str) else secret)]
    given = {name.lower(): value for name, value in headers.items()}
    for verifier in verifiers:
        try:
            verifier.verify(body, given)
        except (WebhookVerificationError, ValueError, binascii.Error):
            continue  # the library raises ValueError for a malformed signature
        return _read_event(given["webhook-id"], body)
    raise InvalidSignature("The message has no valid signature, or its timestamp is not within five minutes.")


def _make_verifier(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception:  # the library has no class of its own for all of them
        raise ValueError("A secret is not whsec_ and base64.") from None


def _read_event(message_id: str, body: bytes | str) -> WebhookEvent:
    try:
        match json.loads(body):
            case {"type": str(kind), "timestamp": str(timestamp), "data": dict(data)}:
                return WebhookEvent(id=message_id, type=kind, timestamp=timestamp, data=data)
    except ValueError:
        pass
    raise InvalidSignature("The message is not one about a job.")
