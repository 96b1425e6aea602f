"""Outputs that are uploaded to a bucket while their command writes them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import EngineFailed
from ffmpeg_worker.job.lifecycle import Stage
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.pipeline import run_lanes
from ffmpeg_worker.pipeline.direct_runtime import DirectRuntime
from ffmpeg_worker.pipeline.execute import Executed, execute
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.runtime import always
from ffmpeg_worker.planning import growing_outputs
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.storage.objects.multipart_upload import MultipartUpload
from support.media.sources import make
from support.servers.bucket import Bucket
from support.wait_until import until_async
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOOPBACK = {"allow_http_inputs": True, "fetch_allow_cidrs": "127.0.0.0/8"}
SOURCE = "-i testsrc2=size=640x360:rate=25:duration=2.6"
RAW = "-c:v rawvideo -pix_fmt yuv420p -fflags +bitexact"
"""Four parts of raw video and a rest."""
SLOW = f"-f lavfi -re {SOURCE}"
MOVIE = f"{SLOW} {RAW} a.mov"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("worker")
    for name in ("a.mov", "a.mkv", "a.nut"):
        make(root / "data/expected" / name, *f"-f lavfi {SOURCE} {RAW}".split())
    faststart = f"-f lavfi {SOURCE} {RAW} -movflags +faststart"
    make(root / "data/expected/fast.mov", *faststart.split())
    async with open_worker(root, **LOOPBACK) as opened:
        yield opened


def process(commands: str, **common: Any) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": commands}, **common}


class Watch:
    """Notes the uploads of parts, by whether ffmpeg was still running; `fault` answers some with a status."""

    def __init__(self, worker: Worker, fault: Callable[[str, str], int | None] = lambda _method, _path: None):
        self.early: list[str] = []
        self.late: list[str] = []
        self._worker = worker
        self._fault = fault

    def __call__(self, method: str, path: str) -> int | None:
        if method == "PUT":
            is_running = self._worker.events[-1].stage is Stage.RUNNING
            (self.early if is_running else self.late).append(path.partition("&")[0].rpartition("/")[2])
        return self._fault(method, path)


def assert_object(worker: Worker, bucket: Bucket, key: str, expected: str) -> None:
    assert bucket.server.read(key) == (worker.data / "expected" / expected).read_bytes()


def assert_nothing_left(bucket: Bucket) -> None:
    assert bucket.objects() == []
    assert bucket.server.unfinished() == []


async def test_three_outputs_at_once_are_identical_and_each_part_is_sent_once(
    worker: Worker, bucket: Bucket
) -> None:
    watch = bucket.server.fault = Watch(worker)
    outputs = " ".join(f"{RAW} a.{suffix}" for suffix in ("mov", "mkv", "nut"))
    result = await worker.process(f"{SLOW} {outputs}", upload=bucket.upload("three"))
    for output in result["outputs"]:
        assert_object(worker, bucket, output["path"], output["name"])
        assert f"{output['name']}?partNumber=1" in watch.late, "the head is rewritten"
    assert watch.early
    assert len(watch.early + watch.late) == len({*watch.early, *watch.late}) == 15
    assert bucket.server.unfinished() == []
    assert worker.events[-1].sent_bytes == sum(output["size"] for output in result["outputs"])


async def test_a_file_that_moves_in_the_end_is_sent_when_it_is_complete(worker: Worker, bucket: Bucket) -> None:
    watch = bucket.server.fault = Watch(worker)
    await worker.process(f"{SLOW} {RAW} -movflags +faststart a.mov", upload=bucket.upload("f.mov"))
    assert watch.early == []
    assert_object(worker, bucket, "f.mov", "fast.mov")


async def test_parts_that_changed_are_sent_again(
    worker: Worker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_outputs, "_find_shifted", lambda _lane: ())
    watch = bucket.server.fault = Watch(worker)
    await worker.process(f"{SLOW} {RAW} -movflags +faststart a.mov", upload=bucket.upload("f.mov"))
    assert "f.mov?partNumber=2" in watch.early
    assert "f.mov?partNumber=2" in watch.late
    assert_object(worker, bucket, "f.mov", "fast.mov")
    assert bucket.server.unfinished() == []


async def test_a_store_that_refuses_parts_gets_the_whole_file(worker: Worker, bucket: Bucket) -> None:
    refused: list[str] = []

    def refuse(method: str, path: str) -> int | None:
        if method == "PUT" and "partNumber=2" in path and len(refused) < 2:
            refused.append(path)
            return 403
        return None

    bucket.server.fault = refuse
    await worker.process(MOVIE, upload=bucket.upload("r.mov"))
    assert len(refused) == 2
    assert_object(worker, bucket, "r.mov", "a.mov")
    assert bucket.server.unfinished() == []


async def test_a_rejected_output_is_never_visible(worker: Worker, bucket: Bucket) -> None:
    watch = bucket.server.fault = Watch(worker)
    error = await worker.fail(process(f"{MOVIE} {RAW} -ss 9 late.mov", upload=bucket.upload("n")))
    assert error.where["output"] == "late.mov"
    assert watch.early
    assert [path for path in bucket.asked("POST") if "uploadId" in path] == []
    assert_nothing_left(bucket)


async def test_a_job_whose_time_is_over_leaves_no_part(worker: Worker, bucket: Bucket) -> None:
    watch = bucket.server.fault = Watch(worker)
    long = MOVIE.replace("duration=2.6", "duration=60")
    error = await worker.fail(process(long, upload=bucket.upload("n"), timeout=4))
    assert error.code == "timed_out"
    assert watch.early
    assert_nothing_left(bucket)


class Gate:
    """Holds the first request that a word is in until it is opened."""

    def __init__(self, method: str, word: str) -> None:
        self._asked = (method, word)
        self.is_reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, method: str, path: str) -> int | None:
        if method == self._asked[0] and self._asked[1] in path and not self.is_reached.is_set():
            self.is_reached.set()
            self.opened.wait(5)
        return None


async def cancel_at(gate: Gate, worker: Worker, job: dict[str, Any]) -> None:
    """Cancel a job while the store answers a request, and wait for its end."""
    task = asyncio.ensure_future(worker.services.run(parse_job(job)))
    await until_async(gate.is_reached.is_set)
    task.cancel()
    await asyncio.sleep(0)
    gate.opened.set()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("method", "word"),
    [("POST", "?uploads"), ("PUT", "partNumber=2"), ("PUT", "partNumber=1&"), ("POST", "?uploadId")],
    ids=["begin", "early-part", "last-part", "join"],
)
async def test_cancelling(worker: Worker, bucket: Bucket, method: str, word: str) -> None:
    gate = bucket.server.fault = Gate(method, word)
    await cancel_at(gate, worker, process(MOVIE, upload=bucket.upload("c")))
    assert_nothing_left(bucket)
    assert worker.leftovers() == []


def processes(*commands: str, **common: Any) -> dict[str, Any]:
    """A job whose processes read the same input, so that one ffmpeg makes all outputs."""
    return {"action": "multi_process", "data": {"processes": [{"chainCmds": one} for one in commands]}, **common}


async def test_processes_that_share_an_ffmpeg_send_parts_early(worker: Worker, bucket: Bucket) -> None:
    watch = bucket.server.fault = Watch(worker)
    job = processes(*(f"{SLOW} {RAW} a.{suffix}" for suffix in ("mov", "mkv")), upload=bucket.upload("f/"))
    result = await worker.run(job)
    assert [one.get("fused") for one in result["results"]] == [True, True]
    for name in ("a.mov", "a.mkv"):
        assert_object(worker, bucket, f"f/{name}", name)
        assert f"{name}?partNumber=2" in watch.early
    assert len(watch.early + watch.late) == len({*watch.early, *watch.late}) == 10
    assert bucket.server.unfinished() == []


async def test_a_rejected_output_of_one_process_takes_its_parts_back(worker: Worker, bucket: Bucket) -> None:
    watch = bucket.server.fault = Watch(worker)
    job = processes(f"{SLOW} {RAW} a.mov", f"{SLOW} {RAW} b.mov {RAW} -ss 9 late.mov", upload=bucket.upload("r/"))
    result = await worker.run(job)
    assert [one["success"] for one in result["results"]] == [True, False]
    assert result["results"][1]["error"]["where"]["output"] == "late.mov"
    assert {part.partition("?")[0] for part in watch.early} == {"a.mov", "b.mov"}
    assert bucket.objects() == ["r/a.mov"]
    assert bucket.server.unfinished() == []


async def test_a_shared_ffmpeg_that_fails_takes_all_parts_back(
    worker: Worker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun() -> list[str]:
        return sorted(path for path in bucket.asked("POST") if "?uploads" in path)

    async def fail_if_shared(context: JobContext, lane: Lane, folder: Path, **more: Any) -> Executed:
        executed = await execute(context, lane, folder, **more)
        if folder.name.startswith("fused"):
            await until_async(lambda: len(begun()) == 2)
            raise EngineFailed("It failed.")
        return executed

    monkeypatch.setattr(run_lanes, "execute", fail_if_shared)
    job = processes(*(f"{SLOW} {RAW} a.{suffix}" for suffix in ("mov", "mkv")), upload=bucket.upload("s/"))
    result = await worker.run(job)
    assert [one.get("fused") for one in result["results"]] == [None, None]
    for name in ("a.mov", "a.mkv"):
        assert_object(worker, bucket, f"s/{name}", name)
    assert [path.partition("?")[0] for path in begun()] == ["s/a.mkv"] * 2 + ["s/a.mov"] * 2
    assert bucket.server.unfinished() == []


async def test_a_later_attempt_that_sends_nothing_takes_the_parts_of_the_first_back(
    worker: Worker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    records: dict[str, Any] = {}

    async def step(_: DirectRuntime, name: str, _kind: Any, run: Any, **more: Any) -> Any:
        if name in records and more.get("is_usable", always)(records[name]):
            return records[name]
        result = await run()
        if "/begin/" in name:
            records[name] = result
        return result

    async def do_nothing(_: MultipartUpload, _upload: str) -> None:
        pass

    async def fail(*_: Any, **__: Any) -> Executed:
        raise EngineFailed("It failed.")

    monkeypatch.setattr(DirectRuntime, "step", step)
    job = parse_job(
        processes(*(f"{SLOW} {RAW} a.{suffix}" for suffix in ("mov", "mkv")), upload=bucket.upload("k/"))
    )
    with monkeypatch.context() as killed:
        killed.setattr(MultipartUpload, "abort", do_nothing)
        first = asyncio.ensure_future(worker.services.run(job))
        await until_async(lambda: len(bucket.server.unfinished()) == len(records) == 2)
        first.cancel()
        await asyncio.wait([first])
    assert len(bucket.server.unfinished()) == 2
    monkeypatch.setattr(run_lanes, "execute", fail)
    await asyncio.gather(worker.services.run(job), return_exceptions=True)
    assert_nothing_left(bucket)


async def test_cancelling_a_shared_ffmpeg(worker: Worker, bucket: Bucket) -> None:
    gate = bucket.server.fault = Gate("PUT", "partNumber=2")
    job = processes(f"{SLOW} {RAW} a.mov", f"{SLOW} {RAW} a.mkv", upload=bucket.upload("c/"))
    await cancel_at(gate, worker, job)
    assert_nothing_left(bucket)
    assert worker.leftovers() == []
