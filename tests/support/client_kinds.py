"""Both clients behind one async caller, so that a test is written once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ffmpeg_worker.client import AsyncClient, Client


@dataclass(frozen=True)
class Kind:
    """One of both clients."""

    name: str
    make: type[AsyncClient] | type[Client]

    def __str__(self) -> str:
        return self.name

    def open(self, *arguments: Any, **named: Any) -> Caller:
        """Make a client of an API."""
        return Caller(self.make(*arguments, **named))

    def open_runpod(self, *arguments: Any, **named: Any) -> Caller:
        """Make a client of a RunPod endpoint."""
        return Caller(self.make.for_runpod(*arguments, **named))


@dataclass(frozen=True)
class Caller:
    """A client; a blocking one is called in threads."""

    client: Any

    async def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Call a method."""
        method = getattr(self.client, name)
        if isinstance(self.client, AsyncClient):
            return await method(*arguments, **named)
        return await asyncio.to_thread(method, *arguments, **named)

    async def list(
        self, name: str, *arguments: Any, see: Callable[[Any], None] = lambda _: None, **named: Any
    ) -> list[Any]:
        """Return all that a method yields; `see` is called with each."""
        items: list[Any] = []

        def keep(item: Any) -> None:
            items.append(item)
            see(item)

        def iterate() -> None:
            for item in getattr(self.client, name)(*arguments, **named):
                keep(item)

        if isinstance(self.client, AsyncClient):
            async for item in getattr(self.client, name)(*arguments, **named):
                keep(item)
        else:
            await asyncio.to_thread(iterate)
        return items


KINDS = (Kind("async", AsyncClient), Kind("blocking", Client))
