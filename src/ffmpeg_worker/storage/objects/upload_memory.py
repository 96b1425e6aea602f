"""Memory for the parts of uploads to buckets: one limit for all jobs, shared fairly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

_SHARES = 4
"""Jobs that can upload at once even if each takes all that it may."""


class Part(bytearray):
    """Bytes of a file; a class of its own because plain bytearrays have no weak references."""

    give_back: Callable[[], object] | None = None

    def free(self) -> None:
        """Give its memory back now: an error of a request may refer to the part until garbage is collected."""
        with contextlib.suppress(BufferError):  # a thread still reads it
            self.clear()
            if self.give_back is not None:
                self.give_back()


@dataclass(slots=True, eq=False)
class _Request:
    share: UploadShare
    size: int
    granted: asyncio.Future[None]


class UploadMemory:
    """Limits the bytes of all parts in memory.

    Free memory is given to the waiting job that holds the least, so a job with a slow store does not delay others
    more than itself. A job gets a quarter at most; one that uploads alone gets three, and leaves the last for the
    job that comes next.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self.max_of_share = total // _SHARES
        self._waiting: list[_Request] = []

    def open_share(self) -> UploadShare:
        """The share of one job, which starts empty."""
        return UploadShare(self)

    async def acquire(self, share: UploadShare, size: int) -> None:
        """Wait until `size` bytes are free for a share; `size` is at most `max_of_share`."""
        request = _Request(share, size, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._grant()
        try:
            await request.granted
        except asyncio.CancelledError:
            if request in self._waiting:
                self._waiting.remove(request)
                self._grant()
            else:
                self.release(share, size)
            raise

    def release(self, share: UploadShare, size: int) -> None:
        """Give back what `acquire` has reserved."""
        self.used -= size
        share.held -= size
        self._grant()

    def _grant(self) -> None:
        """Serve requests as long as the next one fits: smaller ones do not overtake it for ever."""
        while ready := [each for each in self._waiting if self._may_be_next(each)]:
            following = min(ready, key=lambda request: request.share.held)
            if self.used + following.size > self.total:
                return
            self._waiting.remove(following)
            self.used += following.size
            following.share.held += following.size
            following.granted.set_result(None)

    def _may_be_next(self, request: _Request) -> bool:
        return not request.granted.cancelled() and request.share.held + request.size <= self._limit_of(
            request.share
        )

    def _limit_of(self, share: UploadShare) -> int:
        is_alone = self.used == share.held and all(request.share is share for request in self._waiting)
        return self.total - self.max_of_share if is_alone else self.max_of_share


@dataclass(slots=True, eq=False)
class UploadShare:
    """The part of an `UploadMemory` that one job uses."""

    memory: UploadMemory
    held: int = field(default=0, init=False)

    async def read(self, file: BinaryIO, size: int, start: int | None = None) -> Part:
        """Wait for memory and read up to `size` bytes, from `start` on or from where the file stands.

        The memory is free when nothing refers to the part.
        """
        reserved = min(size, self.memory.max_of_share)
        await self.memory.acquire(self, reserved)
        part = Part(size)
        loop = asyncio.get_running_loop()
        part.give_back = give_back = weakref.finalize(
            part, _call_in, loop, lambda: self.memory.release(self, reserved)
        )
        give_back.atexit = False
        del part[await asyncio.to_thread(_read_into, part, file, start) :]
        return part


def _read_into(part: Part, file: BinaryIO, start: int | None) -> int:
    if start is None:
        return file.readinto(part)  # type: ignore[attr-defined, no-any-return]
    return os.preadv(file.fileno(), [part], start)


def _call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Call back in the loop's thread: the client's threads drop parts that they have sent."""
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(callback)
