"""Two hundred jobs at once, a third of them hostile: the honest ones are served, and nothing is used up."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from fuzz.planted import Planted, plant_secrets
from support.attacks.sandboxes import needs_sandbox
from support.media.sources import make_clip
from support.processes import children_of
from support.servers.api_server import Server, running_server
from support.wait_until import until_async

pytestmark = needs_sandbox

_KEY = "a-key-of-the-test"
_HONEST, _HOSTILE = 136, 64
_WAITING = 60
_KEPT_USERS = 16
"""Numbers of jobs' users that a worker keeps for later, a socket for each."""
_MIB = 1 << 20
_ENDLESS = "-f lavfi -i testsrc2=size=1280x720"
_X264 = "-c:v libx264 -preset ultrafast"
_LIMITS = {
    "MAX_CONCURRENCY": "2",
    "FFMPEG_WORKER_MAX_WAITING_JOBS": str(_WAITING),
    "FFMPEG_WORKER_MAX_MEMORY_BYTES": str(300 * _MIB),
    "FFMPEG_WORKER_MAX_OUTPUT_FILE_BYTES": str(10 * _MIB),
    "FFMPEG_WORKER_MAX_JOB_BYTES": str(20 * _MIB),
    "FFMPEG_WORKER_MAX_JOB_FILES": "200",
}


@dataclass(frozen=True)
class Held:
    """What a server holds: its own memory in bytes, processes below it, descriptors, bytes of scratch."""

    memory: int
    processes: int
    descriptors: int
    disk: int

    @classmethod
    def of(cls, server: Server) -> Held:
        proc = Path(f"/proc/{server.pid}")
        resident = next(line for line in (proc / "status").read_text().splitlines() if line.startswith("VmRSS:"))
        sizes = [path.lstat().st_size for path in server.scratch_root.rglob("*") if path.is_file()]
        return cls(
            int(resident.split()[1]) << 10, _below(server.pid), len(list((proc / "fd").iterdir())), sum(sizes)
        )

    def is_within(self, before: Held) -> bool:
        """Whether it is back where it was; memory that was used once is not all given back."""
        return (
            self.memory <= before.memory + 64 * _MIB
            and self.processes <= before.processes
            and self.descriptors <= before.descriptors + _KEPT_USERS
            and self.disk <= before.disk + _MIB
        )


def _below(pid: int) -> int:
    return sum(1 + _below(child) for child in children_of(pid))


@dataclass
class Crowd:
    """Clients that all call at once, and come again when they are told that the worker is full."""

    session: aiohttp.ClientSession
    server: Server
    outcomes: Counter[str] = field(default_factory=Counter)
    told_full: int = 0
    _room: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def ask(self, action: str, body: Any) -> tuple[int, dict[str, Any]]:
        """Send a job until it is taken; status and answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json"}
        while True:
            async with self.session.post(f"/api/{action}", data=data, headers=headers) as response:
                answer = await response.json(content_type=None)
                if response.status != 503:
                    break
                assert answer["code"] == "queue_full", answer
                assert answer["retryable"]
                assert int(response.headers["Retry-After"]) > 0
            self.told_full += 1
            async with self._room:  # until some other job has been answered
                await self._room.wait()
        async with self._room:
            self._room.notify(3)
        self.outcomes[answer.get("code", "succeeded")] += 1
        return response.status, answer

    async def refused(self, body: Any, *codes: str, action: str = "ffmpeg/process") -> None:
        """Send a job that must fail so."""
        status, answer = await self.ask(action, body)
        assert status != 200, answer
        assert answer["code"] in codes, answer


async def honest(crowd: Crowd, number: int) -> None:
    """One of four kinds, into a folder of its own."""
    name = f"{number:03d}"
    command, codecs = [
        (f"-i clip.mp4 -c copy {name}/o.mkv", ["h264", "aac"]),
        (f"-ss 0.5 -i clip.mp4 -frames:v 1 {name}/o.png", ["png"]),
        (f"-i clip.mp4 -vf scale=80:-2 {_X264} -an {name}/o.mp4", ["h264"]),
        ("", []),
    ][number % 4]
    if not command:
        status, answer = await crowd.ask("ffmpeg/probe", {"input": "clip.mp4"})
        assert status == 200, answer
        assert [stream["codec_name"] for stream in answer["streams"]] == ["h264", "aac"]
        return
    status, answer = await crowd.ask("ffmpeg/process", {"chainCmds": command})
    assert status == 200, answer
    [output] = answer["outputs"]
    assert output["media"]["codecs"] == codecs
    assert (crowd.server.data_root / output["name"]).stat().st_size == output["size"]


def _process(command: str, **common: Any) -> dict[str, Any]:
    return {"chainCmds": command, **common}


async def _hang_up(crowd: Crowd) -> None:
    """Go away soon after the job was sent, wherever it is by then."""
    asking = asyncio.ensure_future(
        crowd.session.post(
            "/api/ffmpeg/process",
            json=_process(f"-re {_ENDLESS} {_X264} gone.mkv", timeout=60),
            headers={"Authorization": f"Bearer {_KEY}"},
        )
    )
    done, _ = await asyncio.wait({asking}, timeout=1.5)
    asking.cancel()
    if done:
        (await asking).close()


def attacks(crowd: Crowd, secrets: Planted) -> list[Callable[[], Awaitable[None]]]:
    """One of each kind."""
    big = ("output_too_large", "job_too_large")
    return [
        lambda: crowd.refused(_process(f"{_ENDLESS} -q:v 31 -s 64x36 flood/%05d.jpg"), "job_too_large"),
        lambda: crowd.refused(_process(f"{_ENDLESS} -c:v rawvideo -f nut flood.nut"), *big),
        lambda: crowd.refused(_process(f"{_ENDLESS}:duration=60 -vf reverse m.mp4"), "out_of_memory"),
        lambda: crowd.refused(_process(f"-re {_ENDLESS} {_X264} e.mp4", timeout=1), "timed_out"),
        lambda: crowd.refused(_process(f"-i {secrets.secret} o.mp4"), "path_outside_root", "source_not_found"),
        lambda: crowd.refused(
            _process(f"-i clip.mp4 -vf drawtext=textfile={secrets.secret} o.mp4"), "forbidden_option"
        ),
        lambda: crowd.refused(_process("-i escape/x.m3u8 -c copy x.ts"), "input_unreadable", "engine_failed"),
        lambda: crowd.refused(b'{"chainCmds": "-i clip.mp4 o.mp4", "timeout": NaN}', "invalid_json"),
        lambda: crowd.refused(b"[" * 10_000, "invalid_json"),
        lambda: _hang_up(crowd),
    ]


@pytest.fixture
def secrets(tmp_path: Path) -> Iterator[Planted]:
    tmp_path.chmod(0o755)
    with plant_secrets(tmp_path / "outside") as opened:
        yield opened


def _make_files(data: Path, secrets: Planted) -> None:
    make_clip(data / "clip.mp4", seconds=1)
    (data / "escape").mkdir()
    lines = ("#EXTM3U", "#EXT-X-TARGETDURATION:1", "#EXTINF:1,", str(secrets.secret), "#EXT-X-ENDLIST")
    (data / "escape/x.m3u8").write_text("\n".join(lines) + "\n")


async def test_two_hundred_jobs_at_once(tmp_path: Path, secrets: Planted) -> None:
    _make_files(tmp_path / "data", secrets)
    connector = aiohttp.TCPConnector(limit=0)
    with running_server(tmp_path, FFMPEG_WORKER_API_KEYS=_KEY, **_LIMITS) as server:
        async with aiohttp.ClientSession(server.url, connector=connector) as session:
            crowd = Crowd(session, server)
            kinds = attacks(crowd, secrets)
            await asyncio.gather(*(honest(crowd, number) for number in range(900, 908)))
            await asyncio.gather(*(attack() for attack in kinds))
            await until_async(server.is_idle)
            before = Held.of(server)

            jobs = [honest(crowd, number) for number in range(_HONEST)]
            jobs = _mixed(jobs, [kinds[number % len(kinds)]() for number in range(_HOSTILE)])
            await asyncio.gather(*jobs)

            await until_async(server.is_idle)
            assert crowd.told_full > 0
        await until_async(lambda: Held.of(server).is_within(before))
        assert len(list(server.data_root.glob("[0-8]*/o.*"))) == _HONEST * 3 // 4
        assert {path.name for path in server.data_root.iterdir() if not path.name.isdigit()} == {
            "clip.mp4",
            "escape",
        }
        assert secrets.find_accesses() == []
        assert secrets.find_leaks(server.log_path.read_bytes()) == set()
        assert {line.get("status") for line in server.log_lines("request")} <= {
            200,
            400,
            403,
            404,
            422,
            499,
            500,
            503,
            504,
        }
        assert "Traceback" not in server.log_path.read_text()


def _mixed(honest_jobs: list[Any], hostile_jobs: list[Any]) -> list[Any]:
    """One hostile job after every two honest ones."""
    mixed = []
    for index, job in enumerate(honest_jobs):
        mixed.append(job)
        if index % 2 and hostile_jobs:
            mixed.append(hostile_jobs.pop())
    return mixed + hostile_jobs
