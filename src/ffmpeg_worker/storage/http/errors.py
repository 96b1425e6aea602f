"""Errors of web servers as the worker's own errors; only the addresses' shown names appear in them."""

from __future__ import annotations

import ssl

import aiohttp

from ffmpeg_worker.errors import (
    SourceError,
    SourceNotFound,
    SourceUnreachable,
    SourceUnreadable,
    TargetError,
    TargetForbidden,
    TargetUnavailable,
    WorkerError,
)
from ffmpeg_worker.retry import AttemptFailed, is_retryable, parse_retry_after

CONNECTION_ERRORS = (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError)
"""Exceptions of a connection that cannot be made, breaks off or stalls."""


def source_status_error(shown: str, response: aiohttp.ClientResponse) -> WorkerError | AttemptFailed:
    """The error of an input whose server did not answer with the file."""
    status = response.status
    if status in {404, 410}:
        return SourceNotFound(
            f'The input "{shown}" does not exist: its server answered {status}.',
            hint="Check the address and that it has not expired.",
        )
    if status in {401, 403}:
        return SourceError(
            f'The server of the input "{shown}" refused access with {status}.',
            code="source_forbidden",
            hint='Check that the address has not expired; put credentials into the input\'s "headers".',
        )
    if is_retryable(status):
        error = SourceUnreachable(f'The server of the input "{shown}" answered {status}.', hint="Try again later.")
        return AttemptFailed(error, parse_retry_after(response.headers.get("Retry-After")))
    return source_bad_answer(shown, f"its status is {status}")


def source_unreachable(shown: str) -> SourceUnreachable:
    """The server of an input did not answer."""
    return SourceUnreachable(
        f'The server of the input "{shown}" cannot be reached or does not answer.',
        hint="Check the host's name and that it is up, then try again.",
    )


def source_certificate_invalid(shown: str) -> SourceError:
    """The server of an input has no valid certificate."""
    return SourceError(
        f'The server of the input "{shown}" has no valid certificate.',
        code="source_certificate_invalid",
        hint="Use the host's right name, or renew its certificate.",
    )


def source_bad_answer(shown: str, reason: str) -> SourceUnreadable:
    """The server of an input answered with something other than the file."""
    return SourceUnreadable(
        f'The answer of the server of the input "{shown}" cannot be used: {reason}.',
        code="source_bad_answer",
        hint="Give the address at which the server sends the file itself.",
    )


def target_status_error(shown: str, response: aiohttp.ClientResponse) -> WorkerError | AttemptFailed:
    """The error of an output whose server did not accept it. The answer's body is neither read nor shown."""
    status = response.status
    if status in {401, 403}:
        return TargetForbidden(
            f'The output "{shown}" was refused by its server with {status}.',
            hint="Check that the signature has not expired, and that it was made for PUT and for the same "
            "Content-Type and headers.",
        )
    if status in {404, 410}:
        return TargetError(
            f'The destination of the output "{shown}" does not exist: its server answered {status}.',
            code="target_not_found",
            hint="Check the bucket and the path in the address.",
        )
    if is_retryable(status):
        error = target_unavailable(shown, f"its server answered {status}")
        return AttemptFailed(error, parse_retry_after(response.headers.get("Retry-After")))
    if 300 <= status < 400:
        return target_refused(shown, "its address redirects", "Give the address that accepts the file itself.")
    return target_refused(
        shown,
        f"its server answered {status}",
        "Check the address, its signature, and the headers it was made for.",
    )


def target_refused(shown: str, reason: str, hint: str) -> TargetError:
    """An output cannot be uploaded, and retries will not help."""
    return TargetError(f'The output "{shown}" cannot be uploaded: {reason}.', hint=hint)


def target_unavailable(shown: str, reason: str) -> TargetUnavailable:
    """An output cannot be uploaded at the moment."""
    return TargetUnavailable(f'The output "{shown}" cannot be uploaded now: {reason}.', hint="Try again later.")
