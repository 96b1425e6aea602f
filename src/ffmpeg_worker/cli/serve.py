"""`ffmpeg-worker serve`: serves the HTTP API."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable

import click

from ffmpeg_worker.api.serve import serve
from ffmpeg_worker.cli.problems import exit_on_error
from ffmpeg_worker.logs import configure_logging
from ffmpeg_worker.settings import read_settings


def _open_descriptor(_ctx: click.Context, _param: click.Parameter, number: int | None) -> int | None:
    if number is not None:
        try:
            os.fstat(number)
        except OSError:
            raise click.BadParameter(f"{number} is not an open descriptor") from None
    return number


@click.command("serve")
@click.option("--host", help="Address to bind to. Default: FFMPEG_WORKER_HOST, else 127.0.0.1.")
@click.option("--port", type=int, help="Port to bind to, 0 for a free one. Default: PORT, else 3000.")
@click.option("--ready-fd", type=int, hidden=True, callback=_open_descriptor)
@click.option("--lifeline-fd", type=int, hidden=True, callback=_open_descriptor)
def command(host: str | None, port: int | None, ready_fd: int | None, lifeline_fd: int | None) -> None:
    """Serve the HTTP API until stopped by Ctrl-C or SIGTERM.

    Programs that start the server can pass two pipes. --ready-fd N receives {"url": …} when the server takes jobs.
    --lifeline-fd N ends the server when the other end of the pipe is closed.
    """
    with exit_on_error():
        chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        settings = read_settings(**chosen)
        settings.check_exposure()
        configure_logging(settings.log_level)
        ready = _print_url if ready_fd is None else _write_url_to(ready_fd)
        asyncio.run(serve(settings, on_ready=ready, lifeline=lifeline_fd))


def _print_url(url: str) -> None:
    """Print the URL for people; the log has it as an event."""
    if sys.stderr.isatty():
        click.echo(f"FFmpeg Worker takes jobs at {url}", err=True)


def _write_url_to(descriptor: int) -> Callable[[str], None]:
    def write(url: str) -> None:
        with os.fdopen(descriptor, "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps({"url": url}) + "\n")

    return write
