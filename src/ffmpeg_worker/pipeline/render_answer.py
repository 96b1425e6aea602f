"""Renders a still picture, or measures texts: one renderer whose answer becomes a file of the lane."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

from ffmpeg_worker.ffmpeg.run_again import run_again_if_killed
from ffmpeg_worker.pipeline.run_command import CommandRunner
from ffmpeg_worker.pipeline.start_renderer import start_renderer, wait_for_renderer
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import MeasureStep, StillStep
from ffmpeg_worker.process.child import Output
from ffmpeg_worker.scene.scene_json import encode_scene

_MAX_STILL_BYTES = 256 << 20
_MAX_MEASURED_BYTES = 16 << 20


async def render_still(step: StillStep, command: CommandRunner) -> StepResult:
    """Render one frame into a PNG file.

    Raises:
        EngineError: why it could not be drawn.
    """
    await command.place_all(step.setup)
    scene, threads = encode_scene(step.scene), command.resources.cores
    order = {"scene": scene, "first": step.frame, "form": "png", "threads": threads}
    result, image = await _render_answer(order, _MAX_STILL_BYTES, command)
    await command.write(step.work_name, image)
    return replace(result, frames=1, out_time_s=0.0)


async def measure_scene(step: MeasureStep, command: CommandRunner) -> StepResult:
    """Measure the texts of a scene; the renderer's answer becomes the result file of the step.

    Raises:
        EngineError: why they cannot be measured.
    """
    order = {"scene": encode_scene(step.scene), "form": "measure"}
    result, answer = await _render_answer(order, _MAX_MEASURED_BYTES, command)
    await command.write(step.result_file, answer)
    return replace(result, warnings=())  # they are in the answer


async def _render_answer(
    order: dict[str, Any], max_bytes: int, command: CommandRunner
) -> tuple[StepResult, bytearray]:
    """Run one renderer, again if it is killed from outside, and collect what it writes to standard output."""
    async with command.slot():
        return await run_again_if_killed(partial(_render_answer_in_slot, order, max_bytes, command))


async def _render_answer_in_slot(
    order: dict[str, Any], max_bytes: int, command: CommandRunner
) -> tuple[StepResult, bytearray]:
    began = time.monotonic()
    answer = bytearray()
    drawing = await start_renderer(order, Output(answer.extend, max_bytes), command)
    async with drawing.child:
        warnings = await wait_for_renderer(drawing, command)
        cpu_seconds = (await drawing.child.wait()).cpu_seconds
    seconds = time.monotonic() - began
    return StepResult(seconds=seconds, cpu_seconds=cpu_seconds, warnings=warnings), answer
