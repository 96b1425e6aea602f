"""The tool that shows one frame of a composition to the model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from ffmpeg_worker.job.actions.canvas_preview import CANVAS_PREVIEW, PreviewData
from ffmpeg_worker.mcp_server.read_arguments import read_job_arguments
from ffmpeg_worker.mcp_server.schemas import INPUTS, answer_schema, arguments_schema, field_schemas
from ffmpeg_worker.mcp_server.tool import Answer, Call, Picture, Tool
from ffmpeg_worker.mcp_server.tools.media_tools import COMPOSITION
from ffmpeg_worker.pipeline.runtime import JobFiles
from ffmpeg_worker.pipeline.scratch import remove_tree
from ffmpeg_worker.services import new_job_id
from ffmpeg_worker.tasks import finish_shielded

MAX_SIDE = 1024
"""Longest side of the picture in pixels: what models see in one piece, in a few hundred kilobytes."""
_PICTURE = "preview.jpg"

_FIELDS = {
    "composition": COMPOSITION,
    **field_schemas(CANVAS_PREVIEW, "t", "variables", "row", "timeout"),
    "width": {
        "type": "integer",
        "minimum": 2,
        "description": f"Width of the picture in pixels. The longest side is {MAX_SIDE} at most.",
        "examples": [640],
    },
    "inputs": INPUTS,
}


async def _preview(call: Call) -> Answer:
    arguments = dict(call.arguments)
    _, read = await read_job_arguments(call, CANVAS_PREVIEW.name, arguments, _FIELDS)
    arguments["width"] = _fitting_width(cast("PreviewData", read.job.data))
    arguments["output"] = _PICTURE
    body, _ = await read_job_arguments(call, CANVAS_PREVIEW.name, arguments, {**_FIELDS, "output": {}})
    async with _folder(call) as folder:
        result = await call.services.run(body, observer=call.observer, files=JobFiles(answer=folder))
        data = await asyncio.to_thread((folder / _PICTURE).read_bytes)
    value = {key: item for key, item in result.as_json().items() if key != "outputs"}
    return Answer(value, Picture(data, "image/jpeg"))


def _fitting_width(data: PreviewData) -> int:
    """Return the width of the picture: what was asked for, as far as both sides fit."""
    composition = data.compositions[data.row]
    width, height = composition.width, composition.height
    wanted = data.width or width
    return max(2, min(wanted, MAX_SIDE, MAX_SIDE * width // height))


@asynccontextmanager
async def _folder(call: Call) -> AsyncIterator[Path]:
    folder = call.services.resources.scratch.root / f"preview-{new_job_id()}"
    folder.mkdir(mode=0o755)
    try:
        yield folder
    finally:
        await finish_shielded(remove_tree(folder))


PREVIEW = Tool(
    "preview_composition",
    "Preview a composition",
    "Render one frame of a JSON composition and look at it: the answer has the picture. No file is written. "
    "Transparent parts are black.",
    arguments_schema(_FIELDS, "composition"),
    answer_schema(CANVAS_PREVIEW.result, without={"outputs", "image"}),
    _preview,
    is_read_only=True,
    is_idempotent=True,
    is_open_world=True,
)
