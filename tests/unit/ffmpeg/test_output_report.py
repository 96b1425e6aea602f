"""What a log says about outputs: streams and their sources, empty outputs, and damaged inputs."""

from __future__ import annotations

import pytest

from ffmpeg_worker.ffmpeg.output_report import OutputReport
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream

INPUT = """\
[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:_in/0.bin':
[info]   Duration: 00:00:10.00, start: 0.000000, bitrate: 710 kb/s
[info]   Stream #0:0[0x1](und): Video: h264 (Constrained Baseline) (avc1 / 0x31637661), yuv420p, 25 fps
[info]     Metadata:
[info]       title           : Stream #0:9: Video: none
[info]   Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s (default)
[info] Stream mapping:
"""
COPIES = """\
[info]   Stream #0:0 -> #0:0 (copy)
[info]   Stream #0:1 -> #0:1 (copy)
"""
ENCODES = """\
[info]   Stream #0:0 -> #0:0 (h264 (native) -> mjpeg (native))
"""
OUTPUT = """\
[info] Output #0, mp4, to 'file:o.mp4':
[info]   Stream #0:0(und): Video: h264 (avc1 / 0x31637661), yuv420p(progressive), 320x180, q=2-31, 25 fps
[info]   Stream #0:1(und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s (default)
"""
SIZES = "[out#0/mp4 @ 0x5] [info] video:{}KiB audio:25KiB subtitle:0KiB other streams:0KiB global headers:0KiB"
NO_FRAMES = "[vf#0:0 @ 0x5] [warning] No filtered frames for output stream, trying to initialize anyway.\n"
EMPTY = "[out#0/image2 @ 0x5] [warning] Output file is empty, nothing was encoded"
ADVICE = "(check -ss / -t / -frames parameters if used)\n"
UNWRITTEN = (
    "[out#0/image2 @ 0x5] [error] Nothing was written into output file, because at least one of its streams "
    "received no packets.\n"
)
REFUSED = (
    "[mjpeg @ 0x5] [error] Non full-range YUV is non-standard\n"
    "[vost#0:0/mjpeg @ 0x5] [enc:mjpeg @ 0x5] [error] Error while opening encoder - maybe incorrect parameters\n"
)
NEVER_OPENED = "[vost#0:0/mjpeg @ 0x5] [enc:mjpeg @ 0x5] [error] Could not open encoder before EOF\n"


def read(*texts: str) -> OutputReport:
    report = OutputReport()
    for line in "".join(texts).splitlines():
        report.feed(line)
    return report


def test_streams_have_kinds_and_sources() -> None:
    (output,) = read(INPUT, COPIES, OUTPUT, SIZES.format(300)).outputs
    video, audio = WrittenStream("video", (0, 0), True), WrittenStream("audio", (0, 1), True)
    assert output == WrittenOutput((video, audio), tiny_kinds=("subtitle",))


def test_a_kind_without_bytes_is_noted() -> None:
    (output,) = read(INPUT, COPIES, OUTPUT, SIZES.format(0)).outputs
    assert (output.tiny_kinds, output.is_empty) == (("video", "subtitle"), False)


def test_the_end_of_a_filter_graph_has_no_source() -> None:
    graph = "[info]   Stream #0:0 (h264) -> scale:default\n[info]   scale:default -> Stream #0:0 (libx264)\n"
    (output,) = read(INPUT, graph, OUTPUT).outputs
    assert output.streams[0] == WrittenStream("video", None)


def test_several_outputs_are_told_apart() -> None:
    mapping = (
        "[info]   Stream #0:1 -> #0:0 (aac (native) -> mp3 (libmp3lame))\n[info]   Stream #0:0 -> #1:0 (copy)\n"
    )
    first, second = read(INPUT, mapping, EMPTY.replace("out#0", "out#1"), ADVICE).outputs
    assert (first.streams[0].kind, first.is_empty) == ("audio", False)
    assert (second.streams[0].kind, second.is_empty) == ("video", True)


def test_older_versions_write_one_summary_for_all_outputs() -> None:
    old = "[info] video:0kB audio:25kB subtitle:0kB other streams:0kB global headers:0kB muxing overhead: 5%\n"
    (output,) = read(INPUT, COPIES, old).outputs
    assert output.tiny_kinds == ("video", "subtitle")
    (output,) = read(INPUT, COPIES, "[warning] Output file is empty, nothing was encoded ", ADVICE).outputs
    assert output.is_empty


@pytest.mark.parametrize(
    ("texts", "is_empty"),
    [
        ((ENCODES, EMPTY, ADVICE), True),
        ((ENCODES, NO_FRAMES), True),
        ((ENCODES, NO_FRAMES, UNWRITTEN), True),
        ((ENCODES, NEVER_OPENED, UNWRITTEN), True),
        ((COPIES, EMPTY, "\n"), True),
        ((ENCODES, EMPTY, "\n"), False),  # a first pass
        ((ENCODES, UNWRITTEN), False),
        ((ENCODES,), False),
    ],
    ids=[
        "stated",
        "no frames",
        "no header",
        "graph",
        "copies",
        "first pass",
        "no header for another reason",
        "full",
    ],
)
def test_empty_outputs(texts: tuple[str, ...], is_empty: bool) -> None:
    (output,) = read(INPUT, *texts).outputs
    assert output.is_empty == is_empty


@pytest.mark.parametrize(
    ("texts", "is_selection"),
    [
        ((NO_FRAMES, REFUSED, NEVER_OPENED, UNWRITTEN), True),
        ((NO_FRAMES, "[out#0/gif @ 0x5] [error] Error writing trailer: Invalid argument\n", EMPTY, ADVICE), True),
        ((NEVER_OPENED, UNWRITTEN), True),
        ((EMPTY.replace("warning", "fatal"), ADVICE), True),
        ((REFUSED, NEVER_OPENED, UNWRITTEN), False),
        ((NO_FRAMES, REFUSED.replace("0:0", "1:0"), UNWRITTEN), False),
        (("[Parsed_crop_0 @ 0x5] [error] Invalid too big or non positive size\n", NEVER_OPENED, UNWRITTEN), False),
        (("[vf#0:0 @ 0x5] [error] Error reinitializing filters!\n", NEVER_OPENED, UNWRITTEN), False),
        (("[in#0/avi @ 0x5] [error] Error during demuxing\n", NO_FRAMES, UNWRITTEN), False),
        (("[out#0/mp4 @ 0x5] [error] Could not write header\n", NO_FRAMES, UNWRITTEN), False),
        (("[error] Error opening output files: Invalid argument\n",), False),
    ],
    ids=[
        "an encoder refuses its guess",
        "a muxer needs a packet",
        "a complex graph",
        "-abort_on empty_output",
        "an encoder refuses frames",
        "an encoder of another output refuses frames",
        "a filter fails",
        "filters fail later",
        "an input is damaged",
        "a muxer fails",
        "another failure",
    ],
)
def test_whether_a_run_failed_because_nothing_was_selected(texts: tuple[str, ...], is_selection: bool) -> None:
    assert read(INPUT, ENCODES, *texts).nothing_selected == is_selection


@pytest.mark.parametrize(
    ("contexts", "text"),
    [
        ("[in#0/mov,mp4,m4a,3gp,3g2,mj2 @ 0x5] ", "stream 1, offset 0x8: partial file"),
        ("[vist#0:0/h264 @ 0x5] [dec:h264 @ 0x6] ", "Decoding error: Invalid data"),
        ("[matroska,webm @ 0x5] ", "File ended prematurely"),
        ("", "Error while decoding stream #0:0: Invalid data"),
    ],
)
def test_errors_of_inputs_and_decoders_are_damage(contexts: str, text: str) -> None:
    assert read(f"{contexts}[error] {text}").damage == text


@pytest.mark.parametrize(
    "line",
    [
        "[in#0/avi @ 0x5] [warning] Packet corrupt (stream = 0, dts = 133).",
        "[out#0/mp4 @ 0x5] [error] Application provided invalid, non monotonically increasing dts",
        "[mp4 @ 0x5] [error] Packet duration is out of range",
        "[vost#0:0/libx264 @ 0x5] [enc:libx264 @ 0x6] [error] Error submitting a frame",
        "[libx264 @ 0x5] [error] late",
        "in#0 error",
    ],
)
def test_other_lines_are_not(line: str) -> None:
    assert read(line).damage is None


def test_the_first_damage_is_kept() -> None:
    assert read("[in#0/avi @ 0x5] [error] first\n", "[in#0/avi @ 0x5] [error] second\n").damage == "first"


def test_a_log_that_never_ends_takes_no_memory() -> None:
    mapping = "".join(f"[info]   Stream #0:0 -> #{n // 1000}:{n % 1000} (copy)\n" for n in range(20_000))
    assert sum(len(output.streams) for output in read(INPUT, mapping).outputs) <= 10_000


def test_a_log_that_is_not_understood_describes_nothing() -> None:
    assert read("x\n", "[info] \n", "[info] Output #\n", "[[[ [info] y\n").outputs == ()
