"""What the sandbox adds to the start of an FFmpeg: the same command with and without it, alternating."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from pathlib import Path

from bench.table import median, ms, percentile, table
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.ffmpeg.run_captured import run_captured
from ffmpeg_worker.ffmpeg.tools import Tools, open_tools
from ffmpeg_worker.pipeline.scratch import open_scratch
from ffmpeg_worker.sandbox.confinement import Confinement
from ffmpeg_worker.sandbox.sandbox import open_sandbox
from ffmpeg_worker.settings import Settings


def measure(*, quick: bool) -> str:
    """Measure the milliseconds added at the median and the 95th percentile, and to the start of the worker."""
    logging.getLogger("ffmpeg_worker").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="ffmpeg-worker-bench-") as root:
        try:
            times, starts = asyncio.run(_alternate(Path(root), 20 if quick else 200))
        except Misconfigured as error:
            return f"Sandbox: not measured. {error.message}"
    base = times["unconfined"]
    rows = [
        [name, ms(median(v)), ms(percentile(v, 0.95)), ms(median(v) - median(base))] for name, v in times.items()
    ]
    head = ["ffmpeg -version", "p50 ms", "p95 ms", "added p50"]
    added = ms(median(starts["require"]) - median(starts["off"]))
    notes = [
        "Target: at most 5 ms added at p50.",
        f"Self-test: {added} ms added to the worker's start (target: 60).",
    ]
    return table("Sandbox: start of an FFmpeg", head, rows, notes)


async def _alternate(root: Path, count: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    starts: dict[str, list[float]] = {"off": [], "require": []}
    for _ in range(max(count // 20, 2)):
        for mode in ("off", "require"):
            starts[mode].append(await _time_start(_settings(root, mode)))
    settings = _settings(root, "require")
    times: dict[str, list[float]] = {"unconfined": [], "confined": []}
    with open_sandbox(settings) as sandbox, open_scratch(settings.scratch_root, sandbox) as scratch:
        async with open_tools(sandbox=sandbox, scratch=scratch.root) as tools, scratch.workspace("b") as workspace:
            folder = workspace.lane("lane")
            workspace.jail.hand_over(folder)
            confinement = workspace.jail.for_command(folder, 60)
            for _ in range(count):
                for name, how in (("unconfined", None), ("confined", confinement)):
                    times[name].append(await _time_run(tools, folder, how))
    return times, starts


def _settings(root: Path, mode: str) -> Settings:
    return Settings.model_validate({"data_root": root / "d", "scratch_root": root / "s", "sandbox": mode})


async def _time_start(settings: Settings) -> float:
    began = time.perf_counter()
    with open_sandbox(settings) as sandbox, open_scratch(settings.scratch_root, sandbox) as scratch:
        async with open_tools(sandbox=sandbox, scratch=scratch.root):
            return time.perf_counter() - began


async def _time_run(tools: Tools, folder: Path, confinement: Confinement | None) -> float:
    began = time.perf_counter()
    run = await run_captured(
        tools.spawner,
        [str(tools.ffmpeg), "-version"],
        cwd=folder,
        env={},
        timeout_s=60,
        confinement=confinement,
    )
    assert run.exit.code == 0, run.log.text
    return time.perf_counter() - began
