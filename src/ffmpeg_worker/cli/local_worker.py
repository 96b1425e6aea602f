"""A worker in this process for one job: the terminal's settings, signals, progress."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from ffmpeg_worker.cli.display import progress_bar
from ffmpeg_worker.errors import JobCancelled
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.lifecycle import Observer
from ffmpeg_worker.job.result import JobResult
from ffmpeg_worker.logs import configure_logging
from ffmpeg_worker.services import open_services
from ffmpeg_worker.settings import Settings, read_settings

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

T = TypeVar("T")


def terminal_settings(root: Path | None = None) -> Settings:
    """Settings for somebody at their own machine: any of their files, names relative to the current folder.

    Args:
        root: the data root; default FS_PATH, else the current folder.

    Raises:
        Misconfigured: see `read_settings`.
    """
    settings = read_settings()
    chosen = root or (settings.data_root if "data_root" in settings.model_fields_set else Path.cwd())
    return settings.model_copy(update={"data_root": chosen, "allowed_roots": (Path("/"),)})


def run_locally(job: Job, settings: Settings) -> JobResult:
    """Run a job in this process, with a progress bar where stderr is a terminal.

    Raises:
        WorkerError: why it failed; JobCancelled when a signal stopped it, all of it cleaned up.
    """
    configure_logging(settings.log_level if "log_level" in settings.model_fields_set else "ERROR")
    with progress_bar() as observer:
        return run_stoppable(_run(job, settings, observer))


async def _run(job: Job, settings: Settings, observer: Observer) -> JobResult:
    async with open_services(settings) as services:
        return await services.run(job, observer=observer)


def run_stoppable(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; the first of SIGINT, SIGTERM and SIGHUP cancels it, and its cleaning up is waited for.

    Raises:
        JobCancelled: it was stopped.
    """

    async def watched() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()

        def stop() -> None:
            # A second Ctrl-C must not cut the cleaning up short: it takes a few seconds at most.
            for number in _STOPPING:
                loop.add_signal_handler(number, lambda: None)
            task.cancel()

        for number in _STOPPING:
            loop.add_signal_handler(number, stop)
        return await task

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        raise JobCancelled("The job was stopped.", hint="Nothing of it is left behind.") from None
