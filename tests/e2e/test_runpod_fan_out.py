"""A `multi_process` job split over several RunPod workers, with a fake platform and a fake S3 server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.folders import is_written
from support.programs.runpod_worker import running_runpod_worker
from support.servers.bucket import Bucket
from support.servers.fake_runpod import FakeRunpod, PlatformJob, open_fake_runpod
from support.wait_until import until_async

LOOPBACK = {"FFMPEG_WORKER_ALLOW_HTTP_INPUTS": "1", "FFMPEG_WORKER_FETCH_ALLOW_CIDRS": "127.0.0.0/8"}
KEY = "rpa_secret_key_of_the_endpoint"


def settings(platform: FakeRunpod, pod: str, **more: str) -> dict[str, str]:
    return {
        **LOOPBACK,
        "FFMPEG_WORKER_RUNPOD_FAN_OUT": "2",
        "FFMPEG_WORKER_RUNPOD_FAN_OUT_WORKERS": "2",
        "FFMPEG_WORKER_RUNPOD_FAN_OUT_QUEUE_S": "20",
        "FFMPEG_WORKER_RUNPOD_API_KEY": KEY,
        "RUNPOD_ENDPOINT_ID": "endpoint",
        "RUNPOD_ENDPOINT_BASE_URL": f"{platform.url}/v2",
        "RUNPOD_POD_ID": pod,
        "MAX_CONCURRENCY": "1",
        **more,
    }


def make_video(name: str, options: str = "") -> dict[str, Any]:
    return {"chainCmds": f"ffmpeg -f lavfi -i testsrc2=size=64x64:duration=1 {options} -c:v libx264 {name}.mp4"}


def multi_process(bucket: Bucket | None, *processes: dict[str, Any]) -> dict[str, Any]:
    upload = {"upload": bucket.upload("all/of.it")} if bucket else {}
    return {"action": "multi_process", "data": {"processes": list(processes)}, "metadata": {"order": 7}, **upload}


def parts_of(platform: FakeRunpod) -> list[PlatformJob]:
    return [known for job_id, known in platform.jobs.items() if job_id != "whole"]


def result_of(known: PlatformJob) -> dict[str, Any]:
    assert known.result is not None
    result: dict[str, Any] = known.result["output"]["result"]
    return result


async def test_parts_run_on_other_workers_and_results_keep_their_order(tmp_path: Path, bucket: Bucket) -> None:
    async with (
        open_fake_runpod() as platform,
        running_runpod_worker(tmp_path / "a", platform, **settings(platform, "a")),
        running_runpod_worker(tmp_path / "b", platform, **settings(platform, "b")),
    ):
        broken = make_video("c", "-vf scale=no")
        whole = platform.submit(
            "whole", multi_process(bucket, make_video("a"), make_video("b"), broken, make_video("d"))
        )
        await until_async(whole.ended.is_set, within_s=40)
        (part,) = parts_of(platform)
        # A job of two processes is split; a part of two processes is not split again.
        assert (part.status, len(part.job["input"]["body"]["processes"])) == ("COMPLETED", 2)
    result = result_of(whole)
    assert [report["index"] for report in result["results"]] == [0, 1, 2, 3]
    assert [report["success"] for report in result["results"]] == [True, True, False, True]
    assert result["results"][2]["error"]["where"]["process"] == 2
    assert (result["succeeded"], result["failed"]) == (3, 1)
    assert [output["path"] for output in result["outputs"]] == [f"all/of.it/{name}.mp4" for name in "abd"]
    assert bucket.outputs() == [f"all/of.it/{name}.mp4" for name in "abd"]
    assert result["metadata"] == {"order": 7}
    assert not [warning for warning in result["warnings"] if "worker" in warning]
    assert platform.client_keys == {f"Bearer {KEY}"}


async def test_the_only_worker_runs_all_parts(tmp_path: Path, bucket: Bucket) -> None:
    alone = {"FFMPEG_WORKER_RUNPOD_FAN_OUT_QUEUE_S": "1"}
    async with (
        open_fake_runpod() as platform,
        running_runpod_worker(tmp_path, platform, **settings(platform, "a", **alone)),
    ):
        platform.client_refusals[:] = [429, 500]
        whole = platform.submit("whole", multi_process(bucket, make_video("a"), make_video("b"), make_video("c")))
        await until_async(whole.ended.is_set, within_s=40)
        (part,) = parts_of(platform)
        assert (part.status, part.worker) == ("CANCELLED", None)
    result = result_of(whole)
    assert [report["index"] for report in result["results"]] == [0, 1, 2]
    assert result["failed"] == 0
    assert bucket.outputs() == [f"all/of.it/{name}.mp4" for name in "abc"]
    assert "Processes 1 to 2 ran on the same worker" in result["warnings"][0]
    assert "free within 1 seconds" in result["warnings"][0]


async def test_cancelling_a_job_cancels_its_parts(tmp_path: Path, bucket: Bucket) -> None:
    def endless(name: str) -> dict[str, Any]:
        return {"chainCmds": f"ffmpeg -re -f lavfi -i testsrc2 -t 36000 -c:v libx264 {name}.mp4"}

    async with (
        open_fake_runpod() as platform,
        running_runpod_worker(tmp_path / "a", platform, **settings(platform, "a")),
        running_runpod_worker(tmp_path / "b", platform, **settings(platform, "b")),
    ):
        whole = platform.submit("whole", multi_process(bucket, endless("one"), endless("two")))
        both = [tmp_path / name / "scratch" for name in ("a", "b")]

        def running() -> list[bool]:
            return [is_written(folder, name) for folder in both for name in ("one.mp4", "two.mp4")]

        await until_async(lambda: sum(running()) == 2, within_s=40)
        await until_async(lambda: bool(whole.progress), within_s=10)
        platform.stop("whole")
        (part,) = parts_of(platform)
        await until_async(lambda: part.status == "CANCELLED" and not any(running()), within_s=15)
    assert bucket.objects() == []


async def test_a_job_without_an_upload_is_not_split(tmp_path: Path) -> None:
    async with (
        open_fake_runpod() as platform,
        running_runpod_worker(tmp_path, platform, **settings(platform, "a")),
    ):
        whole = platform.submit("whole", multi_process(None, make_video("a"), make_video("b")))
        await until_async(whole.ended.is_set, within_s=40)
        assert parts_of(platform) == []
    assert result_of(whole)["failed"] == 0
    assert "upload" in result_of(whole)["warnings"][-1]
