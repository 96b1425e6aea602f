"""`ffmpeg-worker render`: renders a composition to a video or an image, or lints it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ffmpeg_worker.cli.composition_file import (
    Body,
    add_variables,
    read_assignments,
    read_composition_file,
    read_variables_file,
    remove_video_fields,
)
from ffmpeg_worker.cli.display import show_outputs, show_table
from ffmpeg_worker.cli.file_arguments import resolve_file_argument
from ffmpeg_worker.cli.local_worker import run_locally, terminal_settings
from ffmpeg_worker.cli.problems import echo_json, exit_on_error, wants_json
from ffmpeg_worker.composition.schema import composition_schema
from ffmpeg_worker.job.actions.canvas import CanvasJob, CanvasRemark, CanvasResult
from ffmpeg_worker.job.actions.canvas_output import ALPHA_CODECS, CODECS
from ffmpeg_worker.job.parse import parse_action
from ffmpeg_worker.job.result import FilesResult

_FIELDS = ("quality", "crf", "preset", "codec", "fps", "startTime", "endTime", "render_scale")
_DRAFT = {"render_scale": 0.5, "preset": "ultrafast", "quality": "draft"}


def _read_rate(text: str) -> float | str:
    """Read frames per second: a number, or a fraction such as 30000/1001."""
    try:
        return float(text)
    except ValueError:
        return text


@click.command("render")
@click.argument("composition", metavar="COMP.json", required=False)
@click.option("-o", "--output", help="File to write. Default: the output in COMP.json, else its name with .mp4.")
@click.option("--var", "values", multiple=True, metavar="NAME=VALUE", help="Set a variable. May be repeated.")
@click.option("--vars", "rows", metavar="FILE", help="JSON file with variables, or a list of them.")
@click.option("--quality", help="Quality: draft, low, medium (default), high or lossless.")
@click.option("--crf", type=float, help="Constant rate factor of the encoder; lower is better.")
@click.option("--preset", help="Speed of the encoder: ultrafast to veryslow, which makes smaller files.")
@click.option("--codec", help="Video codec. Default: chosen by the extension of the output.")
@click.option("--fps", type=_read_rate, metavar="RATE", help="Frames per second, instead of the composition's.")
@click.option("--from", "startTime", type=float, metavar="SECONDS", help="Start of the range to render.")
@click.option("--to", "endTime", type=float, metavar="SECONDS", help="End of the range to render.")
@click.option("--scale", "render_scale", type=float, help="Scale factor of the frame size, up to 1.")
@click.option("--draft", is_flag=True, help="Render fast: half the size, the fastest preset.")
@click.option("--transparent", is_flag=True, help="Keep transparency, in .mov, .webm, .gif or .png.")
@click.option("--poster", type=float, metavar="SECONDS", help="Also write this frame, as NAME-poster.png.")
@click.option("--preview", type=float, metavar="SECONDS", help="Only write this frame, to -o or preview.png.")
@click.option("--lint", is_flag=True, help="Only print warnings about likely mistakes, without rendering.")
@click.option("--schema", is_flag=True, help="Only print the JSON Schema of compositions, for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, also on a terminal.")
def command(composition: str | None, as_json: bool, schema: bool, **options: Any) -> None:
    """Render COMP.json ("-": standard input), which has a composition or a whole canvas job.

    Relative names in COMP.json are relative to its folder, those on the command line to the current folder.
    """
    if schema:
        echo_json(composition_schema())
        return
    if composition is None:
        raise click.UsageError("Missing argument 'COMP.json'.")
    as_json = wants_json(as_json)
    with exit_on_error(as_json=as_json, data_root="the folder of the composition"):
        body = _read_body(composition, options)
        action = "canvas"
        if options["preview"] is not None:
            action, body = "canvas_preview", _make_preview_body(body, options)
        root = Path.cwd() if composition == "-" else Path(composition).resolve().parent
        result = run_locally(parse_action(action, body), terminal_settings(root))
    if as_json:
        echo_json(result.as_json())
    elif isinstance(result, CanvasResult) and result.remarks is not None:
        _show_remarks(result.remarks)
    elif isinstance(result, FilesResult):
        show_outputs(result)


def _read_body(name: str, options: Mapping[str, Any]) -> Body:
    """Read the body of a canvas job and apply the options, which override it."""
    body = read_composition_file(name)
    rows = None if options["rows"] is None else read_variables_file(options["rows"])
    body = add_variables(body, rows, read_assignments(options["values"]))
    given = {key: options[key] for key in _FIELDS if options[key] is not None}
    given |= {key: True for key in ("transparent", "lint") if options[key]}
    if "crf" in given:
        body.pop("quality", None)
    elif "quality" in given:
        body.pop("crf", None)
    draft = {key: value for key, value in _DRAFT.items() if options["draft"] and key not in given}
    if "crf" in {**body, **given}:
        draft.pop("quality", None)
    body = {**body, **draft, **given}
    body["output"] = resolve_file_argument(options["output"] or body.get("output") or _output_name(name, body))
    if options["poster"] is not None:
        path = Path(body["output"])
        body["poster"] = {"time": options["poster"], "name": str(path.with_name(f"{path.stem}-poster.png"))}
    return body


def _output_name(composition: str, body: Body) -> str:
    """Return the name of the composition's file with an extension that fits codec and transparency."""
    codec = body.get("codec")
    extensions = ALPHA_CODECS if _keeps_alpha(body) else CODECS
    fitting = [extension for extension in extensions if codec is None or codec in CODECS[extension]]
    extension = next((name for name in fitting if codec == CODECS[name][0]), fitting[0] if fitting else ".mp4")
    return f"{'canvas' if composition == '-' else Path(composition).stem}{extension}"


def _keeps_alpha(body: Body) -> bool:
    """Whether the video is probably transparent; only reading the composition tells for all spellings."""
    if body.get("transparent") is not None:
        return body["transparent"] is True
    written = next((body[name] for name in ("json", "composition") if isinstance(body.get(name), dict)), body)
    return written.get("background") == "transparent"


def _make_preview_body(body: Body, options: Mapping[str, Any]) -> Body:
    """Make the body of a preview of the same composition; the whole body is validated first."""
    job = parse_action("canvas", body)
    output = resolve_file_argument(options["output"] or "preview.png")
    preview = {**remove_video_fields(body), "t": options["preview"], "output": output}
    if isinstance(job, CanvasJob) and job.data.render_scale != 1:
        # Beside the keys of a composition, "width" would be the composition's own width.
        width = max(round(job.data.compositions[0].width * job.data.render_scale), 2)
        return {**_nest_composition(preview), "width": width}
    return preview


def _nest_composition(body: Body) -> Body:
    """Move the keys of the composition into an object of their own."""
    if "json" in body or "composition" in body:
        return body
    job_keys = {"t", "output", "inputs", "timeout", "metadata", "row"}
    return {
        **{key: item for key, item in body.items() if key in job_keys},
        "json": {key: item for key, item in body.items() if key not in job_keys},
    }


def _show_remarks(remarks: tuple[CanvasRemark, ...]) -> None:
    if not remarks:
        click.echo("No warnings.")
        return
    rows = [
        (
            remark.where if remark.row is None else f"row {remark.row}, {remark.where}",
            remark.code,
            remark.message if remark.hint is None else f"{remark.message} → {remark.hint}",
        )
        for remark in remarks
    ]
    show_table(("where", "code", "remark"), rows)
