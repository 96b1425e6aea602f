"""`ffmpeg-worker vmaf`: measures the quality of one video against another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ffmpeg_worker.cli.display import show_table
from ffmpeg_worker.cli.file_arguments import resolve_file_argument
from ffmpeg_worker.cli.local_worker import name_data_root, run_locally, terminal_settings
from ffmpeg_worker.cli.problems import echo_json, exit_on_error, wants_json
from ffmpeg_worker.job.parse import parse_action


@click.command("vmaf")
@click.argument("reference")
@click.argument("distorted")
@click.option("--model", help="`auto` (default), or a model built into libvmaf, e.g. vmaf_v0.6.1neg.")
@click.option("--features", help="More metrics, separated by commas, e.g. psnr,ssim.")
@click.option("--subsample", type=int, help="Score only every n-th frame.")
@click.option(
    "--align", type=click.Choice(["auto", "report", "off"]), help="What to do if the frames do not match."
)
@click.option("--output", help="Write the scores of all frames to this file, in libvmaf's JSON format.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, also on a terminal.")
def command(reference: str, distorted: str, as_json: bool, **options: Any) -> None:
    """Measure the quality of DISTORTED against REFERENCE, from 0 (bad) to 100 (no visible difference)."""
    as_json = wants_json(as_json)
    with exit_on_error(as_json=as_json, data_root=name_data_root()):
        files = {"input1": resolve_file_argument(reference), "input2": resolve_file_argument(distorted)}
        job = parse_action("vmaf", files | _read_options(options))
        document = run_locally(job, terminal_settings()).as_json()
    if as_json:
        echo_json(document)
    else:
        _show(document)


def _read_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given options as fields of the job."""
    given = {name: value for name, value in options.items() if value is not None}
    if "features" in given:
        given["features"] = [name.strip() for name in given["features"].split(",") if name.strip()]
    if "output" in given:
        given["output"] = resolve_file_argument(given["output"])
    return given


def _show(document: dict[str, Any]) -> None:
    click.echo(f"VMAF {document['score']:.2f} over {document['frames']} frames")
    rows = [(name, f"{value:.2f}") for name, value in document["pooled"].items()]
    show_table(("pooled", "score"), rows)
    for file in document.get("outputs", ()):
        click.echo(f"Frames: {file['path']}")
    for warning in document.get("warnings", ()):
        click.echo(f"Warning: {warning}")
