"""Errors of downloads that all remote backends share."""

from __future__ import annotations

import errno

from ffmpeg_worker.errors import DiskFull, SourceTooLarge, SourceUnreachable, SourceUnreadable

DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})


def disk_full() -> DiskFull:
    """The worker's disk has no space for the input."""
    return DiskFull(
        "The worker's disk has no space for the input.",
        hint="Try again later; if this persists, the worker needs a larger disk.",
    )


def source_too_large(shown: str, max_bytes: int) -> SourceTooLarge:
    """The input is larger than `max_bytes`."""
    return SourceTooLarge(
        f'The input "{shown}" is larger than the {max_bytes} bytes that this worker accepts.',
        hint="Send a smaller file, or ask the operator to raise FFMPEG_WORKER_MAX_INPUT_BYTES.",
    )


def source_empty(shown: str) -> SourceUnreadable:
    """The input has no bytes."""
    return SourceUnreadable(
        f'The input "{shown}" is empty (0 bytes).',
        code="source_empty",
        hint="Check that its upload was complete.",
    )


def source_incomplete(shown: str, received: int, total: int | None) -> SourceUnreachable:
    """The download broke off or stalled."""
    of_total = "" if total is None else f" of {total}"
    return SourceUnreachable(
        f'The download of the input "{shown}" broke off or stalled after {received}{of_total} bytes.',
        code="source_incomplete_transfer",
        hint="Try again later, or use a faster server.",
    )


def source_changed(shown: str) -> SourceUnreachable:
    """The input has another version than when its first bytes were fetched."""
    return SourceUnreachable(
        f'The input "{shown}" was changed or removed while it was read.',
        code="source_changed",
        hint="Try again when it does not change any more.",
    )


def source_access_expired(shown: str) -> SourceUnreachable:
    """The server gave the first bytes of the input, and refuses the others."""
    return SourceUnreachable(
        f'The server of the input "{shown}" refuses access since a part of it has been read: its address or its '
        "credentials have expired.",
        code="source_access_expired",
        hint="Send the job again with a new address or new credentials that are valid until it ends.",
    )
