"""Reads what the health poller prints, and judges it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from soak import health_poller
from soak.run_record import RunRecord
from support.servers.api_server import Server

MAX_LATENCY_S = 0.3
STUCK_AFTER_S = 30.0
_MAX_NAMED = 6


@dataclass
class Health:
    """The latencies of `/health` so far; `responded` is when the last response came."""

    record: RunRecord
    count: int = 0
    slowest_s: float = 0.0
    slowest_own_s: float = 0.0
    responded: float = field(default_factory=time.monotonic)
    is_closing: bool = False
    """Whether the server has been told to end, and need not respond any more."""

    def note(self, line: dict[str, Any]) -> None:
        """Judge one line of the poller."""
        if self.is_closing:
            return
        began, took = float(line["began"]), float(line["took_s"])
        own = max(0.0, took - float(line["waited_s"]))
        self.count += int(line["count"])
        self.responded = time.monotonic()
        self.slowest_s, self.slowest_own_s = max(self.slowest_s, took), max(self.slowest_own_s, own)
        if line["error"]:
            self.record.violate("health failed", f"{line['error']} after {took:.2f} s")
        elif own > MAX_LATENCY_S:
            text = f"/health took {took:.2f} s, {own:.2f} s of them not for want of a processor"
            self.record.violate("stall", f"{text}; under way: {self.describe_under_way(began, began + took)}")

    def describe_under_way(self, began: float, ended: float) -> str:
        """Name the requests in a time, hostile ones first."""
        names = sorted(self.record.under_way(began, ended), key=lambda name: not name.startswith("hostile"))
        more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
        return ", ".join(names[:_MAX_NAMED]) + more

    @property
    def is_stuck(self) -> bool:
        """Whether the server has not answered for so long that it never may."""
        return not self.is_closing and time.monotonic() - self.responded > STUCK_AFTER_S


@asynccontextmanager
async def polled_health(server: Server, record: RunRecord) -> AsyncIterator[Health]:
    """Poll a server's health from another process while the block runs."""
    health = Health(record)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        health_poller.__name__,
        server.url.removeprefix("http://"),
        str(server.pid),
        stdout=asyncio.subprocess.PIPE,
    )

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            health.note(json.loads(line))

    reading = asyncio.ensure_future(read())
    try:
        yield health
    finally:
        reading.cancel()
        process.kill()
        await process.wait()
