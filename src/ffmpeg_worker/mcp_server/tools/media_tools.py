"""Tools that run a job and wait for it: probe, commands, presets, compositions, quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.canvas import CANVAS
from ffmpeg_worker.job.actions.probe import PROBE
from ffmpeg_worker.job.actions.process import PROCESS
from ffmpeg_worker.job.actions.vmaf import VMAF
from ffmpeg_worker.mcp_server.read_arguments import read_job_arguments
from ffmpeg_worker.mcp_server.schemas import INPUTS, answer_schema, arguments_schema, field_schemas
from ffmpeg_worker.mcp_server.tool import Answer, Call, Tool

COMPOSITION: Mapping[str, Any] = {
    "type": "object",
    "description": "The composition: width, height, fps, background and a list of layers. composition_reference "
    "describes it and has examples.",
    "examples": [{"width": 1280, "height": 720, "layers": [{"type": "text", "text": "Hello", "duration": 2}]}],
}
_FILE = "Name of a file in the data root, name of one of `inputs`, or an https:// URL."
_ONE_INPUT = {"type": "string", "description": _FILE, "examples": ["clips/intro.mp4"]}
_PRESET_INPUT = {
    "description": f"The input of the preset, or a list of them in its order. {_FILE}",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "examples": ["clips/intro.mp4"],
}
_PRESET = {"type": "string", "description": "Name of a preset from list_presets.", "examples": ["gif"]}
_PARAMETERS = {
    "type": "object",
    "description": "Parameters of the preset; list_presets with its name has their schema.",
    "examples": [{"start": 2, "duration": 4, "width": 480}],
}
_TAIL = ("timeout",)
_PROCESS_TAIL = ("output", "hardware", "parallel", *_TAIL)
_WAITS = " It waits for the end; use submit_job for work of more than a minute or so."

_PROBE_FIELDS = {"input": _ONE_INPUT, "inputs": INPUTS, **field_schemas(PROBE, *_TAIL)}
_COMMAND_FIELDS = {**field_schemas(PROCESS, "chainCmds", "smart_cut", *_PROCESS_TAIL), "inputs": INPUTS}
_PRESET_FIELDS = {
    "preset": _PRESET,
    "input": _PRESET_INPUT,
    "parameters": _PARAMETERS,
    "inputs": INPUTS,
    **field_schemas(PROCESS, *_PROCESS_TAIL),
}
_RENDER_FIELDS = {
    "composition": COMPOSITION,
    **field_schemas(
        CANVAS,
        *("variables", "audio", "output", "startTime", "endTime", "fps", "quality", "crf", "codec", "preset"),
        *("render_scale", "transparent", "poster", "smart_render", "vfi", "lint", *_TAIL),
    ),
    "inputs": INPUTS,
}
_QUALITY_FIELDS = {
    **field_schemas(VMAF, "input1", "input2", "model", "features", "scale", "subsample", "align", *_TAIL),
    "inputs": INPUTS,
}


def _make_run(action: str, known: Mapping[str, Any]) -> Any:
    async def run(call: Call) -> Answer:
        body, _ = await read_job_arguments(call, action, call.arguments, known)
        result = await call.services.run(body, observer=call.observer)
        return Answer(result.as_json())

    return run


def _job_tool(
    name: str,
    title: str,
    description: str,
    action: Action,
    fields: Mapping[str, Any],
    *required: str,
    is_read_only: bool = False,
) -> Tool:
    """A tool that runs one job of an action and waits for it; unless it only reads, it writes files."""
    return Tool(
        name,
        title,
        description,
        arguments_schema(fields, *required),
        answer_schema(action.result),
        _make_run(action.name, fields),
        is_read_only=is_read_only,
        is_destructive=not is_read_only,
        is_idempotent=True,
        is_open_world=True,
    )


TOOLS = (
    _job_tool(
        "probe",
        "Read media information",
        "Read the format, streams and chapters of a media file, in ffprobe's JSON. Use it before a command to "
        "learn size, length, codecs and frame rate.",
        PROBE,
        _PROBE_FIELDS,
        "input",
        is_read_only=True,
    ),
    _job_tool(
        "run_preset",
        "Run a preset",
        "Run a recipe for a common task: GIF, thumbnail, trim, concat, watermark, subtitles, loudness, HLS and "
        "more; list_presets has all of them. Prefer it to run_command. The outputs are files in the data root."
        + _WAITS,
        PROCESS,
        _PRESET_FIELDS,
        "preset",
    ),
    _job_tool(
        "run_command",
        "Run FFmpeg commands",
        "Run one FFmpeg command, or a chain of commands in one working folder. No shell runs them. Options that "
        "could leave the job are refused, with a hint. Outputs are relative names and become files in the data "
        "root; a file of the same name is replaced." + _WAITS,
        PROCESS,
        _COMMAND_FIELDS,
        "chainCmds",
    ),
    _job_tool(
        "render_composition",
        "Render a composition",
        "Render a JSON composition of layers (video, images, text, shapes, subtitles, audio, with animations and "
        "transitions) to a video, GIF or image in the data root. Look at it with preview_composition first; "
        "with lint true, nothing is rendered and probable mistakes are listed." + _WAITS,
        CANVAS,
        _RENDER_FIELDS,
        "composition",
    ),
    _job_tool(
        "measure_quality",
        "Measure the quality of a video",
        "Score a video against its reference with VMAF, 0 to 100, and optionally PSNR and SSIM. The answer names "
        "the worst frames, and differences in length, size and timing." + _WAITS,
        VMAF,
        _QUALITY_FIELDS,
        "input1",
        "input2",
        is_read_only=True,
    ),
)
