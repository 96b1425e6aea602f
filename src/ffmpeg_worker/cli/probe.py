"""`ffmpeg-worker probe`: shows the format and streams of a file."""

from __future__ import annotations

from typing import Any

import click

from ffmpeg_worker.cli.display import human_size, show_table
from ffmpeg_worker.cli.file_arguments import resolve_file_argument
from ffmpeg_worker.cli.local_worker import name_data_root, run_locally, terminal_settings
from ffmpeg_worker.cli.problems import echo_json, exit_on_error, wants_json
from ffmpeg_worker.job.parse import parse_action


@click.command("probe")
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print ffprobe's JSON, also on a terminal.")
def command(file: str, as_json: bool) -> None:
    """Show the format and streams of FILE: a summary on a terminal, ffprobe's JSON into a file or pipe."""
    as_json = wants_json(as_json)
    with exit_on_error(as_json=as_json, data_root=name_data_root()):
        job = parse_action("probe", {"input": resolve_file_argument(file)})
        document = run_locally(job, terminal_settings()).as_json()
    if "format" in document:
        document["format"]["filename"] = file
    if as_json:
        echo_json(document)
    else:
        _show(document)


def _show(document: dict[str, Any]) -> None:
    form = document.get("format", {})
    facts = [form.get("format_long_name") or form.get("format_name", "")]
    if "duration" in form:
        facts.append(f"{float(form['duration']):.3f} s")
    if "size" in form:
        facts.append(human_size(int(form["size"])))
    click.echo(", ".join(facts))
    rows = [
        (str(stream["index"]), stream.get("codec_type", ""), stream.get("codec_name", ""), _details(stream))
        for stream in document.get("streams", ())
    ]
    show_table(("stream", "kind", "codec", "details"), rows)


def _details(stream: dict[str, Any]) -> str:
    parts = []
    if "width" in stream:
        parts.append(f"{stream['width']}x{stream['height']}")
        parts.append(f"{stream.get('avg_frame_rate', '?')} fps")
    if "pix_fmt" in stream:
        parts.append(stream["pix_fmt"])
    if "sample_rate" in stream:
        parts.append(f"{stream['sample_rate']} Hz")
        parts.append(stream.get("channel_layout") or f"{stream.get('channels', '?')} channels")
    if "bit_rate" in stream:
        parts.append(f"{int(stream['bit_rate']) // 1000} kbit/s")
    return ", ".join(parts)
