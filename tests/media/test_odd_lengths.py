"""A stated length that is not a length never throws a correct output away; a cut source stays refused."""

from __future__ import annotations

import pytest

from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

_X = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"


def _job(commands: str) -> dict[str, object]:
    return {"action": "process", "data": {"chainCmds": commands}}


DELIVERED = [
    ("-i joined.ts X -c:a aac o.mp4", 6.04),
    ("-i joined.vob X -c:a aac o.mp4", 6.01),
    ("-i joined.ts -vn o.mp3", 6.0),
    ("-i joined.ts -c copy o.ts", None),
    ("-skip_frame nokey -i clip.mp4 -an X o.mp4", 0.04),
    ("-discard:v nokey -i clip.mp4 -an X o.mp4", 0.04),
    ("-skip_frame noref -i clip.mp4 -an -vf scale=64:36 X o.mp4", None),
    ("-i clip14.mp4 -vf fps=1/10 X o.mp4", 10.0),
    ("-i clip14.mp4 -vf scale=64:36,fps=0.1 X o.mp4", 10.0),
    ("-i clip14.mp4 -r 1/10 X o.mp4", None),
    ("-i clip.mp4 -an -vf select='not(mod(n\\,50))',setpts=N/25/TB X o.mp4", None),
    ("-i clip.mp4 -an -vf metadata=add:key=a:value=1,metadata=select:key=a X o.mp4", 10.0),
    ("-i late.ogg -c:a libmp3lame o.mp3", 3.0),
    ("-i chained.ogg o.mp3", 6.0),
    ("-i late.flv X o.mp4", 5.0),
    ("-i fragments.mp4 X o.mp4", 5.0),
    ("-i late.webm -an X o.mp4", 3.0),
    ("-i late.webm -an -c copy o.mkv", None),
    ("-i late.webm -vn o.mp3", 9.0),
    ("-i late.mp4 -an X o.mp4", 3.0),
    ("-ss 7 -i late.mp4 -an X o.mp4", None),
    ("-i film.mkv -map 0:s -c copy -f matroska o.mks", 4.0),
    ("-i film.mkv -map 0:s -c:s mov_text o.mp4", 4.0),
    ("-i far-untagged.mkv -sn X o.mp4", 5.0),
    ("-i far.mkv -sn X o.mp4", 5.0),
    ("-i slides.mp4 X o.mp4", 10.0),
    ("-i slides.mp4 -t 3 X o.mp4", None),
    ("-i sound-ends.mp4 -vn o.m4a", 2.0),
    ("-i cover.m4a -vn -hls_time 1 -hls_list_size 0 o.m3u8", 12.0),
    ("-i cover.m4a -c copy o.m4a", 12.0),
]


@pytest.mark.parametrize(("command", "seconds"), DELIVERED)
@pytest.mark.sampled(3)
async def test_a_correct_output_is_delivered_without_a_doubt(
    odd: Worker, command: str, seconds: float | None
) -> None:
    result = await odd.process(command.replace("X", _X))
    assert result["warnings"] == []
    media = result["outputs"][0]["media"]
    if seconds is not None:
        assert media["duration"] == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(
    "command",
    [
        "-i cut.mp4 -c copy o.mp4",
        "-i cut.mp4 X o.mp4",
        "-i cut.mp4 -vf fps=30 X o.mp4",
        "-i cut.mp4 X a.mp4 && -i a.mp4 -vf hflip X o.mp4",
        "-i cut.mkv X o.mp4",
        "-i cut.mkv -c copy o.mkv",
        "-i cut.flac o.mp3",
    ],
)
async def test_a_source_that_ffmpeg_calls_damaged_is_refused(odd: Worker, command: str) -> None:
    error = await odd.fail(_job(command.replace("X", _X)))
    assert (error.code, error.fault) == ("output_too_short", "source")
    assert "FFmpeg reported: " in error.message


async def test_a_cut_source_without_an_error_is_delivered_with_a_warning(odd: Worker) -> None:
    result = await odd.process("-i cut.aiff o.mp3")
    (warning,) = result["warnings"]
    assert "3.00 s long, but its input promised 5.00 s" in warning


async def test_as_much_of_a_cut_source_as_is_asked_for(odd: Worker) -> None:
    result = await odd.process(f"-i cut.mp4 -t 1 {_X} o.mp4")
    assert result["outputs"][0]["media"]["duration"] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    "command",
    [
        "-i cover.m4a -c:a copy -f hls -hls_time 1 -hls_list_size 0 ch.m3u8",
        "-i cover.m4a -hls_time 4 -hls_playlist_type vod ch.m3u8",
        "-i cover.m4a -map 0 -c:a aac -hls_time 2 -hls_segment_filename s%d.ts -hls_list_size 0 ch.m3u8",
    ],
)
async def test_cover_art_makes_no_playlist(odd: Worker, command: str) -> None:
    error = await odd.fail(_job(command))
    assert (error.code, error.fault) == ("cover_art_as_video", "caller")
    assert "-vn" in (error.hint or "")
