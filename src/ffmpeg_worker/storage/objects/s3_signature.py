"""Signatures of requests to S3.

See https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit


def sign_s3(
    method: str, url: str, config: Mapping[str, Any], body_sha256: str, now: datetime | None = None
) -> dict[str, str]:
    """The headers that authorize a request.

    Args:
        method: of the request.
        url: percent-encoded, its query sorted and with a `=` after every name.
        config: `access_key_id`, `secret_access_key`, `region` and perhaps `session_token`.
        body_sha256: SHA-256 of the body in hexadecimal digits.
        now: time of the signature, by default the present.
    """
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    headers = {"host": parts.netloc, "x-amz-content-sha256": body_sha256, "x-amz-date": stamp}
    if config.get("session_token"):
        headers["x-amz-security-token"] = config["session_token"]
    names = ";".join(headers)
    lines = [f"{name}:{value}" for name, value in headers.items()]
    request = "\n".join([method, parts.path, parts.query, *lines, "", names, body_sha256])
    scope = f"{stamp[:8]}/{config['region']}/s3/aws4_request"
    key = f"AWS4{config['secret_access_key']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, sha256(request.encode()).hexdigest()])
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    del headers["host"]  # the HTTP client sends it
    credential = f"{config['access_key_id']}/{scope}"
    return headers | {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    }
