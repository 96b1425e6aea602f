"""Inputs that are read by range: the same results as from local files, and only the bytes that are read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile
from support.attacks.sandboxes import needs_sandbox
from support.media.sources import make
from support.processes import working_in
from support.servers.range_web import RangeWeb
from support.wait_until import until_async
from support.worker import Worker

pytestmark = needs_sandbox


def job(commands: Any, output: Any, source: str) -> dict[str, Any]:
    data = {"chainCmds": commands, "output": output}
    return {"action": "process", "inputs": {"v": source}, "data": data}


async def run_both(by_range: Worker, server: RangeWeb, commands: Any) -> tuple[dict[str, Any], int]:
    """Run a command on the file behind the server and on the local one; their outputs must be equal."""
    remote = await by_range.run(job(commands, "o.txt", f"{server.new_place()}/long.mov"))
    content = Path(remote["outputs"][0]["path"]).read_bytes()
    sent = server.sent
    local = await by_range.run(job(commands, "o.txt", "long.mov"))
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
    by_range: Worker, server: RangeWeb, commands: Any, most: float
) -> None:
    stats, sent = await run_both(by_range, server, commands)
    size = len(server.files["long.mov"])
    assert (stats["inputs_by_range"], stats["source_bytes"]) == (1, size)
    assert stats["input_bytes"] <= sent <= size * most


@pytest.mark.asyncio(loop_scope="module")
async def test_a_probe_reads_a_part(by_range: Worker, server: RangeWeb) -> None:
    jobs = [
        {"action": "probe", "data": {"input": source}} for source in (f"{server.new_place()}/long.mov", "long.mov")
    ]
    remote, local = [await by_range.run(job) for job in jobs]
    assert server.sent < 2 << 20  # a bare ffprobe reads some hundred kB
    for result in (remote, local):
        result["format"].pop("filename")
    assert remote["format"]["duration"] == local["format"]["duration"]
    assert [stream["codec_name"] for stream in remote["streams"]] == ["rawvideo", "aac"]


@pytest.mark.asyncio(loop_scope="module")
async def test_processes_that_share_an_input_fetch_it_once(by_range: Worker, server: RangeWeb) -> None:
    processes = [{"chainCmds": f"-ss {second} -i {{{{v}}}} -frames:v 1 {second}.png"} for second in (3, 4, 5)]
    source = f"{server.new_place()}/long.mov"
    result = await by_range.run(
        {"action": "multi_process", "inputs": {"v": source}, "data": {"processes": processes}}
    )
    assert len(result["results"]) == 3
    assert server.sent < len(server.files["long.mov"])


@pytest.mark.asyncio(loop_scope="module")
async def test_many_jobs_on_one_source_fetch_each_block_once(
    by_range: Worker, server: RangeWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 20
    have_read, close = asyncio.Barrier(count), RangedFile.close

    async def close_together(file: RangedFile) -> None:
        """What a job has requested ends with it, although it may be on its way to others: so none ends before."""
        if not file.is_closed:
            await have_read.wait()
        await close(file)

    monkeypatch.setattr(RangedFile, "close", close_together)
    server.reset()
    request = {"action": "probe", "data": {"input": f"{server.new_place()}/long.mov"}}
    await asyncio.gather(*(by_range.services.run(parse_job(request)) for _ in range(count)))
    different = set().union(*server.spans)
    assert server.sent <= len(different) + count  # each job proves with one byte that it may read the source


@pytest.mark.asyncio(loop_scope="module")
async def test_two_videos_are_compared(by_range: Worker, server: RangeWeb) -> None:
    inputs = {f"input{number}": f"{server.new_place()}/short.mov" for number in (1, 2)}
    result = await by_range.run({"action": "vmaf", "data": inputs})
    assert result["score"] > 95


@pytest.mark.asyncio(loop_scope="module")
async def test_errors_have_the_name_of_the_input(by_range: Worker, server: RangeWeb) -> None:
    error = await by_range.fail(job("-i {{v}} o.mp4", None, f"{server.new_place()}/noise.mov"))
    assert error.code == "input_unreadable"
    assert error.where["input"] == "v"
    assert "fd:" not in str(error.as_problem())


@pytest.mark.asyncio(loop_scope="module")
async def test_bytes_that_cannot_be_had_are_the_error(by_range: Worker, server: RangeWeb) -> None:
    server.stop_at, server.status = 4_000_000, 403
    error = await by_range.fail(job("-i {{v}} -c copy o.mov", None, f"{server.new_place()}/long.mov"))
    assert (error.code, error.fault.value, error.retryable) == ("source_access_expired", "source", True)
    assert error.where["input"] == "v"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_job_is_cancelled_while_a_read_waits(by_range: Worker, server: RangeWeb) -> None:
    server.stop_at = 4_000_000
    request = parse_job(job("-i {{v}} -c copy o.mov", None, f"{server.new_place()}/long.mov"))
    running = asyncio.ensure_future(by_range.services.run(request))
    await asyncio.wait_for(server.held.wait(), 10)
    await until_async(lambda: working_in(by_range.scratch) != [])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 10)
    assert by_range.leftovers() == []
    await until_async(lambda: working_in(by_range.scratch) == [])


@pytest.mark.asyncio(loop_scope="module")
async def test_the_time_of_a_job_ends_while_a_read_waits(by_range: Worker, server: RangeWeb) -> None:
    server.stop_at = 4_000_000
    error = await by_range.fail(
        {**job("-i {{v}} -c copy o.mov", None, f"{server.new_place()}/long.mov"), "timeout": 1}
    )
    assert error.code == "timed_out"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_composition_reads_a_part_of_a_video(by_range: Worker, server: RangeWeb) -> None:
    contents = []
    for source in (f"{server.new_place()}/long.mov", "long.mov"):
        layer = {"type": "video", "src": source, "trim": {"start": 44}}
        composed = {"width": 64, "height": 36, "fps": 5, "duration": 0.4, "layers": [layer]}
        result = await by_range.run({"action": "canvas", "data": {"json": composed, "output": "o.mp4"}})
        contents.append(Path(result["outputs"][0]["path"]).read_bytes())
        assert result["stats"]["inputs_by_range"] == ("://" in source)
    assert contents[0] == contents[1]
    assert server.sent < len(server.files["long.mov"])


@pytest.mark.asyncio(loop_scope="module")
async def test_frames_of_a_composition_are_copied_from_several_sources(by_range: Worker, server: RangeWeb) -> None:
    tags = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    picture = ("-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=25:duration=3,format=yuv420p,{tags}")
    clip = make(by_range.data / "clip.mp4", *picture, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25")
    server.files["clip.mp4"] = clip.read_bytes()
    first, second = (f"{server.new_place()}/clip.mp4" for _ in range(2))
    layers: list[dict[str, Any]] = [
        {"type": "video", "src": first, "trim": {"start": 0.6}},
        {"type": "video", "src": second, "start": "auto"},
    ]
    composition = {"width": 160, "height": 90, "fps": 25, "layers": layers}
    data = {"json": composition, "output": "joined.mp4", "smart_render": True}
    result = await by_range.run({"action": "canvas", "data": data})
    assert (result["warnings"], result["stats"]["inputs_by_range"]) == ([], 2)
    assert (result["stats"]["copied_frames"], result["stats"]["frames"]) == (125, 135)
