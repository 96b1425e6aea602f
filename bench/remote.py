"""Remote inputs: a job against the user's own `ffmpeg -i URL` and against curl, then ffmpeg, on the same link."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.api_server import FFMPEG, ApiServer, make_source, running_server
from bench.table import median, table

_VARIABLES = {
    "FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1",
    "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8",
    "FFMPEG_WORKER_CACHE_BYTES": "0",
    "FFMPEG_WORKER_MAX_INPUT_BYTES": "20000000000",
}
_CLIP_S = 20
_COPY = "copy.bin"
_CONTAINERS = {"moov first": "first.mp4", "moov last": "last.mp4", "Matroska": "x.mkv", "MPEG-TS": "x.ts"}
_NOTES = (
    "Each link is a loopback server with its latency in ms and its bandwidth in MB/s (0: no limit). Medians.",
    "MB: bytes that the server sent. ratio: the job's wall time over that of the user's own command.",
    "Fixed cost: a job of the worker on a local file costs what `python -m bench tiny_job` says.",
)


@dataclass(frozen=True)
class _Work:
    """One kind of work: arguments around `-i`, of one command or of several."""

    name: str
    commands: tuple[tuple[str, str, str], ...]
    """Each with options before the input, options behind it, and an output; `{at}` is 80 % of the length."""
    is_whole: bool = False
    encodes: bool = False
    """It takes long, so it runs once, for one container and one size."""


_THUMBNAIL = ("-ss {at}", "-frames:v 1 -update 1", "t.jpg")
_SMALL = "-c:v libx264 -preset ultrafast -an"
_WORKS = (
    _Work("probe", ()),
    _Work("thumbnail at 80 %", (_THUMBNAIL,)),
    _Work("clip of 10 s, copied", (("-ss {at}", "-t 10 -c copy", "c.mkv"),)),
    _Work("sound, copied", (("", "-vn -c copy", "a.m4a"),), is_whole=True),
    _Work("whole, copied", (("", "-c copy", "w.mkv"),), is_whole=True),
    _Work("whole to 720p", (("", f"-vf scale=-2:720 {_SMALL}", "720.mp4"),), is_whole=True, encodes=True),
    _Work(
        "ladder of three",
        tuple(("", f"-vf scale=-2:{rows} {_SMALL}", f"{rows}.mp4") for rows in (720, 480, 360)),
        is_whole=True,
        encodes=True,
    ),
    _Work(
        "five thumbnails",
        tuple((f"-ss {{at}}.{tenth}", "-frames:v 1 -update 1", f"t{tenth}.jpg") for tenth in range(5)),
    ),
)


def measure(*, quick: bool) -> str:
    """Wall seconds, their ratios and bytes sent, for links, containers and kinds of work."""
    rounds = 1 if quick else 3
    with running_server(**_VARIABLES) as server:
        sizes = _make_sources(server.data, (5,) if quick else (50, 500, 5000))
        with _web(server.data) as web:
            bench = _Bench(server, web)
            bench.compare(_WORKS[1], "5/first.mp4" if quick else "50/first.mp4", 0, 0, 16, 1)  # loads modules
            tables = [
                _table(bench, megabytes, seconds, rounds, quick=quick) for megabytes, seconds in sizes.items()
            ]
    return "\n\n".join([*tables, "\n".join(_NOTES)])


def _make_sources(data: Path, sizes: Sequence[int]) -> dict[int, int]:
    """Make files of about so many MB in each container; returns their lengths in seconds by size."""
    clip = data / "clip.mp4"
    bits = "18M" if sizes[-1] > 5 else "1800k"
    picture = f"testsrc2=size=1920x1080:rate=25:duration={_CLIP_S},noise=alls=20:allf=t"
    sound = ("-f", "lavfi", "-i", f"sine=duration={_CLIP_S}", "-shortest", "-c:a", "aac")
    rate = f"-pix_fmt yuv420p -preset ultrafast -g 50 -b:v {bits} -maxrate {bits} -bufsize {bits}".split()
    make_source(clip, "-f", "lavfi", "-i", picture, *sound, *rate)
    lengths = {}
    for megabytes in sizes:
        times = max(1, round(megabytes * 1e6 / clip.stat().st_size))
        folder = data / str(megabytes)
        folder.mkdir()
        for name in _CONTAINERS.values():
            if megabytes <= 500 or name == "first.mp4":
                flags = ("-movflags", "+faststart") if name == "first.mp4" else ()
                make_source(folder / name, "-stream_loop", str(times - 1), "-i", str(clip), "-c", "copy", *flags)
        lengths[megabytes] = times * _CLIP_S
    return lengths


def _table(bench: _Bench, megabytes: int, seconds: int, rounds: int, *, quick: bool) -> str:
    rows = []
    for container, latency, rate, work in _cases(megabytes, quick=quick):
        name = f"{megabytes}/{_CONTAINERS[container]}"
        found = bench.compare(work, name, latency, rate, seconds * 4 // 5, 1 if work.encodes else rounds)
        rows.append([work.name, container, f"{latency} · {rate}", *_cells(found)])
    head = ["work", "source", "link", "ffmpeg s", "curl s", "job s", "ratio", "to curl", "ffmpeg MB", "job MB"]
    return table(f"A source of {megabytes} MB, {seconds} s of 1080p H.264 with AAC", head, rows)


def _cases(megabytes: int, *, quick: bool) -> Iterator[tuple[str, int, int, _Work]]:
    """Container, latency, bandwidth and work of each row: all links for one container, the last link for all."""
    links = [(0, 0)] if quick else [(0, 0), (5, 100), (50, 20)]
    for work in _WORKS:
        if work.is_whole and (megabytes > 500 or (work.encodes and megabytes > 50)):
            continue
        for container, (latency, rate) in itertools.product(_CONTAINERS, links):
            is_first = container == "moov first"
            if not is_first and (megabytes > 500 or work.encodes or (latency, rate) != links[-1]):
                continue
            if megabytes > 50 and work.is_whole and (rate == 20 or not is_first):
                continue
            yield container, latency, rate, work


def _cells(found: Mapping[str, tuple[float, float]]) -> list[str]:
    (own, own_mb), (curl, _), (job, job_mb) = found["ffmpeg"], found["curl"], found["job"]
    return [
        *(f"{seconds:.2f}" if seconds else "-" for seconds in (own, curl, job)),
        f"{job / own:.2f}",
        f"{job / curl:.2f}" if curl else "-",
        f"{own_mb:.1f}",
        f"{job_mb:.1f}",
    ]


class _Bench:
    """Runs one work in three ways, in turns."""

    def __init__(self, server: ApiServer, web: str) -> None:
        self._server = server
        self._web = web
        self._numbers = itertools.count()

    def compare(
        self, work: _Work, name: str, latency: int, rate: int, at: int, rounds: int
    ) -> dict[str, tuple[float, float]]:
        """Median seconds and MB by way; curl is left out where a whole download says nothing new."""
        ways = {"ffmpeg": self._by_ffmpeg, "curl": self._by_curl, "job": self._by_job}
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        size = (self._server.data / name).stat().st_size
        for _ in range(rounds):
            for way, run in ways.items():
                if way == "curl" and (size > 1e9 or (not work.is_whole and rate)):
                    found[way].append((0.0, 0.0))
                    continue
                counter = f"n{next(self._numbers)}"
                url = f"{self._web}/{latency}/{rate}/{counter}/{name.replace('/', '%2F')}"
                self._remove_outputs(work)
                began = time.perf_counter()
                run(work, url, at)
                seconds = time.perf_counter() - began
                found[way].append((seconds, self._sent(counter) / 1e6))
        return {
            way: (median([seconds for seconds, _ in runs]), median([sent for _, sent in runs]))
            for way, runs in found.items()
        }

    def _remove_outputs(self, work: _Work) -> None:
        """Remove what the run before has written: to free a large file takes time, and users write new ones."""
        for name in (_COPY, *(out for _, _, out in work.commands)):
            (self._server.data / name).unlink(missing_ok=True)

    def _sent(self, counter: str) -> int:
        with urllib.request.urlopen(f"{self._web}/counters/{counter}") as answer:
            return int(json.load(answer)["bytes"])

    def _by_ffmpeg(self, work: _Work, source: str, at: int) -> None:
        """All commands at once, as a script does that starts them itself; ffmpeg opens the source for a probe."""
        for_commands = work.commands or (("", "-t 0 -f null", "-"),)
        running = [
            subprocess.Popen(
                [
                    FFMPEG,
                    "-v",
                    "error",
                    "-nostdin",
                    "-y",
                    *_split(before, at),
                    "-i",
                    source,
                    *_split(behind, at),
                    out,
                ],
                cwd=self._server.data,
                stdin=subprocess.DEVNULL,
            )
            for before, behind, out in for_commands
        ]
        assert not any(process.wait() for process in running)

    def _by_curl(self, work: _Work, url: str, at: int) -> None:
        copy = self._server.data / _COPY
        subprocess.run(["curl", "-sfo", str(copy), url], check=True)
        self._by_ffmpeg(work, str(copy), at)

    def _by_job(self, work: _Work, url: str, at: int) -> None:
        commands = [
            {"chainCmds": [*_split(before, at), "-i", "{{in_1}}", *_split(behind, at), out]}
            for before, behind, out in work.commands
        ]
        body: dict[str, Any]
        if not commands:
            route, body = "probe", {"input": url}
        elif len(commands) == 1:
            route, body = "process", commands[0] | {"inputs": {"in_1": url}}
        else:
            route, body = "multi_process", {"processes": commands, "inputs": {"in_1": url}}
        asyncio.run(_post(f"{self._server.url}/api/ffmpeg/{route}", body))


def _split(options: str, at: int) -> list[str]:
    return options.replace("{at}", str(at)).split()


async def _post(url: str, body: dict[str, Any]) -> None:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(600)) as session,
        session.post(url, json=body) as response,
    ):
        text = await response.text()
        assert response.status == 200, text
        assert not json.loads(text).get("failed"), text


@contextmanager
def _web(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.slow_web", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
