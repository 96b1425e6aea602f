"""Inputs that are read by range: the same results as from local files, and only the bytes that are read."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.job.parse import parse_job
from support.attacks.sandboxes import needs_sandbox
from support.media.sources import make
from support.processes import working_in
from support.servers.range_web import RangeWeb, open_range_web
from support.wait_until import until_async
from support.worker import Worker, open_worker

pytestmark = needs_sandbox
_places = itertools.count()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[RangeWeb]:
    async with open_range_web() as web:
        yield web


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, server: RangeWeb) -> AsyncIterator[Worker]:
    settings = {"allow_http_inputs": True, "fetch_allow_cidrs": "127.0.0.1/32", "ranged_min_bytes": 1000}
    async with open_worker(tmp_path_factory.mktemp("worker"), **settings) as opened:
        picture = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=56,format=uyvy422")
        sound = ("-f", "lavfi", "-i", "sine=duration=56")
        long = make(opened.data / "long.mov", *picture, *sound, "-c:v", "rawvideo", "-movflags", "+faststart")
        short = make(opened.data / "short.mov", *("-t", "0.4", "-i", str(long), "-c", "copy"))
        noise = opened.data / "noise.mov"
        noise.write_bytes(bytes(range(1, 255)) * 40)
        server.files = {path.name: path.read_bytes() for path in (long, short, noise)}
        yield opened


@pytest.fixture
def worker(shared: Worker, server: RangeWeb) -> Worker:
    server.reset()
    return shared


def at_a_new_place(server: RangeWeb, name: str) -> str:
    """The URL of a file that no job has read before."""
    return f"{server.url}/{next(_places)}/{name}"


def job(commands: Any, output: Any, source: str) -> dict[str, Any]:
    data = {"chainCmds": commands, "output": output}
    return {"action": "process", "inputs": {"v": source}, "data": data}


async def run_both(worker: Worker, server: RangeWeb, commands: Any) -> tuple[dict[str, Any], int]:
    """Run a command on the file behind the server and on the local one; their outputs must be equal."""
    remote = await worker.run(job(commands, "o.txt", at_a_new_place(server, "long.mov")))
    content = Path(remote["outputs"][0]["path"]).read_bytes()
    sent = server.sent
    local = await worker.run(job(commands, "o.txt", "long.mov"))
    assert content == Path(local["outputs"][0]["path"]).read_bytes()
    return remote["stats"], sent


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("commands", "most"),
    [
        ("-ss 44 -i {{v}} -frames:v 1 -f framemd5 o.txt", 0.5),
        ("-ss 22 -t 1 -i {{v}} -c copy -f framemd5 o.txt", 0.6),
        ("-i {{v}} -c copy -f framemd5 o.txt", 1.0),
        ("-t 0.2 -i {{v}} -ss 44 -t 0.2 -i {{v}} -filter_complex [0:v][1:v]hstack -f framemd5 o.txt", 0.7),
        (
            [
                ["-ss", "44", "-t", "0.2", "-i", "{{v}}", "-c", "copy", "p.mov"],
                "-i p.mov -f framemd5 o.txt".split(),
            ],
            0.6,
        ),
    ],
)
async def test_a_command_reads_only_what_it_needs(
    worker: Worker, server: RangeWeb, commands: Any, most: float
) -> None:
    stats, sent = await run_both(worker, server, commands)
    size = len(server.files["long.mov"])
    assert (stats["inputs_by_range"], stats["source_bytes"]) == (1, size)
    assert stats["input_bytes"] <= sent <= size * most


@pytest.mark.asyncio(loop_scope="module")
async def test_a_probe_reads_a_part(worker: Worker, server: RangeWeb) -> None:
    jobs = [
        {"action": "probe", "data": {"input": source}}
        for source in (at_a_new_place(server, "long.mov"), "long.mov")
    ]
    remote, local = [await worker.run(job) for job in jobs]
    assert server.sent < 2 << 20  # a bare ffprobe reads some hundred kB
    for result in (remote, local):
        result["format"].pop("filename")
    assert remote["format"]["duration"] == local["format"]["duration"]
    assert [stream["codec_name"] for stream in remote["streams"]] == ["rawvideo", "aac"]


@pytest.mark.asyncio(loop_scope="module")
async def test_processes_that_share_an_input_fetch_it_once(worker: Worker, server: RangeWeb) -> None:
    processes = [{"chainCmds": f"-ss {second} -i {{{{v}}}} -frames:v 1 {second}.png"} for second in (3, 4, 5)]
    source = at_a_new_place(server, "long.mov")
    result = await worker.run(
        {"action": "multi_process", "inputs": {"v": source}, "data": {"processes": processes}}
    )
    assert len(result["results"]) == 3
    assert server.sent < len(server.files["long.mov"])


@pytest.mark.asyncio(loop_scope="module")
async def test_many_jobs_on_one_source_fetch_each_block_once(worker: Worker, server: RangeWeb) -> None:
    async def probe(jobs: int) -> int:
        request = {"action": "probe", "data": {"input": at_a_new_place(server, "long.mov")}}
        before = server.sent
        await asyncio.gather(*(worker.services.run(parse_job(request)) for _ in range(jobs)))
        return server.sent - before

    one, twenty = await probe(1), await probe(20)
    # What is on its way when a job ends may be fetched once more, and is some blocks.
    assert twenty <= 1.1 * one + (1 << 20)


@pytest.mark.asyncio(loop_scope="module")
async def test_two_videos_are_compared(worker: Worker, server: RangeWeb) -> None:
    inputs = {f"input{number}": at_a_new_place(server, "short.mov") for number in (1, 2)}
    result = await worker.run({"action": "vmaf", "data": inputs})
    assert result["score"] > 95


@pytest.mark.asyncio(loop_scope="module")
async def test_errors_have_the_name_of_the_input(worker: Worker, server: RangeWeb) -> None:
    error = await worker.fail(job("-i {{v}} o.mp4", None, at_a_new_place(server, "noise.mov")))
    assert error.code == "input_unreadable"
    assert error.where["input"] == "v"
    assert "fd:" not in str(error.as_problem())


@pytest.mark.asyncio(loop_scope="module")
async def test_bytes_that_cannot_be_had_are_the_error(worker: Worker, server: RangeWeb) -> None:
    server.stop_at, server.status = 4_000_000, 403
    error = await worker.fail(job("-i {{v}} -c copy o.mov", None, at_a_new_place(server, "long.mov")))
    assert (error.code, error.fault.value, error.retryable) == ("source_access_expired", "source", True)
    assert error.where["input"] == "v"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_job_is_cancelled_while_a_read_waits(worker: Worker, server: RangeWeb) -> None:
    server.stop_at = 4_000_000
    request = parse_job(job("-i {{v}} -c copy o.mov", None, at_a_new_place(server, "long.mov")))
    running = asyncio.ensure_future(worker.services.run(request))
    await asyncio.wait_for(server.held.wait(), 10)
    await until_async(lambda: working_in(worker.scratch) != [])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 10)
    assert worker.leftovers() == []
    await until_async(lambda: working_in(worker.scratch) == [])


@pytest.mark.asyncio(loop_scope="module")
async def test_the_time_of_a_job_ends_while_a_read_waits(worker: Worker, server: RangeWeb) -> None:
    server.stop_at = 4_000_000
    error = await worker.fail(
        {**job("-i {{v}} -c copy o.mov", None, at_a_new_place(server, "long.mov")), "timeout": 1}
    )
    assert error.code == "timed_out"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_composition_reads_a_part_of_a_video(worker: Worker, server: RangeWeb) -> None:
    contents = []
    for source in (at_a_new_place(server, "long.mov"), "long.mov"):
        layer = {"type": "video", "src": source, "trim": {"start": 44}}
        composed = {"width": 64, "height": 36, "fps": 5, "duration": 0.4, "layers": [layer]}
        result = await worker.run({"action": "canvas", "data": {"json": composed, "output": "o.mp4"}})
        contents.append(Path(result["outputs"][0]["path"]).read_bytes())
        assert result["stats"]["inputs_by_range"] == ("://" in source)
    assert contents[0] == contents[1]
    assert server.sent < len(server.files["long.mov"])
