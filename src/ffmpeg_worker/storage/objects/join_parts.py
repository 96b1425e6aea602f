"""Makes an object of its uploaded parts; one that arrives after its caller was cancelled is deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ffmpeg_worker.errors import TargetError, WorkerError
from ffmpeg_worker.storage.backends import NOT_REMOVABLE
from ffmpeg_worker.storage.objects.part_store import PartStore
from ffmpeg_worker.storage.removal_permit import may_remove
from ffmpeg_worker.tasks import cancel_and_wait, finish_shielded

_STEP_S = 3.0
"""Seconds to wait for the answer of a cancelled request, and then for the removal of its object."""


async def join_parts(
    parts: PartStore, upload: str, tags: Sequence[str], delete: Callable[[], Awaitable[None]]
) -> str | None:
    """Make the object of an upload, and return its ETag; `delete` removes the object.

    Raises:
        PartRequestFailed, AddressNotAllowed, OSError: see `PartStore.join`.
        TargetError: the caller was cancelled, and the object could not be removed.
    """
    joining = asyncio.ensure_future(parts.join(upload, tags))
    try:
        return await asyncio.shield(joining)
    except asyncio.CancelledError:
        if not await finish_shielded(_take_back(joining, delete)):
            raise TargetError(
                "An object could not be removed.",
                code=NOT_REMOVABLE,
                hint="Allow the credentials to delete objects there.",
            ) from None
        raise


async def _take_back(joining: asyncio.Future[str | None], delete: Callable[[], Awaitable[None]]) -> bool:
    """Delete the object that may be there, unless it may be that of another attempt; `False` if that fails."""
    await asyncio.wait({joining}, timeout=_STEP_S)
    has_failed = joining.done() and joining.exception() is not None
    await cancel_and_wait(joining)
    if has_failed or not await may_remove():
        return True
    try:
        async with asyncio.timeout(_STEP_S):
            await delete()
    except (WorkerError, TimeoutError):
        return False
    return True
