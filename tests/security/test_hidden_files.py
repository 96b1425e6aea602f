"""Hidden files, such as `.env` and `.ssh/config`: no job writes or reads them, in any way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.parse import parse_job
from support.media.sources import make_clip
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = "CANARY-OF-THE-OPERATOR"
RED = {"width": 32, "height": 18, "duration": 0.1, "layers": [{"type": "shape", "shape": "rect", "fill": "#f00"}]}
TEXT = {"content": f"SANDBOX={CANARY}", "name": "a.txt"}
PICTURE = "-f lavfi -i testsrc2=s=32x18:d=0.1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    root = tmp_path_factory.mktemp("hidden")
    data = root / "data"
    for folder in (".keys", ".ssh", "open"):
        (data / folder).mkdir(parents=True)
    (data / ".env").write_text(CANARY)
    Image.new("RGB", (8, 8)).save(data / ".logo.png")
    make_clip(data / "clip.mp4", seconds=0.4, size="64x36", fps=10)
    make_clip(data / ".keys/clip.mp4", seconds=0.4, size="64x36", fps=10)
    (data / "link.png").symlink_to(".logo.png")
    (data / "open/folder").symlink_to("../.ssh")
    async with open_worker(root, allowed_roots=f"{data}/.keys", min_free_disk_bytes=0) as opened:
        yield opened


def process(commands: str, **more: Any) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": commands}, **more}


def local(key: str, **action: Any) -> dict[str, Any]:
    return {**process(f"{PICTURE} o.png"), "upload": {"cloud_type": "LOCAL", "key": key}, **action}


WRITES: dict[str, dict[str, Any]] = {
    "command": process(f"{PICTURE} .bashrc.png"),
    "folder of a command": process(f"{PICTURE} .ssh/x.png"),
    "output of a command": {**process(PICTURE), "data": {"chainCmds": PICTURE, "output": "a/.ssh/x.png"}},
    "absolute": process(f"{PICTURE} <data>/.env.png"),
    "absolute folder": process(f"{PICTURE} <data>/.ssh/x.png"),
    "through a link": process(f"{PICTURE} open/folder/x.png"),
    "segments": process(f"{PICTURE} -f segment .ssh/%d.ts"),
    "tee": process(f"{PICTURE} -map 0 -f tee [f=mp4].env"),
    "processes": {
        "action": "multi_process",
        "data": {"processes": [{"chainCmds": f"{PICTURE} -c:v png .env.png", "output": ".env.png"}]},
    },
    "download": {"action": "download", "data": {"input": TEXT, "output": ".env"}},
    "download into a folder": {"action": "download", "data": {"input": TEXT, "output": ".ssh/authorized_keys"}},
    "download by its own name": {"action": "download", "data": {"input": "https://host.example/.env"}},
    "download, absolute": {"action": "download", "data": {"input": TEXT, "output": "<data>/.env"}},
    "scores": {"action": "vmaf", "data": {"input1": "clip.mp4", "input2": "clip.mp4", "output": ".env"}},
    "video": {"action": "canvas", "data": {"json": RED, "output": ".config/x.mp4"}},
    "video of a row": {
        "action": "canvas",
        "data": {"json": RED, "variables": [{"a": "."}, {"a": "b"}], "output": "{{a}}.env.mp4"},
    },
    "poster": {"action": "canvas", "data": {"json": RED, "poster": {"name": ".env.png"}}},
    "preview": {"action": "canvas_preview", "data": {"json": RED, "output": ".env.png"}},
    "key": local(".env.png"),
    "prefix": local(".ssh/"),
    "prefix further down": local("a/.ssh/"),
    "key of a download": local(".env.txt", action="download", data={"input": TEXT, "output": "a.txt"}),
}


async def fails(worker: Worker, job: dict[str, Any]) -> WorkerError:
    """Run a job in which `<data>` stands for the data root."""
    try:
        return await worker.fail(_fill(job, str(worker.data)))
    except InvalidJob as error:
        return error


def _fill(value: Any, data: str) -> Any:
    if isinstance(value, str):
        return value.replace("<data>", data)
    if isinstance(value, dict):
        return {key: _fill(item, data) for key, item in value.items()}
    return [_fill(item, data) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("way", WRITES)
@pytest.mark.sampled(3)
async def test_no_job_writes_one(worker: Worker, way: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in worker.data.rglob("*")}
    error = await fails(worker, WRITES[way])
    assert error.fault.value == "caller"
    assert error.hint
    assert {path: path.stat().st_mtime_ns for path in worker.data.rglob("*")} == before


def image(src: str) -> dict[str, Any]:
    layer = {"type": "image", "src": src, "duration": 0.1}
    return {"action": "canvas_preview", "data": {"json": {**RED, "layers": [layer]}}}


def font(src: str) -> dict[str, Any]:
    layers = [{"type": "text", "text": "a"}]
    return {
        "action": "canvas_preview",
        "data": {"json": {**RED, "fonts": [{"family": "A", "src": src}], "layers": layers}},
    }


def listed(entry: str) -> dict[str, Any]:
    return process(
        "-f concat -safe 0 -i {{l}} o.png", inputs={"l": {"content": f"file '{entry}'", "name": "l.txt"}}
    )


READS: dict[str, dict[str, Any]] = {
    "command": process("-i .logo.png o.png"),
    "input": process("-i {{a}} o.png", inputs={"a": ".logo.png"}),
    "file address": process("-i file://.logo.png o.png"),
    "absolute": process("-i <data>/.logo.png o.png"),
    "link": process("-i link.png o.png"),
    "sequence": process("-i .logo%d.png o.png"),
    "wildcard": process("-pattern_type glob -i .*.png o%d.png"),
    "list": listed(".logo.png"),
    "list with a link": listed("link.png"),
    "list, absolute": listed("<data>/.logo.png"),
    "probe": {"action": "probe", "data": {"input": ".env"}},
    "download": {"action": "download", "data": {"input": ".env", "output": "got.txt"}},
    "upload": {"action": "upload", "data": {"input": ".env"}, "upload": {"cloud_type": "LOCAL", "key": "x/"}},
    "scores": {"action": "vmaf", "data": {"input1": ".env", "input2": ".env"}},
    "layer": image(".logo.png"),
    "layer with a link": image("link.png"),
    "font": font(".env"),
    "subtitles": process(f"{PICTURE} -vf subtitles=.env o.png"),
    "text": process(f"{PICTURE} -vf drawtext=textfile=.env o.png"),
    "film of a filter": process(f"{PICTURE} -vf movie=.logo.png o.png"),
    "attachment": process("-i clip.mp4 -attach .env -metadata:s:t mimetype=a/b -c copy o.mkv"),
}


@pytest.mark.parametrize("way", READS)
@pytest.mark.sampled(3)
async def test_no_job_reads_one(worker: Worker, way: str) -> None:
    error = await fails(worker, READS[way])
    assert error.fault.value in {"caller", "source"}
    assert CANARY not in f"{error.as_problem()} {error.detail}"
    assert not list(worker.data.glob("o*.*"))


async def test_options_with_a_policy_that_accepts_everything(tmp_path: Path) -> None:
    async with open_worker(tmp_path, option_policy="off", min_free_disk_bytes=0) as worker:
        (worker.data / ".env").write_text(CANARY)
        await worker.fail(process(f"{PICTURE} -vf drawtext=textfile=.env o.png"))
        await worker.fail(process(f"{PICTURE} .env.png"))
        assert [path.name for path in worker.data.iterdir()] == [".env"]


async def test_the_files_beside_a_playlist_are_not_hidden_ones(worker: Worker) -> None:
    """The job sees the folder of a playlist, since its names are relative to it."""
    make_clip(worker.data / "seen/a.m3u8", extra=("-f", "hls"))
    (worker.data / "seen/.env").write_text("#EXTM3U\n")
    result = await worker.process("-i seen/a.m3u8 -c copy copied.mp4")
    assert result["outputs"][0]["media"]["duration"] > 0.4
    (worker.data / "copied.mp4").unlink()


async def test_a_hidden_root_that_the_operator_allows(worker: Worker) -> None:
    job = process(f"-i {worker.data}/.keys/clip.mp4 -c copy {worker.data}/.keys/copy.mp4")
    assert (await worker.run(job))["outputs"][0]["path"].endswith("/.keys/copy.mp4")
    (worker.data / ".keys/copy.mp4").unlink()


async def test_keys_in_buckets_may_begin_with_a_dot() -> None:
    upload = {"bucket": "b1", "cloud_type": "AWS", "key": ".well-known/a.mp4"}
    assert parse_job(process("-i a.mp4 b.mp4", upload=upload)).upload is not None
