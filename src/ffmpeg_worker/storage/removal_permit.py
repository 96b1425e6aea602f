"""Decides whether a job may still delete its uploads: after a takeover, the objects belong to another attempt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Permit = Callable[[], Awaitable[bool]]

_permit: ContextVar[Permit | None] = ContextVar("removal_permit", default=None)


@contextmanager
def removing_if(permit: Permit) -> Iterator[None]:
    """Let the uploads of this task and of those that it starts delete objects only if `permit` allows it."""
    token = _permit.set(permit)
    try:
        yield
    finally:
        _permit.reset(token)


async def may_remove() -> bool:
    """Whether objects that this job has uploaded may be deleted now; without a permit they may."""
    permit = _permit.get()
    return permit is None or await permit()
