"""Sends the progress of one job to RunPod: in order, and never after the result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ffmpeg_worker.job.runpod_output import make_progress
from ffmpeg_worker.tasks import cancel_and_wait

Post = Callable[[dict[str, Any]], Awaitable[None]]
"""Sends one report; raises nothing but CancelledError."""

_PAUSE_S = 1.0
_LAST_POST_TIMEOUT_S = 2.0


class ProgressReport:
    """Sends the latest progress with `post`, one report at a time and `pause_s` apart."""

    def __init__(self, post: Post, *, pause_s: float = _PAUSE_S) -> None:
        self._post = post
        self._pause_s = pause_s
        self._latest: dict[str, Any] | None = None
        self._changed = asyncio.Event()
        self._is_posting = self._is_closed = False
        self._task: asyncio.Task[None] | None = None

    def update(self, progress: dict[str, Any]) -> None:
        """Send this progress, unless newer progress replaces it first."""
        self._latest = progress
        self._changed.set()
        if self._task is None:
            self._task = asyncio.ensure_future(self._send())

    async def close(self) -> None:
        """Stop sending, and wait for a report under way: RunPod takes one after the result for a new state."""
        self._is_closed = True
        if self._task is None:
            return
        try:
            if self._is_posting:
                await asyncio.wait({self._task}, timeout=_LAST_POST_TIMEOUT_S)
        finally:
            await cancel_and_wait(self._task)

    async def _send(self) -> None:
        while not self._is_closed:
            await self._changed.wait()
            self._changed.clear()
            self._is_posting = True
            try:
                await self._post(make_progress(self._latest))
            finally:
                self._is_posting = False
            if not self._is_closed:
                await asyncio.sleep(self._pause_s)
