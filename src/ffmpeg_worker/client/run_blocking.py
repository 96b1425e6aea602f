"""Runs coroutines that never wait: those of the client's core, on the blocking transport."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import Any, TypeVar

_T = TypeVar("_T")


def run_blocking(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end in this thread, and return its result. It must not await an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        result: _T = ended.value
        return result
    coroutine.close()
    raise RuntimeError("A coroutine of the blocking client waits for an event loop.")


def iterate_blocking(items: AsyncGenerator[_T, None]) -> Iterator[_T]:
    """Yield what an async generator yields; it is closed when the caller stops early."""
    try:
        while True:
            try:
                item = run_blocking(_next(items))
            except StopAsyncIteration:
                return
            yield item
    finally:
        run_blocking(items.aclose())


async def _next(items: AsyncGenerator[_T, None]) -> _T:
    return await anext(items)
