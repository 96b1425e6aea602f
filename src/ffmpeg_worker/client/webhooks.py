"""Verifies webhooks of the worker, for the programs that receive them."""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


class WebhookRefused(Exception):
    """The message is not one of the worker, or is older than five minutes: answer with status 400."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A verified message.

    Attributes:
        id: the same in all tries; a message whose id is known was processed before.
        type: `job.succeeded`, `job.failed`, `job.cancelled` or `job.progress`.
        timestamp: when it happened, as ISO 8601.
        job: the job as `GET /api/jobs/{id}` shows it.
    """

    id: str
    type: str
    timestamp: str
    job: Mapping[str, Any]


def verify_webhook(payload: bytes | str, headers: Mapping[str, str], secret: str | Sequence[str]) -> WebhookEvent:
    """Check the signature of a message, and return it.

    Args:
        payload: the body of the request as it was received.
        headers: the headers of the request, with names in any case.
        secret: `whsec_…`, or several of which one must match.

    Raises:
        WebhookRefused: no secret matches, a header is missing or malformed, or the message is too old.
        ValueError: a secret is not one.
    """
    verifiers = [_make_verifier(each) for each in ([secret] if isinstance(secret, str) else secret)]
    given = {name.lower(): value for name, value in headers.items()}
    for verifier in verifiers:
        try:
            verifier.verify(payload, given)
        except (WebhookVerificationError, ValueError, binascii.Error):
            continue  # the library raises ValueError for a malformed signature
        return _read_event(given["webhook-id"], payload)
    raise WebhookRefused("The message has no valid signature, or its timestamp is not within five minutes.")


def _make_verifier(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception:  # the library has no class of its own for all of them
        raise ValueError("A secret is not whsec_ and base64.") from None


def _read_event(message_id: str, payload: bytes | str) -> WebhookEvent:
    try:
        value = json.loads(payload)
        return WebhookEvent(message_id, str(value["type"]), str(value["timestamp"]), value["data"])
    except (ValueError, KeyError, TypeError):
        raise WebhookRefused("The message is not one about a job.") from None
