"""Runs the demo: generate a source, transcode it, make a ladder, probe and score it, all through the HTTP API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ffmpeg_worker.client import ApiError, AsyncClient
from ffmpeg_worker.demo import jobs
from ffmpeg_worker.demo.local_api import open_local_api
from ffmpeg_worker.errors import TargetForbidden

_JOB_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the demo: what ran, the file it made (if any) with its bytes, and a summary of the result."""

    name: str
    seconds: float
    summary: str
    path: Path | None = None
    size: int | None = None


async def run_demo(folder: Path, on_step: Callable[[str], None]) -> list[Step]:
    """Run the demo.

    Args:
        folder: receives all files; it is made if missing, and files of an earlier demo are replaced.
        on_step: called with a line of text before each step.

    Raises:
        WorkerError: a step failed, or the server did not start.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetForbidden(f"The folder {folder} cannot be made: {error.strerror}.") from None
    on_step("Starting a server on a free port of this machine …")
    async with open_local_api(folder.resolve()) as client:
        on_step(f"Generating a source: {jobs.DURATION_S} s of a test pattern with a beep each second …")
        steps = _file_steps("source", await _run(client, "process", jobs.generate_source()), folder)
        on_step("Transcoding it …")
        steps += _file_steps("transcode", await _run(client, "process", jobs.transcode()), folder)
        on_step("Making a ladder of three sizes in one job …")
        ladder = await _run(client, "multi_process", jobs.make_ladder())
        steps += [step for report in ladder["results"] for step in _file_steps("ladder", report, folder)]
        on_step("Probing a rendition …")
        began = time.monotonic()
        probed = await _run(client, "probe", jobs.probe())
        steps.append(_probe_step(probed, time.monotonic() - began, folder))
        on_step("Scoring a rendition against the source …")
        steps.append(_vmaf_step(await _run(client, "vmaf", jobs.score()), folder))
    return steps


async def _run(client: AsyncClient, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Run a job; raise if it fails, or if one of its processes does."""
    result = await client.run(action, body, timeout_s=_JOB_TIMEOUT_S)
    for report in result.get("results", ()):
        if "error" in report:
            raise ApiError(report["error"]).at(process=report["index"])
    return result


def _file_steps(name: str, result: Mapping[str, Any], folder: Path) -> list[Step]:
    seconds = result["stats"]["seconds"]
    return [
        Step(name, seconds, _summarize_media(output["media"]), folder / output["name"], output["size"])
        for output in result["outputs"]
    ]


def _summarize_media(media: Mapping[str, Any]) -> str:
    codecs = ", ".join(media["codecs"])
    return f"{media['width']}x{media['height']}, {media['duration']:.1f} s, {codecs}"


def _probe_step(result: Mapping[str, Any], seconds: float, folder: Path) -> Step:
    rate = int(result["format"]["bit_rate"]) // 1000
    summary = f"{len(result['streams'])} streams, {rate} kbit/s"
    return Step("probe", seconds, summary, folder / result["format"]["filename"])


def _vmaf_step(result: Mapping[str, Any], folder: Path) -> Step:
    [output] = result["outputs"]
    scored = jobs.rendition_name(jobs.SCORED_HEIGHT)
    summary = f"VMAF {result['score']:.1f} for {scored} against {jobs.SOURCE}"
    return Step("vmaf", result["stats"]["seconds"], summary, folder / output["name"], output["size"])
