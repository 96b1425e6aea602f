"""Queued jobs on a terminal: a table of many, the facts of one, and its progress."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from ffmpeg_worker.cli.display import describe_media, human_size, show_table
from ffmpeg_worker.cli.problems import echo_json, show_problem
from ffmpeg_worker.client import Job
from ffmpeg_worker.job.lifecycle import JobEvent, Stage

_STAGES = frozenset(stage.value for stage in Stage)


def show_jobs(jobs: Sequence[Job]) -> None:
    """Print a table of jobs."""
    headings = ("id", "action", "status", "progress", "sent", "seconds")
    show_table(headings, [_row_of(job) for job in jobs])


def show_job(job: Job) -> None:
    """Print a job: its facts, then its outputs or its result, then its error on stderr."""
    value = job.value
    facts = {
        "id": job.id,
        "action": value.get("action"),
        "status": job.status,
        "progress": _describe_progress(value),
        "sent": _describe_time(value.get("created_at")),
        "seconds": _describe_seconds(value),
        "attempts": value.get("attempts"),
        "metadata": _describe_metadata(value.get("metadata")),
    }
    for name, fact in facts.items():
        if fact:
            click.echo(f"{name:<9} {fact}")
    result = value.get("result")
    if isinstance(result, Mapping):
        _show_result(result)
    if isinstance(value.get("error"), Mapping):
        show_problem(value["error"])


def show_log(entries: Iterable[Mapping[str, Any]]) -> None:
    """Print what the commands of a job said."""
    for entry in entries:
        place = f"attempt {entry.get('attempt')}, process {entry.get('lane')}, command {entry.get('command')}"
        click.echo(click.style(f"== {place}", bold=True))
        click.echo(str(entry.get("text", "")).rstrip("\n"))


def event_of(value: Mapping[str, Any]) -> JobEvent | None:
    """Return the progress in the JSON of a job; `None` where there is none that this version knows."""
    progress = value.get("progress")
    if not isinstance(progress, Mapping):
        return JobEvent(Stage.WAITING, 0) if value.get("status") == "queued" else None
    known = {name: progress[name] for name in JobEvent.__slots__ if name in progress}
    if known.get("stage") not in _STAGES or not isinstance(known.get("percent"), int | float):
        return None
    return JobEvent(**{**known, "stage": Stage(known["stage"])})


def _show_result(result: Mapping[str, Any]) -> None:
    outputs = result.get("outputs")
    if not isinstance(outputs, list):
        echo_json(result)
        return
    rows = [
        (
            str(output.get("url") or output.get("path") or output.get("name")),
            human_size(int(output.get("size") or 0)),
            describe_media(output.get("media") or {}),
        )
        for output in outputs
    ]
    if rows:
        show_table(("file", "size", "media"), rows)
    for warning in result.get("warnings") or ():
        click.echo(f"Warning: {warning}")


def _row_of(job: Job) -> tuple[str, ...]:
    value = job.value
    sent = _describe_time(value.get("created_at"))
    return (
        job.id,
        str(value.get("action", "")),
        job.status,
        _describe_progress(value),
        sent,
        _describe_seconds(value),
    )


def _describe_progress(value: Mapping[str, Any]) -> str:
    event = event_of(value)
    return f"{event.percent:.0f} % {event.stage.value}" if event is not None and value.get("progress") else ""


def _describe_metadata(metadata: Any) -> str:
    return json.dumps(metadata, ensure_ascii=False) if metadata else ""


def _describe_time(text: Any) -> str:
    time = _read_time(text)
    return "" if time is None else time.astimezone().isoformat(sep=" ", timespec="seconds")


def _describe_seconds(value: Mapping[str, Any]) -> str:
    """Return how long a job has run."""
    began = _read_time(value.get("started_at"))
    if began is None:
        return ""
    ended = _read_time(value.get("ended_at")) or datetime.now(UTC)
    return f"{max(0.0, (ended - began).total_seconds()):.1f}"


def _read_time(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
