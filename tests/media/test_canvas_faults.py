"""A job ends and leaves nothing behind when a process dies or stalls during rendering, or it is cancelled."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import WorkerError
from support.jobs.canvas_files import SHAPE, SOUND, canvas, composition, preview
from support.media.sources import make
from support.processes import open_descriptors, renderers, with_argument, working_in
from support.wait_until import until_async
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON_S = 20.0
STALL_S = 12
"""Timeout of a whole job; long enough to start rendering on a busy machine."""
_NOISE = {
    "type": "text",
    "text": "a b c " * 40,
    "style": {"font_size": 60},
    "animation": {"type": "fade", "by": "letter"},
}
LONG = composition({**_NOISE, "blur": 9}, SOUND, width=1280, height=720, fps=30, duration=120)
SILENT = {**LONG, "layers": LONG["layers"][:1]}
SHORT = composition(SHAPE, SOUND)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("faults")
    make(root / "data/song.mp3", "-f", "lavfi", "-i", "sine=d=1")
    async with open_worker(root, min_free_disk_bytes=0, max_concurrency=4) as opened:
        await opened.run(canvas(SHORT))
        yield opened


async def _drawing(
    worker: Worker, job: dict[str, Any] | None = None
) -> tuple[asyncio.Task[WorkerError], list[int]]:
    """Start a long job of two ranges; return it and its renderers once both ranges are being encoded."""
    task = asyncio.ensure_future(worker.fail(job or canvas(LONG)))
    await until_async(lambda: task.done() or _is_encoding(worker), within_s=30)
    assert not task.done(), await task
    return task, renderers()[1]


def _is_encoding(worker: Worker) -> bool:
    return len(renderers()[1]) == 2 and len(_encoders(worker)) == 2


async def _ended(worker: Worker, task: asyncio.Task[WorkerError], within_s: float = SOON_S) -> WorkerError:
    async with asyncio.timeout(within_s):
        error = await task
    await _nobody_works(worker)
    return error


async def _nobody_works(worker: Worker) -> None:
    # The worker ends the probe of a job, but does not wait for it.
    await until_async(lambda: working_in(worker.scratch) == [])


def _encoders(worker: Worker) -> list[int]:
    return [pid for pid in working_in(worker.scratch) if pid in with_argument("rawvideo")]


async def test_a_job_that_is_cancelled(worker: Worker) -> None:
    await _cancelled(worker)
    before = open_descriptors()
    for _ in range(3):
        await _cancelled(worker)
    # A probe that waits for the next job accounts for up to 4; a pipe leaked by each job would be more.
    await until_async(lambda: open_descriptors() <= before + 4)


async def _cancelled(worker: Worker) -> None:
    task, _ = await _drawing(worker)
    task.cancel()
    async with asyncio.timeout(SOON_S):
        await asyncio.gather(task, return_exceptions=True)
    await _nobody_works(worker)
    assert worker.leftovers() == []
    assert renderers()[1] == []


def _mother() -> list[int]:
    mother, _ = renderers()
    return [] if mother is None else [mother]


@pytest.mark.parametrize("kind", ["a renderer", "an encoder", "the mother of all renderers"])
async def test_a_program_that_is_killed_is_started_again_once(worker: Worker, kind: str) -> None:
    def find() -> list[int]:
        return {"a renderer": renderers()[1], "an encoder": _encoders(worker)}.get(kind, _mother())

    task, _ = await _drawing(worker, canvas(SILENT))
    before = find()
    os.kill(before[0], signal.SIGKILL)
    await until_async(lambda: before[0] not in find() and _is_encoding(worker), within_s=30)
    assert not task.done(), await task
    [again] = set(find()) - set(before)
    os.kill(again, signal.SIGKILL)
    assert (await _ended(worker, task)).code == "engine_killed"
    assert (await worker.run(canvas(SHORT)))["outputs"]


async def test_a_renderer_that_crashes_is_not_started_again(worker: Worker) -> None:
    task, drawing = await _drawing(worker)
    os.kill(drawing[0], signal.SIGSEGV)
    error = await _ended(worker, task)
    assert (error.code, error.message) == ("renderer_failed", "The renderer crashed.")


async def test_processes_that_stall_are_stopped_in_time(worker: Worker) -> None:
    """The renderer of one range and the encoder of the other, so that nothing is drawn while the test waits."""
    task, drawing = await _drawing(worker, {**canvas(SILENT), "timeout": STALL_S})
    pipes = {link.readlink() for link in Path(f"/proc/{drawing[0]}/fd").iterdir()}
    [encoder] = [pid for pid in _encoders(worker) if Path(f"/proc/{pid}/fd/0").readlink() not in pipes]
    for pid in (drawing[0], encoder):
        os.kill(pid, signal.SIGSTOP)
    assert (await _ended(worker, task, within_s=STALL_S + SOON_S)).code == "timed_out"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"max_job_bytes": 300_000}, "job_too_large"),
        ({"max_output_file_bytes": 300_000}, "output_too_large"),
        ({"max_memory_bytes": 300 << 20}, "renderer_out_of_memory"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_job_that_uses_too_much(tmp_path: Path, limits: dict[str, int], code: str) -> None:
    pile = {**SHAPE, "width": 3000, "height": 3000, "rotation": 9, "blur": 3}
    long = composition(*[pile] * 40) if code == "renderer_out_of_memory" else SILENT
    async with open_worker(tmp_path, min_free_disk_bytes=0, **limits) as worker:
        async with asyncio.timeout(30):
            error = await worker.fail(canvas(long, quality="lossless"))
        assert error.code == code, f"{error.code}: {error}"
        await _nobody_works(worker)


async def test_many_jobs_for_few_places(worker: Worker) -> None:
    jobs = [canvas(composition(SHAPE, SOUND, duration=3), output=f"{n}.mp4") for n in range(6)]
    jobs += [preview(SHORT), preview(composition({**SHAPE, "width": 70_000, "height": 70_000}))]
    async with asyncio.timeout(60):
        results = await asyncio.gather(*map(worker.run, jobs), return_exceptions=True)
    assert [result for result in results[:-1] if not isinstance(result, dict)] == []
    assert isinstance(results[-1], WorkerError)
    await _nobody_works(worker)


async def test_nothing_stays_open(worker: Worker) -> None:
    (worker.data / "broken.png").write_bytes(b"\x89PNG broken")
    broken = composition({"type": "image", "src": "broken.png"})
    for number in range(6):
        if number == 2:
            before = open_descriptors()
        await worker.run(canvas(SHORT))
        await worker.fail(canvas(broken))
        await worker.run(preview(SHORT))
    await until_async(lambda: open_descriptors() <= before)
    assert renderers()[1] == []
