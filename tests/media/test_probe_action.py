"""The action `probe` with ffprobe and PyAV, and files that crash the probe."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.ffmpeg.probe.prober import Prober
from ffmpeg_worker.process.spawner import Spawner
from support.media.sources import make_clip
from support.wait_until import until_async
from support.worker import Worker, open_worker

FFPROBE = shutil.which("ffprobe")
PROGRAMS = [
    "none",
    pytest.param("ffprobe", marks=pytest.mark.skipif(FFPROBE is None, reason="no ffprobe on PATH")),
]


def probe(name: str, **data: Any) -> dict[str, Any]:
    return {"action": "probe", "data": {"input": name, **data}}


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_the_result_has_the_shape_of_ffprobe(tmp_path: Path, program: str) -> None:
    async with open_worker(tmp_path, ffprobe_path=program) as worker:
        make_clip(worker.data / "my clip.mp4")
        document = await worker.run(probe("my clip.mp4", metadata={"a": 1}))
        assert document["format"]["filename"] == "my clip.mp4"
        assert float(document["format"]["duration"]) == pytest.approx(2.0, abs=0.1)
        assert [stream["codec_name"] for stream in document["streams"]] == ["h264", "aac"]
        assert document["chapters"] == []
        assert document["metadata"] == {"a": 1}
        by_placeholder = await worker.run({**probe("{{in_1}}"), "inputs": ["my clip.mp4"]})
        assert by_placeholder["streams"] == document["streams"]


async def test_a_file_that_is_not_media(tmp_path: Path, program: str) -> None:
    async with open_worker(tmp_path, ffprobe_path=program) as worker:
        (worker.data / "text.mp4").write_text("no video " * 100)
        (worker.data / "empty.mp4").touch()
        assert (await worker.fail(probe("text.mp4"))).code == "source_not_media"
        assert (await worker.fail(probe("empty.mp4"))).code == "source_empty"
        assert (await worker.fail(probe("nope.mp4"))).code == "source_not_found"
        assert (await worker.fail(probe("."))).code in {"source_is_folder", "invalid_name"}
        error = await worker.fail(probe("text.mp4"))
        assert str(tmp_path) not in str(error.as_problem())


async def test_options_of_ffprobe(tmp_path: Path, program: str) -> None:
    async with open_worker(tmp_path, ffprobe_path=program) as worker:
        make_clip(worker.data / "clip.mp4")
        job = probe("clip.mp4", chainCmds=["-show_packets", "-read_intervals", "%+#3"])
        if program == "none":
            assert (await worker.fail(job)).code == "unsupported_feature"
        else:
            assert len((await worker.run(job))["packets"]) == 3


async def test_a_crash_of_the_probe_affects_only_its_own_job(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4")
    async with Spawner() as spawner:
        prober = Prober(None, spawner)
        await prober.open()
        async with prober.session() as hurt, prober.session() as other:
            await hurt.describe(clip)
            await other.describe(clip)
            os.kill(hurt._child.processes[-1].pid, signal.SIGSTOP)
            waiting = asyncio.ensure_future(hurt.describe(clip))
            await asyncio.sleep(0)
            _end(hurt._child.processes[-1].pid, signal.SIGSEGV)
            assert (await waiting)["format"]["nb_streams"] == 2, "another child was asked"
            assert (await other.describe(clip))["format"]["nb_streams"] == 2
            pids = [helper.pid for session in (hurt, other) for helper in session._child.processes]
            assert len(set(pids)) == len(pids) == 3
        await prober.close()
        assert all(not Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGSEGV, "source_crashes_probe"), (signal.SIGKILL, "engine_killed")]
)
async def test_a_probe_that_dies_twice(tmp_path: Path, number: int, code: str) -> None:
    clip = make_clip(tmp_path / "clip.mp4")
    async with Spawner() as spawner:
        prober = Prober(None, spawner)
        await prober.open()
        assert prober.pool._idle is not None
        os.kill((await prober.pool._idle).pid, signal.SIGSTOP)
        async with prober.session() as session:
            waiting = asyncio.ensure_future(session.describe(clip))
            await until_async(lambda: len(session._child.processes) == 1)
            prober.pool._refill()
            os.kill((await prober.pool._idle).pid, signal.SIGSTOP)
            _end(session._child.processes[0].pid, number)
            await until_async(lambda: len(session._child.processes) == 2)
            _end(session._child.processes[1].pid, number)
            with pytest.raises(WorkerError) as caught:
                await waiting
            assert caught.value.code == code
        await prober.close()


def _end(pid: int, number: int) -> None:
    """End a stopped process by a signal, before it does anything else."""
    os.kill(pid, number)
    with suppress(ProcessLookupError):  # SIGKILL ends a stopped process too
        os.kill(pid, signal.SIGCONT)


async def test_many_concurrent_probes(tmp_path: Path) -> None:
    async with open_worker(tmp_path, ffprobe_path="none") as worker:
        make_clip(worker.data / "clip.mp4")
        results = await asyncio.gather(*(_streams(worker) for _ in range(24)))
        assert results == [2] * 24


async def _streams(worker: Worker) -> int:
    return len((await worker.run(probe("clip.mp4")))["streams"])
