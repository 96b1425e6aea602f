"""What went wrong in an object store, in the worker's own errors; addresses and answers stay out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from enum import Enum, auto
from typing import TypeVar

from obstore.exceptions import (
    BaseError,
    NotModifiedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from ffmpeg_worker.errors import (
    AddressNotAllowed,
    SourceError,
    SourceNotFound,
    SourceUnreachable,
    TargetError,
    TargetForbidden,
    TargetUnavailable,
    WorkerError,
)
from ffmpeg_worker.outbound.proxy import ProxyTicket
from ffmpeg_worker.retry import is_retryable

Answer = TypeVar("Answer")

CLIENT_ERRORS = (BaseError, FileNotFoundError, ValueError, OSError)
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|ContainerBeingDeleted|InvalidBucketName")
_NO_KEY = re.compile(
    "SignatureDoesNotMatch|InvalidAccessKeyId|ExpiredToken|InvalidToken|AuthenticationFailed|InvalidAuthenticationInfo"
    "|invalid_grant"
)


class Failure(Enum):
    """Kinds of failures."""

    NOT_FOUND = auto()
    NO_BUCKET = auto()
    FORBIDDEN = auto()
    CHANGED = auto()
    """Another version than was asked for."""
    REFUSED = auto()
    """The store understands the request in another way, e.g. is in another region."""
    UNAVAILABLE = auto()


def failure_of(error: Exception) -> Failure:
    """The kind of an error that the client has raised."""
    text = str(error)
    if _NO_BUCKET.search(text):
        return Failure.NO_BUCKET
    if isinstance(error, FileNotFoundError):
        return Failure.NOT_FOUND
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return Failure.FORBIDDEN
    if isinstance(error, PreconditionError | NotModifiedError):
        return Failure.CHANGED
    match = _STATUS.search(text)
    status = int(match[1]) if match else 500
    return Failure.UNAVAILABLE if is_retryable(status) else Failure.REFUSED


def is_hopeless(error: Exception) -> bool:
    """Whether a request of any other kind would fail in the same way: the key is wrong, or there is no bucket."""
    return failure_of(error) is Failure.NO_BUCKET or _NO_KEY.search(str(error)) is not None


async def ask(work: Awaitable[Answer], ticket: ProxyTicket, what: str) -> Answer:
    """Wait for the client, but no longer than until its address is refused: it would go on trying.

    Raises:
        AddressNotAllowed: the egress proxy refused it; `what` says whose address, e.g. "bucket \"a\"".
    """
    working = asyncio.ensure_future(work)
    refused = asyncio.ensure_future(ticket.refused.wait())
    try:
        await asyncio.wait({working, refused}, return_when=asyncio.FIRST_COMPLETED)
        if ticket.refused.is_set() and not (working.done() and working.exception() is None):
            raise not_allowed(what)
        return working.result()
    finally:
        refused.cancel()
        working.cancel()
        await asyncio.gather(working, refused, return_exceptions=True)


def not_allowed(what: str) -> AddressNotAllowed:
    """The store's address is none that the worker calls."""
    return AddressNotAllowed(
        f"The address of the {what} is not allowed: it does not lead to a public https:// host on a usual port.",
        hint="Correct its endpoint; the operator can allow hosts of a private network.",
    )


def source_error(failure: Failure, shown: str) -> WorkerError:
    """The error of an input."""
    match failure:
        case Failure.NOT_FOUND | Failure.NO_BUCKET:
            return SourceNotFound(
                f'There is no input "{shown}" in its store.', hint="Check bucket, key and endpoint."
            )
        case Failure.FORBIDDEN:
            return SourceError(
                f'The store of the input "{shown}" refused it.',
                code="source_forbidden",
                hint="Check the credentials, and that they may read this object.",
            )
        case Failure.REFUSED:
            return SourceError(
                f'The store of the input "{shown}" did not take the request.',
                hint="Check region and endpoint.",
            )
        case Failure.CHANGED:
            return SourceUnreachable(
                f'The input "{shown}" was changed while it was fetched.',
                code="source_incomplete_transfer",
                hint="Try again when it is complete.",
            )
        case Failure.UNAVAILABLE:
            return SourceUnreachable(
                f'The store of the input "{shown}" cannot be reached or does not answer.', hint="Try again later."
            )


def target_error(failure: Failure, bucket: str) -> WorkerError:
    """The error of an output's destination."""
    match failure:
        case Failure.NOT_FOUND | Failure.NO_BUCKET:
            return TargetError(
                f'There is no bucket "{bucket}".',
                code="bucket_not_found",
                hint="Create it, or correct its name, region and endpoint.",
            )
        case Failure.FORBIDDEN:
            return TargetForbidden(
                f'The bucket "{bucket}" refused the credentials.',
                hint="Check them, and that they may write and delete objects there.",
            )
        case Failure.REFUSED | Failure.CHANGED:
            return TargetError(
                f'The store of the bucket "{bucket}" did not take the request.', hint="Check region and endpoint."
            )
        case Failure.UNAVAILABLE:
            return TargetUnavailable(
                f'The store of the bucket "{bucket}" cannot be reached or does not answer.',
                hint="Try again later.",
            )
