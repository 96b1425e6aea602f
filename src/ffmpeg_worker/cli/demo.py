"""`ffmpeg-worker demo`: runs the demo and prints its steps as a table."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ffmpeg_worker.cli.display import human_size, show_table
from ffmpeg_worker.cli.local_worker import run_stoppable
from ffmpeg_worker.cli.problems import exit_on_error
from ffmpeg_worker.demo.run_demo import run_demo


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for all files of the demo.",
)
def command(out: Path) -> None:
    """Generate a test video; transcode, probe and score it through the HTTP API of a local server."""
    began = time.monotonic()
    with exit_on_error():
        steps = run_stoppable(run_demo(out, lambda line: click.echo(line, err=True)))
    show_table(
        ("step", "file", "size", "seconds", "result"),
        [
            (
                step.name,
                str(step.path or ""),
                "" if step.size is None else human_size(step.size),
                f"{step.seconds:.1f}",
                step.summary,
            )
            for step in steps
        ],
    )
    click.echo(f"Done in {time.monotonic() - began:.0f} s. All files are in {out}.")
