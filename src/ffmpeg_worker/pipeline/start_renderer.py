"""Starts a renderer within the limits of a lane, and waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.errors import EngineTimedOut
from ffmpeg_worker.pipeline.renderer_process import RendererRun
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.process.child import Output
from ffmpeg_worker.scene.scene_json import encode_order


async def start_renderer(
    order: dict[str, Any],
    stdout: Output | int,
    command: CommandRunner,
    streams: Mapping[str, int] | None = None,
) -> RendererRun:
    """Start a renderer in the folder of a lane, within the job's time; `streams` are pipes by the name of a file.

    Raises:
        EngineError: it cannot be started.
    """
    files = {}
    if len(command.by_range):
        files = await command.by_range.prepare_scene(command.folder, encode_order(order).decode())
    confinement = command.jail.for_probe(command.seconds_left * command.resources.cores)
    return await command.resources.renderer.start(
        order, stdout=stdout, cwd=command.folder, confinement=confinement, files=files, streams=streams
    )


async def wait_for_renderer(drawing: RendererRun, command: CommandRunner) -> tuple[str, ...]:
    """Wait for the end of a renderer, and return its warnings.

    Raises:
        EngineTimedOut: the time for the job is used up.
        WorkerError: the renderer failed, or a file that it reads by range.
    """
    try:
        async with asyncio.timeout(command.seconds_left):
            return await command.by_range.check(drawing.wait(), drawing.files)
    except TimeoutError:
        raise EngineTimedOut(
            "The time for the job was used up, and the renderer was stopped.",
            hint="Allow more time, or less work: a smaller canvas, a shorter part, a draft with render_scale.",
        ) from None
