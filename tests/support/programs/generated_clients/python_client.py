"""Sends minimal jobs with the Python client that was generated from the OpenAPI document.

Its argument is the URL of the server. It is type-checked together with the generated package.
"""

from __future__ import annotations

import sys
from typing import TypeVar

from ffmpeg_worker_client import Client
from ffmpeg_worker_client.api.jobs import canvas, multi_process, probe, process
from ffmpeg_worker_client.models import (
    CanvasRequest,
    CanvasResult,
    Composition,
    MultiProcessRequest,
    MultiProcessResult,
    ProbeRequest,
    ProbeResult,
    Problem,
    ProcessData,
    ProcessRequest,
    ProcessResult,
    ShapeLayer,
    TextLayer,
)

T = TypeVar("T")
SOURCE = "-f lavfi -i testsrc=duration=1:size=128x72:rate=10"


def expect(kind: type[T], result: object) -> T:
    """Return the result of a call that must be of this type."""
    if not isinstance(result, kind):
        raise TypeError(f"not {kind.__name__}: {result}")
    return result


def main(url: str) -> None:
    """Run one job of each kind, and print what came of it."""
    client = Client(base_url=url, raise_on_unexpected_status=True)
    made = expect(
        ProcessResult,
        process.sync(client=client, body=ProcessRequest(chain_cmds=f"ffmpeg {SOURCE} made.mp4")),
    )
    print(*(output.name for output in made.outputs), made.warnings)

    commands = [
        ProcessData(chain_cmds=["-i", "made.mp4", "-vf", f"scale={width}:-2", f"{width}.mp4"])
        for width in (64, 32)
    ]
    many = expect(
        MultiProcessResult, multi_process.sync(client=client, body=MultiProcessRequest(processes=commands))
    )
    print(many.succeeded, many.failed, [report.success for report in many.results])

    media = expect(ProbeResult, probe.sync(client=client, body=ProbeRequest(input_="made.mp4")))
    print([stream["width"] for stream in media.streams or []])

    composition = Composition(
        width=64,
        height=36,
        layers=[ShapeLayer(type_="shape"), TextLayer(type_="text", text="Hello", duration=0.5)],
    )
    film = expect(CanvasResult, canvas.sync(client=client, body=CanvasRequest(json=composition)))
    print(film.width, film.height, film.duration)

    problem = expect(Problem, probe.sync(client=client, body=ProbeRequest(input_="missing.mp4")))
    print(problem.code)


if __name__ == "__main__":
    main(sys.argv[1])
