"""Runs of ffmpeg that fail in the worker, an input or an option, and the table's type."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

_AV = "-i file:av.mp4"
_LAVFI = "-f lavfi -i"
_EMBEDDED, _SYSTEM = "embedded", "system"


@dataclass(frozen=True, slots=True)
class FailingRun:
    """One command that fails, its expected diagnosis, and the conditions of the run.

    `where` must be part of the diagnosis, `word` of its message or hint. `only`: the one build it fails on, with
    the reason. `prelude`: shell commands before ffmpeg (limits). `exits_0`: builds that fail with exit code 0.
    """

    code: str
    command: str
    word: str
    where: dict[str, str] = field(default_factory=dict)
    only: tuple[str, str] | None = None
    prelude: str = ""
    signal: int | None = None
    privileged: bool = True
    overwrite: bool = True
    exits_0: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        return shlex.split(self.command)

    def __str__(self) -> str:
        return f"{self.code}: {self.command}"[:90]


def _input(name: str) -> dict[str, str]:
    return {"argument": "-i", "input": name}


def _set(argument: str, **more: str) -> dict[str, str]:
    return {"argument": argument, **more}


_RAW = f"{_LAVFI} testsrc=s=320x240:d=2 -c:v ffv1"
_ENDLESS = f"-re {_LAVFI} testsrc=s=64x64 -f null -"

WORKER = [
    FailingRun("disk_full", f"{_RAW} -f matroska /dev/full", "disk", exits_0=(_SYSTEM,)),
    FailingRun("disk_full", f"{_AV} -f mp4 -movflags frag_keyframe /dev/full", "disk"),
    FailingRun("output_too_large", f"{_RAW} o.mkv", "size", prelude="ulimit -f 200"),
    FailingRun(
        "output_too_large", f"{_RAW} o.mkv", "size", prelude="trap '' XFSZ; ulimit -f 200", exits_0=(_SYSTEM,)
    ),
    FailingRun("out_of_memory", f"{_AV} -vf scale=8000:8000 -f null -", "memory", prelude="ulimit -d 204800"),
    FailingRun("cpu_time_exceeded", f"{_LAVFI} testsrc=s=1280x720 -f null -", "time", prelude="ulimit -S -t 1"),
    FailingRun("engine_not_startable", f"{_AV} o.mp4", "failed to load", prelude="ulimit -n 3"),
    FailingRun("engine_killed", _ENDLESS, "killed", signal=9),
    FailingRun("engine_terminated", _ENDLESS, "stop", signal=15),
    FailingRun("engine_terminated", _ENDLESS, "stop", signal=2),
    FailingRun("engine_crashed", _ENDLESS, "crash", signal=11),
    FailingRun("engine_failed", f"{_AV} -vf frei0r=nope -f null -", "Could not find module 'nope'"),
]

INPUTS = [
    FailingRun("input_not_found", "-i file:nope.mp4 o.mp4", "nope.mp4", _input("nope.mp4")),
    FailingRun("input_not_found", f"{_AV} -i nope.mp4 o.mp4", "nope.mp4", _input("nope.mp4")),
    FailingRun("input_is_directory", "-i file:dir o.mp4", "directory", _input("dir")),
    FailingRun("input_forbidden", "-i file:secret.mp4 o.mp4", "read", _input("secret.mp4"), privileged=False),
    FailingRun("input_unreadable", "-i file:zero.mp4 o.mp4", "empty", _input("zero.mp4")),
    FailingRun("input_unreadable", "-i file:text.mp4 o.mp4", "not media", _input("text.mp4")),
    FailingRun("input_unreadable", "-f h264 -i noise.bin o.mp4", "No playable stream"),
    FailingRun("input_incomplete", "-i file:cut.mp4 o.mp4", "cut off", _input("cut.mp4")),
    FailingRun("input_corrupt", "-xerror -i bad.h264 -f null -", "damaged"),
    FailingRun("input_corrupt", "-xerror -err_detect explode -i bad.mp4 -f null -", "damaged"),
    FailingRun("input_corrupt", "-c:v mjpeg -i av.mp4 -an -f null -", "decode"),
    FailingRun("input_http_error", "-i {http}/404.mp4 o.mp4", "404 Not"),
    FailingRun("input_http_error", "-i {http}/503.mp4 o.mp4", "5XX"),
    FailingRun("input_unreachable", "-i http://127.0.0.1:9/a.mp4 o.mp4", "answer", _set("-i")),
    FailingRun("input_unreachable", "-i http://nope.invalid/a.mp4 o.mp4", "nope.invalid", _set("-i")),
    FailingRun(
        "protocol_not_allowed", "-protocol_whitelist file -i http://127.0.0.1:9/a o.mp4", "http", _set("-i")
    ),
    FailingRun("protocol_not_allowed", "-i remote.m3u8 o.mp4", "http", _set("-i")),
    FailingRun("format_not_accepted", "-format_whitelist wav -i av.mp4 o.mp4", "not accepted", _set("-i")),
    FailingRun("picture_too_large", "-max_pixels 9 -i av.mp4 o.mp4", "64x64", _set("-i")),
    FailingRun("protocol_unknown", "-i foo://127.0.0.1/a.mp4 o.mp4", "foo://", _set("-i")),
    FailingRun("concat_file_unsafe", "-f concat -i absolute.txt o.mp4", "-safe 0", _set("-i")),
    FailingRun("listed_file_not_found", "-f concat -i lost.txt o.mp4", "lost.mp4", _set("-i", file="lost.mp4")),
    FailingRun("concat_list_invalid", "-f concat -i typo.txt o.mp4", "Line 1", _set("-i")),
    FailingRun("encryption_key_missing", "-allowed_extensions ALL -i locked.m3u8 o.mp4", "lost.key", _set("-i")),
    FailingRun(
        "encryption_key_missing",
        f"{_AV} -f hls -hls_key_info_file lost.info o.m3u8",
        "lost.info",
        _set("-hls_key_info_file"),
    ),
    FailingRun("image_sequence_not_found", "-i no%d.png o.mp4", "no%d.png", _input("no%d.png")),
    FailingRun("input_frame_size_missing", "-f rawvideo -i noise.bin o.mp4", "-video_size", _set("-f")),
    FailingRun(
        "raw_input_too_short", "-f rawvideo -s 640x640 -pix_fmt yuv420p -i noise.bin o.mp4", "614400", _set("-i")
    ),
    FailingRun("side_file_not_found", f"{_AV} -attach lost.ttf o.mkv", "lost.ttf", _set("-attach")),
    FailingRun("side_file_not_found", f"{_AV} -fpre lost.ffpreset o.mp4", "lost.ffpreset", _set("-fpre")),
    FailingRun(
        "side_file_not_found",
        f"{_AV} -/vf gone.txt o.mp4",
        "gone.txt",
        only=(_EMBEDDED, "FFmpeg 5 reads no values from files"),
    ),
    FailingRun(
        "side_file_not_found",
        f"{_AV} -filter_complex_script gone.txt o.mp4",
        "gone.txt",
        _set("-filter_complex_script"),
        only=(_SYSTEM, "FFmpeg 9 dropped the option"),
    ),
    FailingRun("subtitle_encoding_invalid", "-i latin.srt o.ass", "-sub_charenc"),
    FailingRun("subtitle_encoding_invalid", f"{_AV} -vf subtitles=latin.srt o.mp4", "charenc=cp1252", _set("-vf")),
    FailingRun(
        "subtitle_encoding_invalid",
        f"{_AV} -filter_complex [0:v]scale=32:32,subtitles=f=latin.srt[v] -map [v] o.mp4",
        "charenc=cp1252",
        _set("-filter_complex"),
    ),
    FailingRun("decoder_missing", "-i phone.mov -map 0:a:1 o.wav", "-map 0:v -map 0:a:0", {"stream": "0:2"}),
    FailingRun("decoder_missing", "-i phone.mov -map 0 o.mp4", "-map 0:v -map 0:a:0", {"stream": "0:2"}),
]

OPTIONS = [
    FailingRun("option_unknown", f"{_AV} -preste fast o.mp4", "Did you mean '-preset'", _set("-preste")),
    FailingRun("option_unknown", f"{_AV} --crf 3 o.mp4", "Did you mean '-crf'", _set("--crf")),
    FailingRun("option_unknown", f"{_AV} o.mp4 -crf", "last output", _set("-crf")),
    FailingRun("option_unknown", f"-hwaccel nope {_AV} o.mp4", "nope", _set("-hwaccel")),
    FailingRun(
        "option_misplaced", f"{_AV} -stream_loop 3 o.mp4", "stream_loop", _set("-stream_loop", output="o.mp4")
    ),
    FailingRun("option_misplaced", f"-af volume=1 {_AV} o.mp4", "-af", _set("-af", input="av.mp4")),
    FailingRun("option_misplaced", f"-crf 20 {_AV} o.mp4", "decoding", _set("-crf")),
    FailingRun("option_misplaced", f"-pix_fmt yuv420p {_AV} o.mp4", "pixel_format"),
    FailingRun("option_argument_missing", f"{_AV} -c:v", "no value", _set("-c:v")),
    FailingRun("option_conflict", f"{_AV} -n o.mp4", "-n"),
    FailingRun(
        "option_conflict",
        f"{_AV} -fps_mode vfr -r 120 o.mp4",
        "Remove -r",
        _set("-fps_mode"),
        only=(_EMBEDDED, "FFmpeg 5 accepts it"),
    ),
    FailingRun(
        "option_conflict",
        f"{_AV} -fps_mode passthrough -r 30 o.mp4",
        "Remove -r",
        _set("-fps_mode"),
        only=(_EMBEDDED, "FFmpeg 5 accepts it"),
    ),
    FailingRun("option_value_invalid", f"{_AV} -c:v libx264 -crf abc o.mp4", "abc", _set("-crf")),
    FailingRun("option_value_invalid", f"{_AV} -c:v libx264 -preset nope o.mp4", "nope", _set("-preset")),
    FailingRun("option_value_invalid", f"{_AV} -c:v libx264 -tune nope o.mp4", "nope", _set("-tune")),
    FailingRun("option_value_invalid", f"{_AV} -c:v libx264 -profile:v nope o.mp4", "nope", _set("-profile:v")),
    FailingRun("option_value_invalid", f"{_AV} -c:v libx265 -profile:v nope o.mp4", "nope", _set("-profile:v")),
    FailingRun("option_value_invalid", f"{_AV} -c:v libx264 -level 99z o.mp4", "99z", _set("-level")),
    FailingRun("option_value_invalid", f"{_AV} -b:v 2Mbit o.mp4", "1Mbit", _set("-b:v")),
    FailingRun("option_value_invalid", f"{_AV} -r 0 o.mp4", "framerate", _set("-r")),
    FailingRun("option_value_invalid", f"{_AV} -s 12xx o.mp4", "12xx", _set("-s")),
    FailingRun("option_value_invalid", f"{_AV} -ar abc o.mp4", "number", _set("-ar")),
    FailingRun("option_value_invalid", f"{_AV} -movflags +fasttart o.mp4", "fasttart", _set("-movflags")),
    FailingRun("option_value_invalid", f"{_AV} -fps_mode nope o.mp4", "nope", _set("-fps_mode")),
    FailingRun("option_value_invalid", f"{_AV} -target nope o.mpg", "target", _set("-target")),
    FailingRun("option_value_invalid", "-decryption_key zz -i av.mp4 o.mp4", "zz", _set("-decryption_key")),
    FailingRun(
        "option_value_invalid", f"{_AV} -force_key_frames 'expr:foo(' o.mp4", "foo(", _set("-force_key_frames")
    ),
    FailingRun("option_value_invalid", f"{_AV} -metadata foo o.mp4", "key=value", _set("-metadata")),
    FailingRun("option_value_invalid", f"{_AV} -disposition nope o.mp4", "nope", _set("-disposition")),
    FailingRun("option_value_invalid", f"{_AV} -vn -sample_fmt nope o.m4a", "nope", _set("-sample_fmt")),
    FailingRun("option_value_invalid", f"{_AV} -vn -channel_layout nope o.m4a", "nope", _set("-channel_layout")),
    FailingRun(
        "option_value_out_of_range", f"{_AV} -c:v libaom-av1 -cpu-used 99 o.mp4", "0 to 8", _set("-cpu-used")
    ),
    FailingRun("option_value_out_of_range", f"{_AV} -c:v libx265 -crf 99 o.mp4", "range", _set("-crf")),
    FailingRun(
        "option_value_rejected",
        f"{_AV} -stats_period abc o.mp4",
        "abc",
        _set("-stats_period"),
        only=(_EMBEDDED, "FFmpeg 5 calls it an invalid duration"),
    ),
    FailingRun("duration_invalid", f"-ss abc {_AV} o.mp4", "abc", _set("-ss")),
    FailingRun("duration_invalid", f"{_AV} -t -3 o.mp4", "negative", _set("-t")),
    FailingRun("duration_invalid", f"{_AV} -f hls -hls_time abc o.m3u8", "abc", _set("-hls_time")),
    FailingRun("time_range_empty", f"{_AV} -ss 5 -to 3 o.mp4", "before", _set("-to")),
    FailingRun("pixel_format_unknown", f"{_AV} -pix_fmt nope o.mp4", "nope", _set("-pix_fmt")),
    FailingRun(
        "pixel_format_unknown", "-f rawvideo -s 64x64 -pix_fmt nope -i noise.bin o.mp4", "nope", _set("-pix_fmt")
    ),
    FailingRun("stream_specifier_invalid", f"{_AV} -map foo o.mp4", "foo", _set("-map", stream="foo")),
    FailingRun("stream_specifier_invalid", f"{_AV} -c:x copy o.mp4", "'x'"),
    FailingRun("stream_map_empty", "-i v.mp4 -map 0:a o.mp4", "0:a?", _set("-map", stream="0:a")),
    FailingRun("stream_map_empty", f"{_AV} -map 0:5 o.mp4", "0:5", _set("-map", stream="0:5")),
    FailingRun("input_index_unknown", f"{_AV} -map 3:v o.mp4", "number 3", _set("-map")),
    FailingRun("input_index_unknown", f"{_AV} -map_metadata 4 o.mp4", "number 4", _set("-map_metadata")),
    FailingRun(
        "input_index_unknown",
        f"{_AV} -filter_complex [1:v]null[v] -map [v] o.mp4",
        "number 1",
        _set("-filter_complex"),
    ),
]
