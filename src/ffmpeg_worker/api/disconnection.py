"""Notices callers who go away before their response is complete."""

from __future__ import annotations

from typing import Never

from starlette.types import Receive

from ffmpeg_worker.errors import JobCancelled


async def raise_when_disconnected(receive: Receive) -> Never:
    """Wait until the caller has closed the connection.

    Raises:
        JobCancelled: the caller has.
    """
    while (await receive())["type"] != "http.disconnect":
        pass
    raise JobCancelled("The caller went away before the job ended.")
