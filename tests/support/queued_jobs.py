"""Sends jobs to the queue of a server, and waits for their states."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp

WITHIN_S = 60.0
FINAL = frozenset({"succeeded", "failed", "cancelled"})


async def send(session: aiohttp.ClientSession, url: str, job: dict[str, Any]) -> str:
    """Queue a job at the server with this URL; returns its id."""
    async with session.post(f"{url}/api/jobs", json=job) as response:
        assert response.status == 202, await response.text()
        return str((await response.json())["id"])


async def show(session: aiohttp.ClientSession, url: str, job_id: str) -> dict[str, Any]:
    """Return the record of a job."""
    async with session.get(f"{url}/api/jobs/{job_id}") as response:
        assert response.status == 200, await response.text()
        job: dict[str, Any] = await response.json()
        return job


async def wait_for_end(session: aiohttp.ClientSession, url: str, job_id: str) -> dict[str, Any]:
    """Return the record of a job when it has ended."""
    until = time.monotonic() + WITHIN_S
    while (job := await show(session, url, job_id))["status"] not in FINAL:
        assert time.monotonic() < until, f"the job has not ended: {job}"
        await asyncio.sleep(0.1)
    return job


async def wait_for_status(session: aiohttp.ClientSession, url: str, job_id: str, status: str) -> None:
    """Wait until a job is in a state that it does not leave soon."""
    until = time.monotonic() + WITHIN_S
    while (job := await show(session, url, job_id))["status"] != status:
        assert time.monotonic() < until, f"the job is not {status}: {job}"
        await asyncio.sleep(0.05)


async def wait_until(is_true: Callable[[], bool], what: str) -> None:
    """Wait for something that other processes do."""
    until = time.monotonic() + WITHIN_S
    while not is_true():
        assert time.monotonic() < until, f"not reached: {what}"
        await asyncio.sleep(0.05)
