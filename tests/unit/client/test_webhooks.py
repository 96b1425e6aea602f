"""Verification of webhooks by their receivers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from ffmpeg_worker.client.webhooks import InvalidSignature, verify_webhook

OLD, NEW = "whsec_" + "QUFB" * 8, "whsec_" + "QkJC" * 8
BODY = json.dumps({"type": "job.succeeded", "timestamp": "2026-11-30T12:00:00Z", "data": {"id": "a"}})


def sign(body: str = BODY, secret: str = OLD, age_s: float = 0) -> dict[str, str]:
    moment = datetime.now(UTC) - timedelta(seconds=age_s)
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(moment.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("msg_1", moment, body),
    }


def test_a_message_is_returned() -> None:
    event = verify_webhook(BODY.encode(), sign(), OLD)
    assert event == {
        "id": "msg_1",
        "type": "job.succeeded",
        "timestamp": "2026-11-30T12:00:00Z",
        "data": {"id": "a"},
    }


def test_one_of_several_secrets_must_match() -> None:
    assert verify_webhook(BODY, sign(secret=NEW), [OLD, NEW])["id"] == "msg_1"
    with pytest.raises(InvalidSignature):
        verify_webhook(BODY, sign(secret=NEW), [OLD])


@pytest.mark.parametrize(
    "changed",
    [
        {"Webhook-Id": "msg_2"},
        {"Webhook-Timestamp": "1"},
        {"Webhook-Timestamp": "soon"},
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1"},
        {"Webhook-Signature": "v1,%%%"},
        {"Webhook-Signature": "v1,\u00e4"},
        {"Webhook-Signature": "v2,AAAA"},
    ],
)
def test_headers_that_are_wrong_are_refused(changed: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature):
        verify_webhook(BODY, {**sign(), **changed}, OLD)


def test_headers_that_are_missing_and_old_messages_are_refused() -> None:
    for headers in ({}, sign(age_s=400), sign(age_s=-400)):
        with pytest.raises(InvalidSignature):
            verify_webhook(BODY, headers, OLD)


@pytest.mark.parametrize("body", ["", "[]", "{", '{"type": "x"}', "null"])
def test_a_signed_body_that_is_no_event_is_refused(body: str) -> None:
    with pytest.raises(InvalidSignature):
        verify_webhook(body, sign(body), OLD)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidSignature):
        verify_webhook(b"\xff", sign(), OLD)


def test_a_secret_that_is_none_is_the_receivers_mistake() -> None:
    for secret in ("", "whsec_", "whsec_%", "whsec_A"):
        with pytest.raises(ValueError, match="base64"):
            verify_webhook(BODY, sign(), secret)
