"""The detected capabilities of real ffmpeg builds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.ffmpeg.tools import open_tools


@pytest.mark.parametrize("ffmpeg", [None, "system"])
async def test_lists_of_this_build(ffmpeg: str | None) -> None:
    if ffmpeg and shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg on PATH")
    async with open_tools(ffmpeg) as tools:
        found = tools.capabilities
        usable = await tools.find_usable_encoders(["mpeg4", "aac", "h264_nvenc_of_another_world", "mov_text"])
    assert re.match(r"n?\d+\.\d+|N-\d+", found.version)
    assert found.encoders["mpeg4"] == "video"
    assert found.encoders["aac"] == "audio"
    assert found.encoders["mov_text"] == "subtitle"
    assert found.decoders["h264"] == "video"
    assert {"scale", "overlay", "concat", "loudnorm", "anullsrc", "nullsink"} <= found.filters
    assert {"mp4", "matroska", "null"} <= found.muxers
    assert {"mov", "mp4", "matroska", "webm", "wav"} <= found.demuxers
    assert {"lavfi", "video4linux2"}.isdisjoint(found.muxers | found.demuxers)
    assert all("=" not in name for name in (*found.encoders, *found.filters, *found.muxers))
    assert {"mpeg4", "aac"} <= usable
    assert "h264_nvenc_of_another_world" not in usable


async def test_an_encoder_without_its_hardware_is_not_usable() -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("this machine has an NVIDIA GPU")
    async with open_tools() as tools:
        assert "h264_nvenc" in tools.capabilities.encoders
        assert await tools.find_usable_encoders(["h264_nvenc", "libx264"]) == {"libx264"}
        assert tools.capabilities.tried_encoders == {"h264_nvenc": False, "libx264": True}


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/nowhere/sh\n", "no program"])
async def test_another_program_than_ffmpeg_is_a_misconfiguration(tmp_path: Path, text: str) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(text)
    program.chmod(0o755)
    with pytest.raises(Misconfigured, match=str(program)):
        async with open_tools(str(program)):
            pass
