"""The RunPod worker with RunPod's SDK and a fake platform: jobs, progress, signals and shutdown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from support.folders import is_written
from support.processes import alive, children_of
from support.programs.runpod_worker import running_runpod_worker
from support.servers.fake_runpod import open_fake_runpod
from support.wait_until import until_async


def process(command: str) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": command}}


SHORT = process("ffmpeg -f lavfi -i testsrc2=size=160x90:duration=1 -c:v libx264 short.mp4")
LONG = process("ffmpeg -f lavfi -i testsrc2=size=640x360 -t 36000 -c:v libx264 long.mp4")


def descendants(pid: int) -> set[int]:
    below = set(children_of(pid))
    return below.union(*(descendants(child) for child in below))


async def test_jobs_get_results_or_are_stopped_and_the_worker_ends_cleanly(tmp_path: Path) -> None:
    async with open_fake_runpod() as platform, running_runpod_worker(tmp_path, platform) as worker:
        platform.submit("good", SHORT)
        platform.submit("bad", process("ffmpeg -i missing.mp4 o.mp4"))
        platform.submit("none", {})
        await until_async(lambda: len(platform.results) == 3, within_s=30)
        assert platform.results["good"]["output"]["success"] is True
        assert "missing.mp4" in platform.results["bad"]["error"]
        assert platform.results["bad"]["output"]["details"]["code"] == "source_not_found"
        assert isinstance(platform.results["none"]["error"], str)
        await until_async(lambda: bool(platform.pings))

        long = platform.submit("long", LONG)
        await until_async(lambda: bool(long.progress), within_s=10)
        assert is_written(tmp_path / "scratch", "long.mp4")
        platform.stop("long")
        await until_async(lambda: not is_written(tmp_path / "scratch", "long.mp4"), within_s=10)
        platform.submit("after", SHORT)
        await until_async(lambda: "after" in platform.results, within_s=10)
        assert "long" not in platform.results
        assert long.late == []

        below = descendants(worker.pid)
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 15) == 0
        await until_async(lambda: not any(alive(pid) for pid in below), within_s=10)


async def test_no_process_outlives_a_killed_worker(tmp_path: Path) -> None:
    async with open_fake_runpod() as platform, running_runpod_worker(tmp_path, platform) as worker:
        platform.submit("long", LONG)
        await until_async(lambda: is_written(tmp_path / "scratch", "long.mp4"), within_s=30)
        await until_async(lambda: any("job_id=long" in ping for ping in platform.pings))
        below = descendants(worker.pid)
        assert len(below) >= 3  # the API, ffmpeg, the heartbeat
        worker.kill()
        await until_async(lambda: not any(alive(pid) for pid in below), within_s=10)


async def test_a_worker_that_cannot_run_jobs_reports_it_and_takes_none(tmp_path: Path) -> None:
    async with open_fake_runpod() as platform:
        platform.submit("waits", SHORT)
        async with running_runpod_worker(tmp_path, platform, FFMPEG_PATH=str(tmp_path / "none")) as worker:
            assert await asyncio.wait_for(worker.wait(), 30) == 1
        assert any("unhealthy" in ping and "check=http_api" in ping for ping in platform.pings)
        assert platform.results == {}


async def test_a_signal_during_startup(tmp_path: Path) -> None:
    async with open_fake_runpod() as platform, running_runpod_worker(tmp_path, platform) as worker:
        await until_async(lambda: bool(children_of(worker.pid)), within_s=30)
        below = descendants(worker.pid)
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 15) == 0
        await until_async(lambda: not any(alive(pid) for pid in below), within_s=10)
        assert platform.polls == 0


def real_time(seconds: float, name: str) -> dict[str, Any]:
    return process(f"ffmpeg -re -f lavfi -i testsrc2=size=160x90:duration={seconds} -c:v libx264 {name}.mp4")


async def test_concurrent_jobs_with_progress_before_their_results(tmp_path: Path) -> None:
    async with open_fake_runpod() as platform, running_runpod_worker(tmp_path, platform, MAX_CONCURRENCY="2"):
        jobs = [platform.submit(name, real_time(4, name)) for name in ("a", "b", "c")]
        await until_async(lambda: all(known.progress for known in jobs[:2]), within_s=30)
        assert [known.status for known in jobs] == ["IN_PROGRESS", "IN_PROGRESS", "IN_QUEUE"]
        platform.stop("c")
        await until_async(lambda: all(known.ended.is_set() for known in jobs))
        for known in jobs[:2]:
            reports = [report["progress"] for report in known.progress]
            percents = [report["percent"] for report in reports]
            assert len(percents) >= 2
            assert percents == sorted(percents)
            assert 0 < percents[-1] < 100
            assert {report["stage"] for report in reports} <= {
                "fetching",
                "running",
                "verifying",
                "delivering",
                "done",
            }
            assert {report["output"] for report in reports if "fps" in report} == {f"{known.job['id']}.mp4"}
            assert all(report["eta_s"] >= 0 for report in reports if "eta_s" in report)
            assert any("eta_s" in report for report in reports)
            assert known.late == []
            assert known.result is not None
            assert known.result["output"]["success"] is True


async def test_after_a_signal_it_finishes_its_jobs_and_takes_no_more(tmp_path: Path) -> None:
    async with (
        open_fake_runpod() as platform,
        running_runpod_worker(tmp_path, platform, MAX_CONCURRENCY="2") as worker,
    ):
        busy = platform.submit("busy", real_time(2, "busy"))
        await until_async(lambda: busy.status == "IN_PROGRESS", within_s=30)
        await until_async(lambda: platform.open_polls == 1)
        worker.terminate()
        await until_async(lambda: platform.open_polls == 0)
        late = platform.submit("late", SHORT)
        assert await asyncio.wait_for(worker.wait(), 30) == 0
        assert (busy.status, late.status) == ("COMPLETED", "IN_QUEUE")


async def test_a_job_that_cannot_finish_in_time_is_interrupted(tmp_path: Path) -> None:
    async with (
        open_fake_runpod() as platform,
        running_runpod_worker(tmp_path, platform, FFMPEG_WORKER_SHUTDOWN_S="0.2") as worker,
    ):
        long = platform.submit("long", LONG)
        await until_async(lambda: is_written(tmp_path / "scratch", "long.mp4"), within_s=30)
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 30) == 0
        assert long.result is not None
        details = long.result["output"]["details"]
        assert (long.status, details["code"], details["retryable"]) == ("FAILED", "interrupted", True)
        assert not is_written(tmp_path / "scratch", "long.mp4")
