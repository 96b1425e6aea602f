"""Least lengths of outputs: what commands and inputs leave no doubt about, and nothing else."""

from __future__ import annotations

import shlex
from fractions import Fraction

import pytest

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.planning.commands.promised_lengths import InputFacts, Promise, promise_lengths

MOV = "mov,mp4,m4a,3gp,3g2,mj2"
MKV = "matroska,webm"


def video(seconds: float | None, start: float | None = 0.0, frames: int | None = 250) -> StreamInfo:
    return StreamInfo("video", duration_s=seconds, start_s=start, frames=frames, fps=Fraction(25))


def audio(seconds: float | None, start: float | None = 0.0, frames: int | None = 430) -> StreamInfo:
    return StreamInfo("audio", duration_s=seconds, start_s=start, frames=frames)


TEN = MediaInfo(MOV, (video(10.0), audio(9.8)), 10.0, start_s=0.0)
VIDEO = WrittenStream("video", (0, 0))
AUDIO = WrittenStream("audio", (0, 1))


def promise(
    command: str, *inputs: InputFacts, mapped: tuple[WrittenStream, ...] = (VIDEO, AUDIO)
) -> Promise | None:
    (found,) = promise_lengths(read_command_line(shlex.split(command)), inputs or (TEN,), [WrittenOutput(mapped)])
    return found


@pytest.mark.parametrize(
    ("command", "seconds"),
    [
        ("-i a o.mp4", 9.8),
        ("-i a -c copy o.mp4", 9.8),
        ("-ss 2 -i a o.mp4", 7.8),
        ("-ss 2 -i a -t 3 o.mp4", 3.0),
        ("-i a -ss 1 -to 4 o.mp4", 3.0),
        ("-t 6 -i a o.mp4", 6.0),
        ("-ss 1 -to 5 -i a -ss 1 o.mp4", 3.0),
        ("-i a -t 60 o.mp4", 9.8),
        ("-i a -vf scale=320:-2,format=yuv420p o.mp4", 9.8),
        ("-i a -filter:v scale=320:-2 -af loudnorm=I=-16 o.mp4", 9.8),
        ("-i a -vf drawtext=text=\\'trim,select\\' o.mp4", 9.8),
        ("-i a -vf metadata=print o.mp4", 9.8),
        ("-i a -af aresample=48000 o.mp4", 9.8),
        ("-i a -c:v libx264 -crf 23 -preset fast -movflags +faststart o.mp4", 9.8),
        ("-f mp4 -i a o.mp4", 9.8),
    ],
)
def test_commands_that_keep_the_length(command: str, seconds: float) -> None:
    found = promise(command)
    assert found is not None
    assert found.length_s == pytest.approx(seconds)


@pytest.mark.parametrize(
    "command",
    [
        "-skip_frame nokey -i a o.mp4",
        "-discard:v nokey -i a o.mp4",
        "-itsoffset 3 -i a o.mp4",
        "-itsscale 0.5 -i a o.mp4",
        "-stream_loop 2 -i a o.mp4",
        "-ignore_editlist 1 -i a o.mp4",
        "-r 50 -i a o.mp4",
        "-sseof -3 -i a o.mp4",
        "-f h264 -i a o.mp4",
        "-i a -shortest o.mp4",
        "-i a -fs 1M o.mp4",
        "-i a -frames:v 1 o.jpg",
        "-copyts -i a o.mp4",
        "-i a -fps_mode drop o.mp4",
        "-i a -bsf:v noise o.mp4",
        "-i a -output_ts_offset 5 o.mp4",
        "-i a -an_option_of_the_future 1 o.mp4",
        "-i a -hls_flags delete_segments -hls_list_size 0 o.m3u8",
        "-i a -vf setpts=0.5*PTS o.mp4",
        "-i a -vf scale=320:-2,trim=0:2 o.mp4",
        "-i a -vf select=eq(n\\\\,0) o.mp4",
        "-i a -vf metadata=select:key=a o.mp4",
        "-i a -vf metadata=mode=select:key=a o.mp4",
        "-i a -vf decimate o.mp4",
        "-i a -vf mpdecimate o.mp4",
        "-i a -vf fps=source_fps o.mp4",
        "-i a -vf fps=25:start_time=3 o.mp4",
        "-i a -vf [ o.mp4",
        "-i a -af atempo=2 o.mp4",
        "-i a -af silenceremove=1 o.mp4",
        "-i a -af aresample=async=1 o.mp4",
        "-i a -r ntsc o.mp4",
        "-ss 3 -i a -c copy o.mp4",
        "-ss 20 -i a o.mp4",
        "-i a -t 0 o.mp4",
    ],
)
def test_commands_that_may_change_the_length_promise_nothing(command: str) -> None:
    is_copy = "-c copy" in command
    streams = tuple(WrittenStream(each.kind, each.source, is_copy) for each in (VIDEO, AUDIO))
    assert promise(command, mapped=streams) is None


@pytest.mark.parametrize(
    ("command", "slack"),
    [("fps=1/10", 10.0), ("fps=fps=0.5", 2.0), ("fps=25,scale=2:2", 0.04), ("fps=30000/1001", 1001 / 30000)],
)
def test_a_frame_of_a_lower_rate_may_be_missing(command: str, slack: float) -> None:
    by_filter = promise(f"-i a -vf {command} o.mp4")
    assert by_filter is not None
    assert by_filter.slack_s == pytest.approx(0.08 + slack)  # and two frames of the input


@pytest.mark.parametrize(
    "format_name", ["mpegts", "mpeg", "ogg", "flv", "hls", "concat", "mp3", "asf", "png_pipe"]
)
def test_formats_whose_timestamps_may_jump_promise_nothing(format_name: str) -> None:
    joined = MediaInfo(format_name, (video(5002.9, 1.4), audio(5002.9, 1.4)), 5003.0, start_s=1.4)
    assert promise("-i a o.mp4", joined) is None


def test_a_fragmented_file_promises_nothing() -> None:
    assert promise("-i a o.mp4", MediaInfo(MOV, (video(10.0, frames=None),), 10.0), mapped=(VIDEO,)) is None


def test_only_streams_that_are_mapped_count() -> None:
    sound_ends = MediaInfo(MOV, (video(10.0), audio(2.0), StreamInfo("subtitle", duration_s=60.0)), 60.0)
    assert promise("-i a -an o.mp4", sound_ends, mapped=(VIDEO,)) == Promise(10.0, 10.0, 0.08)
    assert promise("-i a -vn o.mp3", sound_ends, mapped=(AUDIO,)) == Promise(2.0, 2.0)
    assert promise("-i a -map 0:s o.srt", sound_ends, mapped=(WrittenStream("subtitle", (0, 2)),)) is None


def test_a_stream_that_starts_late_is_shorter_and_ends_at_its_time() -> None:
    late = MediaInfo(MOV, (video(3.0, 6.0), audio(9.0)), 9.0, start_s=0.0)
    assert promise("-i a -an o.mp4", late, mapped=(VIDEO,)) == Promise(3.0, 9.0, 0.08)
    assert promise("-ss 7 -i a -an o.mp4", late, mapped=(VIDEO,)) == Promise(2.0, 2.0, 0.08)
    assert promise("-i a -an -t 8 o.mp4", late, mapped=(VIDEO,)) == Promise(3.0, 8.0, 0.08)


def test_start_times_are_subtracted() -> None:
    shifted = MediaInfo(MOV, (video(10.0, 100.0), audio(10.0, 100.5)), 10.5, start_s=100.0)
    assert promise("-i a o.mp4", shifted) == Promise(10.0, 10.0, 0.08)


def test_lengths_of_matroska_are_ends() -> None:
    late = MediaInfo(MKV, (video(9.0, None), audio(9.008)), 9.008, start_s=-0.007)
    found = promise("-i a -an o.mp4", late, mapped=(VIDEO,))
    assert found is not None
    assert found.length_s is None
    assert found.end_s == pytest.approx(9.007)


def test_cover_art_does_not_count() -> None:
    covered = MediaInfo(MOV, (StreamInfo("video", is_cover=True, duration_s=12.0), audio(12.0)), 12.0)
    assert promise("-i a o.m4a", covered) == Promise(12.0, 12.0)
    assert promise("-i a o.jpg", covered, mapped=(VIDEO,)) is None


def test_the_shortest_of_several_inputs_bounds_the_promise() -> None:
    four = MediaInfo("flac", (audio(4.0),), 4.0)
    mapped = (VIDEO, WrittenStream("audio", (1, 0)))
    found = promise("-i a -i b o.mp4", TEN, four, mapped=mapped)
    assert found is not None
    assert found.length_s == 4.0
    assert promise("-i a -i b o.mp4", TEN, None, mapped=mapped) is None
    assert promise("-i a -i b o.mp4", None, four, mapped=(WrittenStream("audio", (1, 0)),)) is not None


def test_the_output_of_an_earlier_command_promises_what_that_promised() -> None:
    assert promise("-i a -t 4 o.mp4", Promise(6.0, 12.0, 0.1), mapped=(VIDEO,)) == Promise(4.0, 4.0, 0.1)
    assert promise("-i a o.mp4", Promise(None, 12.0), mapped=(VIDEO,)) is None


def test_streams_of_unknown_origin_or_length_promise_nothing() -> None:
    assert promise("-i a o.mp4", mapped=(WrittenStream("video"),)) is None
    assert promise("-i a o.mp4", mapped=()) is None
    assert promise("-i a o.mp4", mapped=(WrittenStream("video", (3, 0)),)) is None
    assert promise("-i a o.mp4", MediaInfo(MKV, (video(None), audio(None)), 10.0)) is None
    assert promise_lengths(read_command_line(["-i", "a", "o.mp4"]), [TEN], []) == [None]


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        (MediaInfo(MOV, (), 9.8), None),
        (MediaInfo(MOV, (), 6.0), 4.0),
        (MediaInfo(MOV, (), 6.0, start_s=3.9), None),
        (MediaInfo(MKV, (), 6.0, start_s=3.9), 4.0),
        (MediaInfo("wav", (), 7.7), None),
        (MediaInfo("wav", (), 6.0), 2.0),
        (MediaInfo("h264", (), 1.0), None),
        (MediaInfo(MOV, ()), None),
    ],
)
def test_an_output_is_compared_by_its_end_where_its_format_keeps_one(
    found: MediaInfo, missing: float | None
) -> None:
    assert Promise(8.0, 10.0, 0.1).find_missing(found) == (None if missing is None else pytest.approx(missing))
