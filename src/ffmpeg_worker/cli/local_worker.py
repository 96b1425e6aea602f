"""Runs one job in this process, with settings, signals and a progress bar for the terminal."""

from __future__ import annotations

import asyncio
import os
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
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.settings import Settings, read_settings

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

T = TypeVar("T")


def terminal_settings(root: Path | None = None) -> Settings:
    """Return settings for a user of this machine: all files are allowed, names are relative to the current folder.

    Args:
        root: the data root. Default: FS_PATH, else the current folder.

    Raises:
        Misconfigured: see `read_settings`.
    """
    settings = read_settings()
    chosen = root or (settings.data_root if "data_root" in settings.model_fields_set else Path.cwd())
    return settings.model_copy(update={"data_root": chosen, "allowed_roots": (Path("/"),)})


def name_data_root(root: Path | None = None) -> str:
    """Name the data root in messages, given the same `root` as for `terminal_settings`."""
    if root is not None:
        return f"the folder {root}"
    return "the data root (FS_PATH)" if os.environ.get("FS_PATH") else "the current folder"


def run_locally(job: Job, settings: Settings) -> JobResult:
    """Run a job in this process, with a progress bar if stderr is a terminal.

    Raises:
        WorkerError: why it failed; JobCancelled if a signal stopped it, after the cleanup.
    """
    configure_logging(settings.log_level if "log_level" in settings.model_fields_set else "ERROR")
    with progress_bar() as observer:
        return run_stoppable(_run(job, settings, observer))


async def _run(job: Job, settings: Settings, observer: Observer) -> JobResult:
    async with open_services(settings) as services:
        return await services.run(job, observer=observer)


def run_stoppable(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; the first SIGINT, SIGTERM or SIGHUP cancels it and waits for its cleanup.

    Raises:
        JobCancelled: a signal stopped it.
    """

    async def cancel_on_signal() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()

        def stop() -> None:
            # A second Ctrl-C must not interrupt the cleanup, which takes a few seconds at most.
            for number in _STOP_SIGNALS:
                loop.add_signal_handler(number, lambda: None)
            task.cancel()

        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, stop)
        return await task

    try:
        return asyncio.run(cancel_on_signal())
    except asyncio.CancelledError:
        raise JobCancelled("The job was stopped.", hint="Its processes and temporary files are gone.") from None
