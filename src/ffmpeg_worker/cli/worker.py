"""`ffmpeg-worker worker`: runs queued jobs, without the HTTP API."""

from __future__ import annotations

import asyncio
import sys

import click

from ffmpeg_worker.api.work import Ready, work
from ffmpeg_worker.cli.descriptors import with_pipes, write_line
from ffmpeg_worker.cli.problems import exit_on_error
from ffmpeg_worker.logs import configure_logging
from ffmpeg_worker.settings import read_settings


@click.command("worker")
@click.option(
    "--health-port",
    type=click.IntRange(0, 65535),
    help="Port of /health and /metrics, 0 for a free one. Default: none.",
)
@click.option(
    "--health-host", help="Address that they are served on. Default: FFMPEG_WORKER_HOST, else 127.0.0.1."
)
@with_pipes
def command(
    health_port: int | None, health_host: str | None, ready_fd: int | None, lifeline_fd: int | None
) -> None:
    """Run queued jobs until stopped by Ctrl-C or SIGTERM; MAX_CONCURRENCY of them at once.

    Jobs come from the database in FFMPEG_WORKER_DATABASE_URL, else from the file in FFMPEG_WORKER_STATE_ROOT. When
    it is stopped, running jobs may end within FFMPEG_WORKER_QUEUE_GRACE_S; others go back into the queue.

    --ready-fd N receives {"executor": …, "slots": …, "health_url": …} when jobs are taken. --lifeline-fd N ends
    the worker when the other end of the pipe is closed.
    """
    with exit_on_error():
        settings = read_settings(**({} if health_host is None else {"host": health_host}))
        configure_logging(settings.log_level)

        def on_ready(ready: Ready) -> None:
            if ready_fd is not None:
                value = {"executor": ready.executor, "slots": ready.slots, "health_url": ready.health_url}
                write_line(ready_fd, value)
            elif sys.stderr.isatty():  # for people; the log has it as an event
                click.echo(f"FFmpeg Worker runs queued jobs, {ready.slots} at once", err=True)

        asyncio.run(work(settings, health_port=health_port, on_ready=on_ready, lifeline=lifeline_fd))
