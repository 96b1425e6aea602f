"""`ffmpeg-worker serve`: serves the HTTP API."""

from __future__ import annotations

import asyncio
import sys

import click

from ffmpeg_worker.api.serve import serve
from ffmpeg_worker.cli.descriptors import with_pipes, write_line
from ffmpeg_worker.cli.problems import exit_on_error
from ffmpeg_worker.logs import configure_logging
from ffmpeg_worker.settings import read_settings


@click.command("serve")
@click.option("--host", help="Address to bind to. Default: FFMPEG_WORKER_HOST, else 127.0.0.1.")
@click.option("--port", type=int, help="Port to bind to, 0 for a free one. Default: PORT, else 3000.")
@click.option(
    "--no-worker", is_flag=True, help="Put every job into the queue; processes of `ffmpeg-worker worker` run them."
)
@with_pipes
def command(
    host: str | None, port: int | None, no_worker: bool, ready_fd: int | None, lifeline_fd: int | None
) -> None:
    """Serve the HTTP API until stopped by Ctrl-C or SIGTERM.

    Programs that start the server can pass two pipes. --ready-fd N receives {"url": …} when the server takes jobs.
    --lifeline-fd N ends the server when the other end of the pipe is closed.
    """
    with exit_on_error():
        chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        settings = read_settings(**chosen)
        settings.check_exposure()
        configure_logging(settings.log_level)

        def on_ready(url: str) -> None:
            if ready_fd is not None:
                write_line(ready_fd, {"url": url})
            elif sys.stderr.isatty():  # for people; the log has it as an event
                click.echo(f"FFmpeg Worker takes jobs at {url}", err=True)

        asyncio.run(serve(settings, runs_queued_jobs=not no_worker, on_ready=on_ready, lifeline=lifeline_fd))
