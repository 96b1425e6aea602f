"""Errors of object stores as the worker's own errors; addresses and answers do not appear in them."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from enum import Enum, auto
from typing import Never, TypeVar

from obstore.exceptions import (
    BaseError,
    NotModifiedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from ffmpeg_worker.errors import (
    AddressNotAllowed,
    InvalidJob,
    SourceError,
    SourceNotFound,
    SourceUnreachable,
    TargetError,
    TargetForbidden,
    TargetUnavailable,
    WorkerError,
)
from ffmpeg_worker.job.credentials import CloudType
from ffmpeg_worker.outbound.proxy import ProxyTicket
from ffmpeg_worker.retry import is_retryable
from ffmpeg_worker.tasks import race

_T = TypeVar("_T")

CLIENT_ERRORS = (BaseError, ValueError, OSError)
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|ContainerBeingDeleted|InvalidBucketName")
_BAD_CREDENTIALS = re.compile(
    "SignatureDoesNotMatch|InvalidAccessKeyId|ExpiredToken|InvalidToken|AuthenticationFailed|InvalidAuthenticationInfo"
    "|invalid_grant"
)


class Failure(Enum):
    """Kinds of failures of a request."""

    NOT_FOUND = auto()
    NO_BUCKET = auto()
    FORBIDDEN = auto()
    CHANGED = auto()
    """The object has another version than the request asked for."""
    REFUSED = auto()
    """The store does not accept the request, e.g. because the bucket is in another region."""
    UNAVAILABLE = auto()


def classify(error: Exception) -> Failure:
    """The kind of failure that an error of the client means."""
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


def fails_every_request(error: Exception) -> bool:
    """Whether any other request would fail as well: the credentials are wrong, or the bucket does not exist."""
    return classify(error) is Failure.NO_BUCKET or _BAD_CREDENTIALS.search(str(error)) is not None


async def await_reply(work: Awaitable[_T], ticket: ProxyTicket, what: str) -> _T:
    """Await a request of the client, but only until the egress proxy refuses its address.

    The client itself would keep trying.

    Raises:
        AddressNotAllowed: the egress proxy refused the address; `what` says whose, e.g. "bucket \"a\"".
    """
    not_allowed = AddressNotAllowed(
        f"The address of the {what} is not allowed: it does not lead to a public https:// host on a usual port.",
        hint="Correct its endpoint; the operator can allow hosts of a private network.",
    )

    async def raise_when_refused() -> Never:
        await ticket.refused.wait()
        raise not_allowed

    try:
        return await race(work, raise_when_refused())
    except CLIENT_ERRORS:
        if ticket.refused.is_set():
            raise not_allowed from None
        raise


def invalid_credentials(cloud: CloudType, reason: str) -> InvalidJob:
    """The credentials cannot be used for the cloud."""
    return InvalidJob(
        f"The credentials for {cloud} cannot be used: {reason}.",
        code="invalid_credentials",
        hint="Copy them again from their source, complete and unchanged.",
    )


def source_error(failure: Failure, shown: str) -> WorkerError:
    """The error of an input."""
    match failure:
        case Failure.NOT_FOUND | Failure.NO_BUCKET:
            return SourceNotFound(
                f'The input "{shown}" does not exist in its store.', hint="Check bucket, key and endpoint."
            )
        case Failure.FORBIDDEN:
            return SourceError(
                f'The store of the input "{shown}" refused access.',
                code="source_forbidden",
                hint="Check the credentials, and that they may read this object.",
            )
        case Failure.REFUSED:
            return SourceError(
                f'The store of the input "{shown}" did not accept the request.',
                hint="Check region and endpoint.",
            )
        case Failure.CHANGED:
            return SourceUnreachable(
                f'The input "{shown}" was changed while it was downloaded.',
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
                f'The store of the bucket "{bucket}" did not accept the request.',
                hint="Check region and endpoint.",
            )
        case Failure.UNAVAILABLE:
            return TargetUnavailable(
                f'The store of the bucket "{bucket}" cannot be reached or does not answer.',
                hint="Try again later.",
            )
