"""One FFmpeg command line, to run and to show without its secrets."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

REDACTED = "REDACTED"

_SECRET_OPTIONS = frozenset(
    "headers cookies cookie authorization auth_token password passphrase key keyopt cert_file key_file cryptokey "
    "decryption_key decryption_keys encryption_key encryption_kid activation_bytes audible_key audible_iv "
    "hls_enc_key srt_passphrase rtmp_conn".split()
)
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

    def argv(self, program: str) -> list[str]:
        """The whole argument list to run."""
        return [program, *self.arguments]

    def printable(self) -> str:
        """The command line quoted for a shell, with secrets redacted."""
        return shlex.join(["ffmpeg", *redact_arguments(self.arguments)])


def redact_arguments(arguments: tuple[str, ...]) -> list[str]:
    """The arguments with secret option values and secret parts of URLs redacted."""
    shown = []
    hide = False
    for argument in arguments:
        shown.append(REDACTED if hide else redact(argument))
        # A stream specifier may follow the name: -decryption_key:v
        name = argument.removeprefix("-").partition(":")[0].lower()
        hide = not hide and argument.startswith("-") and name in _SECRET_OPTIONS
    return shown


def redact(text: str) -> str:
    """`text` with user information and secret query values in its URLs redacted."""
    return _QUERY.sub(rf"\1={REDACTED}", _USERINFO.sub(REDACTED, text))
