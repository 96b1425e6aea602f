"""Plans of jobs whose inputs are made-up facts: no file is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.planning.expectations import expect
from ffmpeg_worker.planning.make_plan import make_plan
from ffmpeg_worker.planning.plan import Lane, Plan
from ffmpeg_worker.planning.planner import ReadJob
from ffmpeg_worker.planning.read_job import read_job
from ffmpeg_worker.planning.required_inputs import RequiredInput

MACHINE = Machine(cores=2)


def read(job: Mapping[str, Any], machine: Machine = MACHINE) -> ReadJob[Any]:
    """Parse and read a job."""
    return read_job(parse_job(dict(job)), machine)


def numbered_files(
    required: tuple[RequiredInput, ...], media: Callable[[RequiredInput], MediaInfo | None] = lambda _: None
) -> LocalFiles:
    """Every required input as if it had been fetched, staged as `0.bin`, `1.bin`, …"""
    return LocalFiles(
        {
            item.key: LocalFile(Path("/x"), f"{number}.bin", 1000, media(item))
            for number, item in enumerate(required)
        }
    )


def plan_job(
    job: Mapping[str, Any],
    machine: Machine = MACHINE,
    files: Callable[[tuple[RequiredInput, ...]], LocalFiles] | LocalFiles = numbered_files,
) -> Plan:
    """Read and plan a job for files that need not exist."""
    ready = read(job, machine)
    return make_plan(ready, files if isinstance(files, LocalFiles) else files(ready.required_inputs), machine)


def lengths(lane: Lane, media: Mapping[str, MediaInfo]) -> tuple[list[float | None], dict[str, float | None]]:
    """The seconds to expect of each step, and the promised seconds of each output by its name.

    As if FFmpeg had encoded the first stream of the first input into every output.
    """
    commands = lane.chain.commands if lane.chain is not None else ()
    streams = (WrittenStream("video", (0, 0)),)
    expected = expect(lane, media, [[WrittenOutput(streams) for _ in read.outputs] for read in commands])
    estimates = [
        getattr(step, "expected_s", None) or expected.estimate(getattr(step, "command", 0)) for step in lane.steps
    ]
    promises = {
        each.name: each.promised_s or getattr(expected.promised.get(each.name), "length_s", None)
        for each in lane.artifacts
    }
    return estimates, promises
