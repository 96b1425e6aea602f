"""A command that selects nothing has one code, whatever the format of its output and whatever the encoder says."""

from __future__ import annotations

from typing import Any

import pytest

from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _job(commands: str) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": commands}}


FORMATS = (
    "jpg gif png webp bmp tiff apng avif mp4 mov mkv webm avi ts flv mpg ogv mxf nut mp3 wav m4a flac ogg opus "
    "aac ac3 aiff caf y4m yuv h264 mjpeg"
).split()


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.sampled(4)
async def test_a_start_past_the_end(odd: Worker, suffix: str) -> None:
    error = await odd.fail(_job(f"-ss 60 -i clip.mp4 -frames:v 1 t.{suffix}"))
    assert (error.code, error.fault, error.retryable) == ("nothing_selected", "caller", False)
    assert error.where == {"command": 0, "output": f"t.{suffix}", "argument": "-ss"}
    assert error.hint == '"-ss 60" is past the end: "clip.mp4" lasts 10.00 s.'


CASES = [
    ("-ss 60 -i clip.mp4 -f null -", "-ss", "10.00 s"),
    ("-ss 60 -i clip.mp4 -vf blackdetect -f null -", "-ss", "10.00 s"),
    ("-ss 60 -i clip.mp4 -f md5 t.md5", "-ss", "10.00 s"),
    ("-ss 60 -i clip.mp4 -f segment -segment_time 2 t%d.mp4", "-ss", "10.00 s"),
    ("-ss 60 -i clip.mp4 -f hls t.m3u8", "-ss", "10.00 s"),
    ("-ss 60 -i clip.mp4 -f dash t.mpd", "-ss", "10.00 s"),
    ("-ss 60 -i clip.mp4 t%03d.jpg", "-ss", "10.00 s"),
    ("-i clip.mp4 -ss 60 o.mp4", "-ss", "10.00 s"),
    ("-i clip.mp4 -t 0 o.mp4", "-t", "10.00 s"),
    ("-i clip14.mp4 -vf fps=1/60 t%02d.jpg", "-vf", "14.00 s"),
    ("-i clip14.mp4 -vf fps=1/60 t%02d.png", "-vf", "14.00 s"),
    ("-i clip.mp4 -vf select='gt(scene\\,0.9)' -fps_mode vfr t%02d.jpg", "-vf", '"select"'),
    ("-i clip.mp4 -vn -af atrim=20:30 t.mp3", "-af", '"atrim"'),
    ("-i clip.mp4 -lavfi [0:v]select=0[v];[0:a]anull[a] -map [v] -map [a] t.mp4", "-lavfi", "10.00 s"),
    ("-ss 3 -i sound-ends.mp4 -vn t.mp3", "-ss", "the sound of"),
    ("-i sound-ends.mp4 -ss 3 -vn t.wav", "-ss", "ends after 2.00 s"),
    ("-i sound-ends.mp4 -ss 3 -vn -c copy t.m4a", "-ss", "ends after 2.00 s"),
    ("-i clip.mp4 -ss 2 -t 3 -an -c copy t.mp4", "-ss", "put -ss before -i"),
    ("-i clip.mp4 t.mp3 -map 0:v -ss 60 -frames:v 1 t.png", "-ss", "10.00 s"),
    ("-ss 60 -i clip.mp4 a.mp4 && -i a.mp4 t.mp4", "-ss", "10.00 s"),
    ("-ss 60 -i clip.mp4 -frames:v 1 a.png && -i a.png t.jpg", "-ss", "10.00 s"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "argument", "words"), CASES)
@pytest.mark.sampled(2)
async def test_the_hint_names_the_option(odd: Worker, command: str, argument: str, words: str) -> None:
    error = await odd.fail(_job(command))
    assert (error.code, error.fault) == ("nothing_selected", "caller")
    assert (error.where["command"], error.where["argument"]) == (0, argument)
    assert words in (error.hint or "")


async def test_one_of_many_processes(odd: Worker) -> None:
    commands = ["-i clip.mp4 -vn a.mp3", "-i clip.mp4 -ss 60 b.png", "-i clip.mp4 -vn c.wav"]
    job = {"action": "multi_process", "data": {"processes": [{"chainCmds": each} for each in commands]}}
    first, second, third = (await odd.run(job))["results"]
    assert (first["outputs"][0]["name"], third["outputs"][0]["name"]) == ("a.mp3", "c.wav")
    assert second["error"]["code"] == "nothing_selected"
    assert second["error"]["where"] == {"process": 1, "command": 0, "output": "b.png", "argument": "-ss"}


async def test_scenes_that_do_not_change_are_a_result(odd: Worker) -> None:
    result = await odd.process("-i clip.mp4 -an -vf select='gt(scene\\,0.9)',showinfo -f null -")
    assert result["outputs"] == []
    assert any('"select"' in warning for warning in result["warnings"])


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "ts", "avi", "flv"])
@pytest.mark.sampled(3)
async def test_a_copy_without_a_key_frame_is_warned_of(odd: Worker, suffix: str) -> None:
    result = await odd.process(f"-i clip.mp4 -ss 2 -t 3 -map 0:v -map 0:a -c copy lost.{suffix}")
    (warning,) = result["warnings"]
    assert f'The output "lost.{suffix}" has no picture' in warning
    assert "key frame" in warning


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
async def test_sound_that_has_ended_is_warned_of(odd: Worker, suffix: str) -> None:
    result = await odd.process(f"-ss 3 -i sound-ends.mp4 -c:v libx264 -preset ultrafast -c:a aac silent.{suffix}")
    (warning,) = result["warnings"]
    assert "has no sound" in warning


async def test_a_first_pass_writes_no_packet_and_is_fine(odd: Worker) -> None:
    encode = "-i clip.mp4 -t 1 -an -c:v libx264 -preset ultrafast -b:v 200k"
    result = await odd.process(f"{encode} -pass 1 -f null - && {encode} -pass 2 two.mp4")
    assert [output["name"] for output in result["outputs"]] == ["two.mp4"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("-i clip.mp4 -c:v libx264 -profile:v baseline -pix_fmt yuv444p o.mp4", "pixel_format_unsupported"),
        ("-i clip.mp4 -vf crop=5000:10 o.mp4", "filter_size_impossible"),
        ("-i clip.mp4 -vn o.mp3 -an -vf scale=63:63 -c:v libx264 -pix_fmt yuv420p o.mp4", "frame_size_odd"),
    ],
)
async def test_a_failure_of_another_kind_keeps_its_code(odd: Worker, command: str, code: str) -> None:
    assert (await odd.fail(_job(command))).code == code
