"""A hundred concurrent jobs, a third of them hostile: the benign ones succeed, and no resource is exhausted.

`FULL_CORPUS=1` sends two hundred.
"""

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
from support.extent import IS_FULL
from support.find_paths import find_paths
from support.media.sources import make_clip
from support.processes import children_of
from support.servers.api_server import Server, running_server
from support.wait_until import until_async

pytestmark = needs_sandbox

_KEY = "a-key-of-the-test"
_BENIGN, _HOSTILE = (136, 64) if IS_FULL else (68, 32)
_WAITING = 40
_KEPT_USERS = 16
"""User ids that a worker reserves for later jobs; each holds a lock."""
_MIB = 1 << 20
_ENDLESS = "-f lavfi -i testsrc2=size=1280x720"
_X264 = "-c:v libx264 -preset ultrafast"
_LIMITS = {
    "MAX_CONCURRENCY": "2",
    "FFMPEG_WORKER_MAX_WAITING_JOBS": str(_WAITING),
    "FFMPEG_WORKER_MAX_MEMORY_BYTES": str(300 * _MIB),
    "FFMPEG_WORKER_MAX_OUTPUT_FILE_BYTES": str(5 * _MIB),
    "FFMPEG_WORKER_MAX_JOB_BYTES": str(10 * _MIB),
    "FFMPEG_WORKER_MAX_JOB_FILES": "80",
}


@dataclass(frozen=True)
class Usage:
    """Resources a server uses: its memory, descendant processes, open descriptors, bytes of scratch."""

    memory: int
    processes: int
    descriptors: int
    disk: int

    @classmethod
    def of(cls, server: Server) -> Usage:
        proc = Path(f"/proc/{server.pid}")
        resident = next(line for line in (proc / "status").read_text().splitlines() if line.startswith("VmRSS:"))
        sizes = [path.lstat().st_size for path in find_paths(server.scratch_root, "**/*") if path.is_file()]
        return cls(
            int(resident.split()[1]) << 10,
            _count_descendants(server.pid),
            len(list((proc / "fd").iterdir())),
            sum(sizes),
        )

    def is_back_to(self, before: Usage) -> bool:
        """Whether usage is back to `before`; allocators keep some of the memory."""
        return (
            self.memory <= before.memory + 64 * _MIB
            and self.processes <= before.processes
            and self.descriptors <= before.descriptors + _KEPT_USERS
            and self.disk <= before.disk + _MIB
        )


def _count_descendants(pid: int) -> int:
    return sum(1 + _count_descendants(child) for child in children_of(pid))


@dataclass
class Clients:
    """Concurrent clients that retry when the worker reports a full queue."""

    session: aiohttp.ClientSession
    server: Server
    outcomes: Counter[str] = field(default_factory=Counter)
    full_responses: int = 0
    _queue_changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def send(self, action: str, body: Any) -> tuple[int, dict[str, Any]]:
        """Send a job until it is accepted; return status and body."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {_KEY}", "Content-Type": "application/json"}
        while True:
            async with self.session.post(f"/api/{action}", data=data, headers=headers) as response:
                result = await response.json(content_type=None)
                if response.status != 503:
                    break
                assert result["code"] == "queue_full", result
                assert result["retryable"]
                assert int(response.headers["Retry-After"]) > 0
            self.full_responses += 1
            async with self._queue_changed:  # until some other job has ended
                await self._queue_changed.wait()
        async with self._queue_changed:
            self._queue_changed.notify(3)
        self.outcomes[result.get("code", "succeeded")] += 1
        return response.status, result

    async def expect_failure(self, body: Any, *codes: str, action: str = "ffmpeg/process") -> None:
        """Send a job that must fail with one of these codes."""
        status, result = await self.send(action, body)
        assert status != 200, result
        assert result["code"] in codes, result


async def run_benign(clients: Clients, number: int) -> None:
    """Run a benign job of one of four kinds; each writes to its own folder."""
    name = f"{number:03d}"
    command, codecs = [
        (f"-i clip.mp4 -c copy {name}/o.mkv", ["h264", "aac"]),
        (f"-ss 0.5 -i clip.mp4 -frames:v 1 {name}/o.png", ["png"]),
        (f"-i clip.mp4 -vf scale=80:-2 {_X264} -an {name}/o.mp4", ["h264"]),
        ("", []),
    ][number % 4]
    if not command:
        status, result = await clients.send("ffmpeg/probe", {"input": "clip.mp4"})
        assert status == 200, result
        assert [stream["codec_name"] for stream in result["streams"]] == ["h264", "aac"]
        return
    status, result = await clients.send("ffmpeg/process", {"chainCmds": command})
    assert status == 200, result
    [output] = result["outputs"]
    assert output["media"]["codecs"] == codecs
    assert (clients.server.data_root / output["name"]).stat().st_size == output["size"]


def _process(command: str, **common: Any) -> dict[str, Any]:
    return {"chainCmds": command, **common}


async def _disconnect(clients: Clients) -> None:
    """Send a job and close the connection while it waits or runs."""
    asking = asyncio.ensure_future(
        clients.session.post(
            "/api/ffmpeg/process",
            json=_process(f"-re {_ENDLESS} {_X264} gone.mkv", timeout=60),
            headers={"Authorization": f"Bearer {_KEY}"},
        )
    )
    done, _ = await asyncio.wait({asking}, timeout=1.5)
    asking.cancel()
    if done:
        (await asking).close()


def hostile_jobs(clients: Clients, secrets: Planted) -> list[Callable[[], Awaitable[None]]]:
    """Return one hostile job of each kind."""
    big = ("output_too_large", "job_too_large")
    return [
        lambda: clients.expect_failure(_process(f"{_ENDLESS} -q:v 31 -s 64x36 flood/%05d.jpg"), "job_too_large"),
        lambda: clients.expect_failure(_process(f"{_ENDLESS} -c:v rawvideo -f nut flood.nut"), *big),
        lambda: clients.expect_failure(_process(f"{_ENDLESS}:duration=60 -vf reverse m.mp4"), "out_of_memory"),
        lambda: clients.expect_failure(_process(f"-re {_ENDLESS} {_X264} e.mp4", timeout=1), "timed_out"),
        lambda: clients.expect_failure(
            _process(f"-i {secrets.secret} o.mp4"), "path_outside_root", "source_not_found"
        ),
        lambda: clients.expect_failure(
            _process(f"-i clip.mp4 -vf drawtext=textfile={secrets.secret} o.mp4"), "forbidden_option"
        ),
        lambda: clients.expect_failure(
            _process("-i escape/x.m3u8 -c copy x.ts"), "input_unreadable", "engine_failed"
        ),
        lambda: clients.expect_failure(b'{"chainCmds": "-i clip.mp4 o.mp4", "timeout": NaN}', "invalid_json"),
        lambda: clients.expect_failure(b"[" * 10_000, "invalid_json"),
        lambda: _disconnect(clients),
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


async def test_many_concurrent_jobs(tmp_path: Path, secrets: Planted) -> None:
    _make_files(tmp_path / "data", secrets)
    connector = aiohttp.TCPConnector(limit=0)
    with running_server(tmp_path, FFMPEG_WORKER_API_KEYS=_KEY, **_LIMITS) as server:
        async with aiohttp.ClientSession(server.url, connector=connector) as session:
            clients = Clients(session, server)
            kinds = hostile_jobs(clients, secrets)
            await asyncio.gather(*(run_benign(clients, number) for number in range(900, 908)))
            await asyncio.gather(*(run_hostile() for run_hostile in kinds))
            await until_async(server.is_idle)
            before = Usage.of(server)

            jobs = [run_benign(clients, number) for number in range(_BENIGN)]
            jobs = _interleave(jobs, [kinds[number % len(kinds)]() for number in range(_HOSTILE)])
            await asyncio.gather(*jobs)

            await until_async(server.is_idle)
            assert clients.full_responses > 0
        await until_async(lambda: Usage.of(server).is_back_to(before))
        assert len(list(server.data_root.glob("[0-8]*/o.*"))) == _BENIGN * 3 // 4
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


def _interleave(benign_jobs: list[Any], hostile_jobs: list[Any]) -> list[Any]:
    """Put one hostile job after every two benign ones."""
    mixed = []
    for index, job in enumerate(benign_jobs):
        mixed.append(job)
        if index % 2 and hostile_jobs:
            mixed.append(hostile_jobs.pop())
    return mixed + hostile_jobs
