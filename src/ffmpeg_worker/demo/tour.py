"""The tour: make a source, transcode it, make a ladder, look into it, score it, all through the HTTP API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.demo import jobs
from ffmpeg_worker.demo.server import Server, open_server
from ffmpeg_worker.errors import EngineFailed, TargetForbidden

_TIMEOUT = aiohttp.ClientTimeout(total=300)


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the tour: what was done, the file it made (if any) with its bytes, seconds, what came out."""

    step: str
    seconds: float
    result: str
    path: Path | None = None
    size: int | None = None


async def tour(folder: Path, tell: Callable[[str], None]) -> list[Stop]:
    """Run the demo.

    Args:
        folder: where everything goes; made when missing, files of an earlier tour are replaced.
        tell: called with a line before each step.

    Raises:
        WorkerError: a step failed, or the server did not start.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetForbidden(f"The folder {folder} cannot be made: {error.strerror}.") from None
    tell("Starting a server on a free port of this machine …")
    async with open_server(folder.resolve()) as server, _Client(server) as client:
        tell("Making a source: 10 s of test picture with a beep each second …")
        stops = _files("source", await client.post("process", jobs.make_source()), folder)
        tell("Transcoding it …")
        stops += _files("transcode", await client.post("process", jobs.transcode()), folder)
        tell("Making a ladder of three sizes in one job …")
        stops += _ladder(await client.post("multi_process", jobs.ladder()), folder)
        tell("Probing a rung …")
        stops.append(_probed(*await client.timed("probe", jobs.probe()), folder))
        tell("Scoring a rung against the source …")
        stops.append(_judged(await client.post("vmaf", jobs.judge()), folder))
    return stops


class _Client:
    """Posts bodies to the API."""

    def __init__(self, server: Server) -> None:
        self._session = aiohttp.ClientSession(
            f"{server.url}/api/ffmpeg/", headers={"Authorization": f"Bearer {server.key}"}, timeout=_TIMEOUT
        )

    async def __aenter__(self) -> _Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def post(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The API's answer; its problem becomes an error."""
        try:
            async with self._session.post(action, json=body) as answer:
                document: dict[str, Any] = await answer.json(content_type=None)
        except (aiohttp.ClientError, ValueError, TimeoutError) as error:
            raise EngineFailed(
                f"The server gave no answer to {action}.", code="no_answer", detail=repr(error)
            ) from None
        if "error" in document:
            raise _failed(document)
        for report in document.get("results", ()):
            if "error" in report:
                raise _failed(report["error"]).at(process=report["index"])
        return document

    async def timed(self, action: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], float]:
        """The answer, and the seconds it took, for answers that do not say."""
        began = time.monotonic()
        document = await self.post(action, body)
        return document, time.monotonic() - began


def _failed(problem: Mapping[str, Any]) -> EngineFailed:
    return EngineFailed(
        problem["error"],
        code=problem.get("code"),
        fault=Fault(problem.get("fault", Fault.WORKER)),
        hint=problem.get("hint"),
        where=problem.get("where"),
        stderr=problem.get("stderr"),
    )


def _files(step: str, answer: Mapping[str, Any], folder: Path) -> list[Stop]:
    seconds = answer["stats"]["seconds"]
    return [
        Stop(step, seconds, _holds(output["media"]), folder / output["name"], output["size"])
        for output in answer["outputs"]
    ]


def _ladder(answer: Mapping[str, Any], folder: Path) -> list[Stop]:
    return [stop for report in answer["results"] for stop in _files("ladder", report, folder)]


def _holds(media: Mapping[str, Any]) -> str:
    codecs = ", ".join(media["codecs"])
    return f"{media['width']}x{media['height']}, {media['duration']:.1f} s, {codecs}"


def _probed(answer: Mapping[str, Any], seconds: float, folder: Path) -> Stop:
    rate = int(answer["format"]["bit_rate"]) // 1000
    result = f"{len(answer['streams'])} streams, {rate} kbit/s"
    return Stop("probe", seconds, result, folder / answer["format"]["filename"])


def _judged(answer: Mapping[str, Any], folder: Path) -> Stop:
    [output] = answer["outputs"]
    result = f"VMAF {answer['score']:.1f} for {jobs.rung(jobs.JUDGED)} against {jobs.SOURCE}"
    return Stop("vmaf", answer["stats"]["seconds"], result, folder / output["name"], output["size"])
