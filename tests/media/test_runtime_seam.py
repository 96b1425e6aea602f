"""Every action can resume from its recorded steps after an interruption, with the same result and files."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.parse import parse_job
from support.media.sources import make_clip
from support.recording_runtime import Records, run_in_attempts
from support.servers.web import Web, open_web
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "secret-canary"
COMPOSITION = {
    "width": 64,
    "height": 36,
    "fps": 10,
    "duration": 5,
    "layers": [
        {"type": "video", "src": "clip.mp4", "loop": True},
        {"type": "text", "text": "Hello", "start": 1, "duration": 1},
    ],
}
LOUD = {**COMPOSITION, "audio": {"loudness": -16}}
JOBS: dict[str, dict[str, Any]] = {
    "process": {"action": "process", "data": {"chainCmds": "-i clip.mp4 -crf 30 small.mp4"}},
    "process, a chain": {
        "action": "process",
        "data": {
            "chainCmds": "-i clip.mp4 -vn s.flac && ffmpeg -i s.flac -af volumedetect -f null - && -i s.flac s.mp3"
        },
    },
    "process, a playlist": {
        "action": "process",
        "data": {"chainCmds": "-i clip.mp4 -c copy -hls_time 1 -hls_list_size 0 hls/index.m3u8"},
    },
    "process, text and a subtitle file": {
        "action": "process",
        "inputs": {"subs": {"content": "1\n00:00:00,000 --> 00:00:01,000\nHi\n", "name": "a.srt"}},
        "data": {"chainCmds": "-i clip.mp4 -i {{subs}} -c copy -c:s mov_text s.mp4"},
    },
    "multi_process": {
        "action": "multi_process",
        "data": {
            "processes": [
                {"chainCmds": "-i clip.mp4 -vf scale=64:-2 a.mp4"},
                {"chainCmds": "-i clip.mp4 -vf scale=32:-2 b.mp4"},
                {"chainCmds": "-i missing.mp4 c.mp4"},
                {"chainCmds": "-i clip.mp4 -t 1 d.mp4 && ffmpeg -i d.mp4 -frames:v 1 d.jpg"},
            ]
        },
    },
    "probe": {"action": "probe", "data": {"input": "clip.mp4"}},
    "vmaf": {
        "action": "vmaf",
        "data": {"input1": "clip.mp4", "input2": "clip.mp4", "features": ["xpsnr"], "output": "frames.json"},
    },
    "canvas": {
        "action": "canvas",
        "data": {"json": COMPOSITION, "output": "film.mp4", "poster": {"time": 1.5, "name": "poster.jpg"}},
    },
    "canvas, rows and loudness": {
        "action": "canvas",
        "data": {"json": LOUD, "variables": [{"n": 1}, {"n": 2}], "output": "row-{{n}}.mp4"},
    },
    "canvas, lint": {"action": "canvas", "data": {"json": COMPOSITION, "lint": True}},
    "canvas_preview": {"action": "canvas_preview", "data": {"json": COMPOSITION, "t": 1.5}},
    "canvas_preview, a file": {"action": "canvas_preview", "data": {"json": COMPOSITION, "output": "p.jpg"}},
    "download": {"action": "download", "data": {"input": "clip.mp4", "output": "copies/clip.mp4"}},
    "upload": {
        "action": "upload",
        "data": {"input": ["clip.mp4"]},
        "upload": {"cloud_type": "LOCAL", "key": "published/"},
    },
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("seam")
    make_clip(root / "data/clip.mp4", extra=("-movflags", "+faststart"))
    async with open_worker(root, allow_http_inputs=True, fetch_allow_cidrs="127.0.0.1/32") as opened:
        yield opened


async def run_recorded(worker: Worker, job: dict[str, Any]) -> tuple[dict[str, Any], Records]:
    """Interrupt and resume a job after each of its steps; return its result and records."""
    root = worker.services.resources.scratch.root / "job-in-attempts"
    root.mkdir()
    try:
        result, records = await run_in_attempts(worker.services.resources, parse_job(job), root)
    finally:
        shutil.rmtree(root)
    return result.as_json(), records


def without_varying_values(value: Any) -> Any:
    """Return a result without what varies: id, times, speed, the size of libvmaf's log and so of all outputs."""
    if isinstance(value, dict):
        varying = {"job_id", "seconds", "speed", "cpu_seconds", "output_bytes"}
        if str(value.get("name")).endswith(".json"):
            varying.add("size")  # the log holds libvmaf's speed
        return {key: without_varying_values(item) for key, item in value.items() if key not in varying}
    if isinstance(value, list):
        return [without_varying_values(item) for item in value]
    return re.sub(r"speed= *\S+ elapsed=\S+", "", value) if isinstance(value, str) else value


def take_files(worker: Worker) -> dict[str, bytes]:
    """Remove the outputs of a job and return their contents, without the speed in libvmaf's log."""
    contents = {}
    for path in sorted(worker.data.rglob("*")):
        if path.is_file() and path != worker.data / "clip.mp4":
            contents[str(path.relative_to(worker.data))] = re.sub(rb'"fps": [\d.]+,', b"", path.read_bytes())
            path.unlink()
    return contents


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.sampled(2)
async def test_a_job_interrupted_after_each_step_has_the_same_result(worker: Worker, name: str) -> None:
    uninterrupted = await worker.run(JOBS[name])
    expected = take_files(worker)
    result, records = await run_recorded(worker, JOBS[name])
    assert without_varying_values(result) == without_varying_values(uninterrupted)
    assert take_files(worker) == expected
    assert set(records.runs.values()) == {1}, "a step with a record ran again"
    assert records.attempts >= len(records.runs)


async def test_every_action_is_tested() -> None:
    assert {job["action"] for job in JOBS.values()} == set(ACTIONS)


async def test_records_are_small_and_have_no_secret(worker: Worker) -> None:
    async with open_web() as web:
        web.files = {"clip.mp4": (worker.data / "clip.mp4").read_bytes()}
        job = _job_with_a_secret(web)
        result, records = await run_recorded(worker, job)
    take_files(worker)
    assert result["outputs"][0]["size"] > 0
    assert records.runs["fetch"] == 1
    for name, record in records.by_name.items():
        assert SECRET not in record, name
        assert len(record) < 10_000, name


def _job_with_a_secret(web: Web) -> dict[str, Any]:
    url = f"{web.url}/plain/clip.mp4?token={SECRET}"
    return {"action": "process", "data": {"chainCmds": ["-i", url, "-c", "copy", "copy.mp4"]}}


async def test_a_resumed_job_fails_with_the_same_error(worker: Worker) -> None:
    job = {"action": "process", "data": {"chainCmds": "-i clip.mp4 -c:v nonsense o.mp4"}}
    uninterrupted = await worker.fail(job)
    with pytest.raises(WorkerError) as caught:
        await run_recorded(worker, job)
    assert type(caught.value) is type(uninterrupted)
    assert caught.value.as_problem() == uninterrupted.as_problem()


async def test_steps_with_missing_files_run_again(worker: Worker) -> None:
    """On another machine only the records exist: steps whose files are missing run again."""
    root = worker.services.resources.scratch.root / "job-on-two-machines"
    root.mkdir()
    moves = 0

    def move(records: Records) -> None:
        nonlocal moves
        if moves == 0 and "lane-0/step-0" in records.by_name:
            moves += 1
            shutil.rmtree(root)
            root.mkdir()

    job = parse_job({"action": "process", "data": {"chainCmds": "-i clip.mp4 -t 1 a.flac && -i a.flac a.mp3"}})
    try:
        result, records = await run_in_attempts(worker.services.resources, job, root, after=move)
    finally:
        shutil.rmtree(root)
    assert moves == 1
    assert (records.runs["fetch"], records.runs["lane-0/step-0"], records.runs["lane-0/step-1"]) == (2, 2, 1)
    assert [output["name"] for output in result.as_json()["outputs"]] == ["a.mp3"]
    take_files(worker)
