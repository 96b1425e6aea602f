"""Output for people: progress bar and tables."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.lifecycle import JobEvent, Observer, Stage, ignore_event
from ffmpeg_worker.job.result import FilesResult

_KIB = 1024
_PIPE_WIDTH = 1000


@contextmanager
def progress_bar() -> Iterator[Observer]:
    """Yield an observer that draws a progress bar on stderr, or ignores events if stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield ignore_event
        return
    columns = (
        TextColumn("{task.description:<10}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[facts]}", markup=False),  # file names may look like markup
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=100, facts="")

        def observe(event: JobEvent) -> None:
            facts = "  ".join(describe_progress(event))
            bar.update(task, description=event.stage.value, completed=event.percent, facts=facts)

        yield observe


def describe_progress(event: JobEvent) -> Iterator[str]:
    """Yield what is known beside stage and percent: frames per second, speed, time left, bytes, place, output."""
    if event.fps:
        yield f"{event.fps:.0f} fps"
    if event.speed:
        yield f"{event.speed:.1f}x"
    if event.eta_s is not None and event.stage is not Stage.DONE:
        yield f"ETA {_describe_seconds(event.eta_s)}"
    moved = {Stage.FETCHING: event.received_bytes, Stage.DELIVERING: event.sent_bytes}.get(event.stage, 0)
    if moved:
        yield f"{moved / 1e6:.1f} MB"
    if event.position is not None:
        yield f"place {event.position}"
    if event.output:
        yield display_name(event.output)


def _describe_seconds(seconds: float) -> str:
    """Format a time such as `1:02:03`, or `0:07`."""
    minutes, second = divmod(math.ceil(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table to stdout; cells are never truncated, and in a pipe each row is one line."""
    table = Table(*headings, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*row)
    if sys.stdout.isatty():
        _console().print(table)
        return
    console = _console(width=_PIPE_WIDTH)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def show_outputs(result: FilesResult) -> None:
    """Print the files, statistics and warnings of a job."""
    rows = [
        (output.path, human_size(output.size), describe_media(output.media or {})) for output in result.outputs
    ]
    if rows:
        show_table(("file", "size", "media"), rows)
    speed = f", {result.stats.speed:g}x" if result.stats.speed else ""
    click.echo(f"{result.stats.seconds:.1f} s{speed}")
    for warning in result.warnings:
        click.echo(f"Warning: {warning}")


def _console(width: int | None = None) -> Console:
    """Make a console without markup: file names may look like it."""
    return Console(markup=False, highlight=False, emoji=False, width=width)


def human_size(size: int) -> str:
    """Format bytes for people, such as `17.2 MiB`."""
    value = float(size)
    for unit in ("B", "KiB", "MiB"):
        if value < _KIB:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _KIB
    return f"{value:.1f} GiB"


def describe_media(media: Mapping[str, Any]) -> str:
    """Describe the `media` of an output for people: its size, length and codecs."""
    size = f"{media['width']}x{media['height']}" if "width" in media else ""
    length = f"{media['duration']:.1f} s" if media.get("duration") else ""
    return " ".join(part for part in (size, length, ", ".join(media.get("codecs", ()))) if part)
