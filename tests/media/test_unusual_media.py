"""Unusual files are converted as ffmpeg alone converts them; what ffmpeg refuses, a job refuses with a reason.

`FULL_CORPUS=1` gives every file to every command, not only to one of them.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.errors import AllProcessesFailed
from support.bare_ffmpeg import Files, digests, take_new, try_alone
from support.jobs.corpus_sample import sample_in_turn
from support.media.unusual_recipes import RECIPES
from support.media.unusual_sources import MADE_OF_BYTES, NO_MEDIA, make_unusual_sources
from support.shared_files import share_folder
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
# The purposes of the commands that files are given to. Each writes into a folder of its own.
COMMANDS = {
    "transcode": f"-i NAME {_X264} -c:a aac transcode/o.mp4",
    "copy": "-i NAME -map 0:v? -map 0:a? -c copy -bitexact copy/o.mkv",
    "thumbnail": "-i NAME -frames:v 1 -update 1 thumbnail/o.jpg",
    "sound": "-i NAME -vn -c:a libmp3lame sound/o.mp3",
    "hls": f"-i NAME {_X264} -g 10 -c:a aac -sn -hls_time 0.5 -hls_list_size 0 hls/o.m3u8",
    "concat": "-f concat -safe 0 -i NAME.txt -map 0:v? -map 0:a? -c copy -bitexact concat/o.mkv",
}
# FFmpeg ends with exit code 0, but the playlist has one frame of video and cannot be played (docs/jobs.md).
NOT_PLAYABLE = {("cover.flac", "hls"): "cover_art_as_video"}
PURPOSES = sample_in_turn([*RECIPES, *MADE_OF_BYTES], list(COMMANDS), always=NOT_PLAYABLE, count_each=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alone(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for runs of ffmpeg without a worker, with the inputs of the data root."""
    made = share_folder(tmp_path_factory, "unusual", make_unusual_sources)
    shutil.rmtree(worker.data)
    shutil.copytree(made, worker.data)
    folder = Path(shutil.copytree(made, tmp_path_factory.mktemp("unusual") / "alone"))
    for purpose in COMMANDS:
        (folder / purpose).mkdir()
    return folder


@pytest.fixture(scope="module")
def inputs(alone: Path) -> Files:
    """Digests of the inputs by name."""
    return digests(alone)


@pytest.mark.parametrize("name", [*RECIPES, *MADE_OF_BYTES])
@pytest.mark.sampled(3, always=["cover.flac"])
async def test_jobs_make_what_the_commands_make(worker: Worker, alone: Path, inputs: Files, name: str) -> None:
    purposes = PURPOSES[name]
    commands = [COMMANDS[purpose].replace("NAME", name) for purpose in purposes]
    codes = await asyncio.to_thread(_run_alone, commands, alone)
    expected = take_new(alone, inputs)
    processes = [{"chainCmds": command} for command in commands]
    reports = await _run_processes(worker, processes)
    made = take_new(worker.data, inputs)
    succeeded = set()
    for purpose, code, report in zip(purposes, codes, reports, strict=True):
        refusal = NOT_PLAYABLE.get((name, purpose))
        if code == 0 and refusal is None:
            assert report.get("error") is None, (purpose, report)
            assert {output["name"] for output in report["outputs"]} == _of(purpose, expected).keys()
            succeeded.add(purpose)
        else:
            _check_refusal(purpose, report["error"], refusal)
    assert made == {path: digest for path, digest in expected.items() if path.partition("/")[0] in succeeded}


@pytest.mark.parametrize("name", [*RECIPES, *MADE_OF_BYTES])
@pytest.mark.sampled(3)
async def test_the_probe_reads_them(worker: Worker, alone: Path, name: str) -> None:
    assert (alone / name).exists()
    document = await worker.run({"action": "probe", "data": {"input": name}})
    kinds = {stream["codec_type"] for stream in document["streams"]}
    assert kinds & {"video", "audio"}
    pictures = [stream for stream in document["streams"] if stream["codec_type"] == "video"]
    assert all(stream["width"] > 0 and stream["height"] > 0 for stream in pictures)
    sounds = [stream for stream in document["streams"] if stream["codec_type"] == "audio"]
    assert all(int(stream["sample_rate"]) > 0 and stream["channels"] > 0 for stream in sounds)


@pytest.mark.parametrize("name", NO_MEDIA)
async def test_files_without_media_are_refused(worker: Worker, alone: Path, name: str) -> None:
    commands = [command.replace("NAME", name) for command in COMMANDS.values()]
    assert 0 not in await asyncio.to_thread(_run_alone, commands, alone)
    for job in (
        {"action": "process", "data": {"chainCmds": commands[0]}},
        {"action": "process", "data": {"chainCmds": commands[-1]}},
        {"action": "probe", "data": {"input": name}},
    ):
        error = await worker.fail(job)
        assert (error.fault, error.retryable) == ("source", False)


async def _run_processes(worker: Worker, processes: Sequence[dict[str, Any]]) -> list[Any]:
    """The report of each process, also if all fail."""
    try:
        result = await worker.run({"action": "multi_process", "data": {"processes": processes}})
    except AllProcessesFailed as error:
        return list(error.reports)
    return list(result["results"])


def _run_alone(commands: Sequence[str], folder: Path) -> list[int]:
    return [try_alone(command.split(), folder).returncode for command in commands]


def _of(purpose: str, files: Files) -> Files:
    return {path: digest for path, digest in files.items() if path.startswith(f"{purpose}/")}


def _check_refusal(purpose: str, error: dict[str, Any], code: str | None) -> None:
    """An error tells the caller what to change, or that the source is damaged."""
    assert error["fault"] in {"caller", "source"}
    assert error["hint"]
    assert error["code"] != "engine_failed", (purpose, error)
    assert code in {None, error["code"]}
