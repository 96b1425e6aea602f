"""Signatures of requests to S3."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from ffmpeg_worker.storage.objects.s3_signature import sign_s3

CONFIG = {
    "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "region": "us-east-1",
}
URL = "https://examplebucket.s3.amazonaws.com/?lifecycle="
NOW = datetime(2013, 5, 24, tzinfo=UTC)


def test_the_example_of_the_documentation() -> None:
    headers = sign_s3("GET", URL, CONFIG, sha256().hexdigest(), NOW)
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
        "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    )
    assert headers["x-amz-date"] == "20130524T000000Z"


def test_a_session_token_is_sent_and_signed() -> None:
    headers = sign_s3("GET", URL, {**CONFIG, "session_token": "t"}, sha256().hexdigest(), NOW)
    assert headers["x-amz-security-token"] == "t"
    assert "x-amz-security-token," in headers["Authorization"]
