"""Text that an output prints to standard output is in the result, as filters' text is."""

from __future__ import annotations

import subprocess

import pytest

from support.media.sources import FFMPEG
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "command",
    [
        "-i clip.mp4 -map 0:v -f md5 -",
        "-i clip.mp4 -map 0:v -c copy -f crc pipe:1",
        "-i clip.mp4 -f framecrc -t 0.5 -",
        "-i clip.mp4 -map 0 -c copy -f streamhash -hash md5 pipe:",
        "-i clip.mp4 -an -t 0.5 -f framemd5 -",
        "-i clip.mp4 -f hash -hash sha256 -",
        "-i clip.mp4 -f ffmetadata -",
    ],
)
async def test_text_on_standard_output_is_in_the_log(worker: Worker, command: str) -> None:
    alone = subprocess.run(
        [FFMPEG, "-v", "error", "-nostdin", *command.split()], cwd=worker.data, capture_output=True, check=True
    )
    result = await worker.process(command)
    assert result["outputs"] == []
    (log,) = result["logs"]
    assert log["stdout"].splitlines() == alone.stdout.decode().rstrip("\n").splitlines()
    assert log["stdout"]
    assert not log["truncated"]


async def test_beside_a_file(worker: Worker) -> None:
    result = await worker.process("-i clip.mp4 -vn -c copy sound.m4a -map 0:v -c copy -f md5 -")
    assert [output["name"] for output in result["outputs"]] == ["sound.m4a"]
    assert result["logs"][0]["stdout"].startswith("MD5=")


async def test_at_the_end_of_a_chain(worker: Worker) -> None:
    result = await worker.process("-i clip.mp4 -t 1 -c copy part.mp4 && -i part.mp4 -map 0:v -c copy -f md5 -")
    assert [log["stdout"][:4] for log in result["logs"]] == ["MD5="]


@pytest.mark.parametrize(
    "command", ["-i clip.mp4 -f mp4 -", "-i clip.mp4 -f md5 pipe:2", "-i subs/de.srt -f srt pipe:1"]
)
async def test_media_on_standard_output_is_refused(worker: Worker, command: str) -> None:
    error = await worker.fail({"action": "process", "data": {"chainCmds": command}})
    assert (error.code, error.fault) == ("standard_stream", "caller")
