"""`ffmpeg-worker demo`: the tour, as a table."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ffmpeg_worker.cli.display import human_size, show_table
from ffmpeg_worker.cli.local_worker import run_stoppable
from ffmpeg_worker.cli.problems import exit_on_error
from ffmpeg_worker.demo.tour import tour


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for everything the demo makes.",
)
def command(out: Path) -> None:
    """Make a test video; transcode, ladder, probe and score it through the HTTP API of a server of its own."""
    began = time.monotonic()
    with exit_on_error():
        stops = run_stoppable(tour(out, lambda line: click.echo(line, err=True)))
    show_table(
        ("step", "file", "size", "seconds", "result"),
        [
            (
                stop.step,
                str(stop.path or ""),
                "" if stop.size is None else human_size(stop.size),
                f"{stop.seconds:.1f}",
                stop.result,
            )
            for stop in stops
        ],
    )
    click.echo(f"Done in {time.monotonic() - began:.0f} s. Everything lies in {out}.")
