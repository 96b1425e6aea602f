"""Measurements for people: one line for each filter, and a table of what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from ffmpeg_worker.cli.display import show_table
from ffmpeg_worker.job.result_parts import CommandLog
from ffmpeg_worker.measurements.table import AnyMeasurement

_MAX_ROWS = 20
_MAX_COLUMNS = 8
_ABOUT = frozenset({"command", "filter", "instance", "truncated", "frames_every"})


def show_measurements(measurements: Sequence[AnyMeasurement] | None, logs: Sequence[CommandLog] | None) -> None:
    """Print measurements; the log of a command without any, where it is all that there is to see."""
    for measurement in measurements or ():
        _show(measurement.model_dump(mode="json", exclude_none=True))
    measured = {measurement.command for measurement in measurements or ()}
    for entry in logs or ():
        if entry.command not in measured:
            click.echo(entry.log)


def _show(found: Mapping[str, Any]) -> None:
    values = {name: value for name, value in found.items() if name not in _ABOUT}
    plain = {name: value for name, value in values.items() if not isinstance(value, (list, Mapping))}
    instance = f" ({found['instance']})" if "instance" in found else ""
    facts = _facts(plain)
    click.echo(f"{found['filter']}{instance}: {facts}" if facts else f"{found['filter']}{instance}")
    for name, value in values.items():
        if isinstance(value, Mapping):
            _show_mapping(name, value)
        elif isinstance(value, list) and "summary" not in values:
            _show_rows(name, value)


def _show_mapping(name: str, value: Mapping[str, Any]) -> None:
    if any(isinstance(item, Mapping) for item in value.values()):
        _show_rows(name, [{name: key, **item} for key, item in value.items()])
    elif value:
        click.echo(f"  {name}: {_facts(value)}")


def _show_rows(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    shown = rows[:_MAX_ROWS]
    columns = list(dict.fromkeys(key for row in shown for key in row))
    if len(columns) > _MAX_COLUMNS:
        for row in shown:
            click.echo(f"  {name}: {_facts(row)}")
    elif columns:
        show_table(columns, [tuple(_text(row.get(key, "")) for key in columns) for row in shown])
    if len(rows) > _MAX_ROWS:
        click.echo(f"  … {len(rows) - _MAX_ROWS} more {name}; --json prints all")


def _facts(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in values.items())


def _text(value: Any) -> str:
    if value is None:
        return "not finite"
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e5 else str(value)
