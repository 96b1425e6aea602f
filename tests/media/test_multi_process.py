"""`multi_process`: a report per process, and fused runs with the same outputs as separate ones."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

LADDER = [
    {"chainCmds": "-i clip.mp4 -vf scale=128:72 -c:v libx264 -preset veryfast -bitexact a.mp4"},
    {"chainCmds": "-i clip.mp4 -vf scale=64:36 -c:v libx264 -preset veryfast -bitexact b.mp4"},
    {"chainCmds": "-i clip.mp4 -vn -c:a libmp3lame -bitexact c.mp3"},
    {"chainCmds": "-i clip.mp4 -frames:v 1 -update 1 d.jpg"},
]


def multi_process(processes: list[dict[str, Any]], **data: Any) -> dict[str, Any]:
    return {"action": "multi_process", "data": {"processes": processes, **data}}


async def test_each_process_is_reported_in_order(worker: Worker) -> None:
    result = await worker.run(
        multi_process(
            [
                {"chainCmds": "-i clip.mp4 -c copy one.mp4"},
                {"chainCmds": "-i clip.mp4 -c:v nope two.mp4"},
                {"chainCmds": "-i text.mp4 three.mp4"},
                {"chainCmds": "-i late.mp4 four.mp3"},
            ]
        )
    )
    assert [report["success"] for report in result["results"]] == [True, False, False, True]
    assert [report["index"] for report in result["results"]] == [0, 1, 2, 3]
    assert (result["succeeded"], result["failed"]) == (2, 2)
    failed = result["results"][1]["error"]
    assert failed["code"] == "encoder_unknown"
    assert failed["where"]["process"] == 1
    assert [output["name"] for output in result["outputs"]] == ["one.mp4", "four.mp3"]
    assert not (worker.data / "two.mp4").exists()


async def test_fused_outputs_are_byte_identical_to_separate_ones(worker: Worker) -> None:
    names = ["a.mp4", "b.mp4", "c.mp3", "d.jpg"]
    fused = await worker.run(multi_process(LADDER))
    first = {name: hashlib.sha256((worker.data / name).read_bytes()).hexdigest() for name in names}
    apart = await worker.run(multi_process(LADDER, fuse=False))
    second = {name: hashlib.sha256((worker.data / name).read_bytes()).hexdigest() for name in names}
    assert first == second
    assert [report.get("fused") for report in fused["results"]] == [True] * 4
    assert [report.get("fused") for report in apart["results"]] == [None] * 4


async def test_a_failing_process_does_not_fail_the_fused_ones(worker: Worker) -> None:
    result = await worker.run(multi_process([*LADDER[:2], {"chainCmds": "-i clip.mp4 -c:v nope e.mp4"}]))
    assert [report["success"] for report in result["results"]] == [True, True, False]
    assert [report.get("fused") for report in result["results"]] == [None, None, None]


async def test_a_missing_input_fails_only_the_processes_that_name_it(worker: Worker) -> None:
    commands = [
        "-i clip.mp4 -c copy m0.mp4",
        "-i nope.mp4 m1.mp4",
        "-i {{gone}} m2.mp4",
        "-i clip.mp4 -vf subtitles={{gone}} m3.mp4",
        "-i clip.mp4 -c copy m4.mp4",
    ]
    job = multi_process([{"chainCmds": command} for command in commands])
    result = await worker.run({**job, "inputs": {"gone": "gone.mp4", "unused": "nowhere.mp4"}})
    assert [report["success"] for report in result["results"]] == [True, False, False, False, True]
    errors = [report["error"] for report in result["results"][1:4]]
    assert {error["code"] for error in errors} == {"source_not_found"}
    assert [error["where"]["process"] for error in errors] == [1, 2, 3]
    assert [error["where"]["input"] for error in errors] == ["nope.mp4", "gone", "gone"]


async def test_an_output_that_may_not_be_written_fails_only_its_process(worker: Worker) -> None:
    result = await worker.run(
        multi_process(
            [{"chainCmds": f"-i clip.mp4 -c copy {name}"} for name in ("n0.mp4", "/etc/n1.mp4", "n2.mp4")]
        )
    )
    assert [report["success"] for report in result["results"]] == [True, False, True]
    assert result["results"][1]["error"]["code"] == "path_outside_root"


async def test_an_invalid_job_is_refused_as_a_whole(worker: Worker) -> None:
    error = await worker.fail(multi_process([{"chainCmds": "-i clip.mp4 a.mp4"}, {"chainCmds": "-i {{x}} b.mp4"}]))
    assert (error.code, error.where["process"]) == ("unknown_input", 1)


async def test_progress_over_all_processes(worker: Worker) -> None:
    await worker.run(multi_process(LADDER, fuse=False))
    percents = [event.percent for event in worker.events]
    assert percents == sorted(percents)
    assert percents[-1] == 100.0
