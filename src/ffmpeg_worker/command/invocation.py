"""One FFmpeg command line, and the redaction of secrets in its log."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SECRET_QUERY = (
    r"x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature|x-goog-credential"
    r"|awsaccesskeyid|googleaccessid|key-pair-id|policy|signature|sig|token|access_token|auth|auth_token"
    r"|key|api_key|apikey|access_key|secret|password|passwd|passphrase|pwd|code"
)
_QUERY = re.compile(rf"(?<=[?&;])({_SECRET_QUERY})=[^&\s'\"#|]*", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/\s'\"@?#|]*(?:@[^/\s'\"@?#|]*)*(?=@)")


@dataclass(frozen=True)
class Invocation:
    """The arguments of one FFmpeg run, without the program and the options that every run has."""

    arguments: tuple[str, ...]


def redact(text: str) -> str:
    """`text` with user information and secret query values in its URLs redacted."""
    return _QUERY.sub(r"\1=REDACTED", _USERINFO.sub("REDACTED", text))
