"""Readers of commands, lists, URLs and logs take time in proportion to their length, whatever they repeat."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ffmpeg_worker.command import concat_list
from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option, read_command_line
from ffmpeg_worker.command.filter_graph import UnreadableGraphError, read_filter_graph, split_escaped
from ffmpeg_worker.command.invocation import redact
from ffmpeg_worker.command.manifest import read_manifest
from ffmpeg_worker.command.name_patterns import NamePatterns
from ffmpeg_worker.command.parse_commands import parse_commands
from ffmpeg_worker.command.removed_options import replace_removed_options
from ffmpeg_worker.errors import EngineFailed, InvalidJob
from ffmpeg_worker.ffmpeg.diagnosis.diagnose import diagnose
from ffmpeg_worker.ffmpeg.diagnosis.font_fallbacks import find_font_fallbacks
from ffmpeg_worker.ffmpeg.log_tail import LogTail, strip_log_tags
from ffmpeg_worker.ffmpeg.output_report import OutputReport
from ffmpeg_worker.job.file_names import check_name, display_name
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.job.object_location import describe_key_problem, read_location
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.secrets import find_secrets, make_redaction
from ffmpeg_worker.job.sources import find_signed_parts
from ffmpeg_worker.job.written_outputs import WrittenOutput, WrittenStream
from ffmpeg_worker.pipeline.gpu_fallback import is_gpu_failure
from ffmpeg_worker.pipeline.staged_names import StagedNames
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.chunks.frame_filters import check_filters
from ffmpeg_worker.planning.chunks.not_split import NotSplit
from ffmpeg_worker.planning.chunks.steady_quality import check_encoder
from ffmpeg_worker.planning.commands.durations import estimate_duration, read_time
from ffmpeg_worker.planning.commands.output_placeholders import OutputPlaceholders
from ffmpeg_worker.planning.commands.promised_lengths import promise_lengths
from ffmpeg_worker.planning.commands.referenced_files import (
    find_mentioned_names,
    find_referenced_files,
    side_outputs,
)
from ffmpeg_worker.planning.commands.steady_filters import find_choosing_filter
from ffmpeg_worker.planning.commands.subtitle_fonts import fill_fonts_folder, find_font_folders
from ffmpeg_worker.planning.file_references import read_input, read_output, tee_outputs
from ffmpeg_worker.planning.hardware.explicit_hardware import find_named_hardware
from ffmpeg_worker.planning.option_policy.check_command import check_command
from ffmpeg_worker.planning.produced_names import ProducedNames
from ffmpeg_worker.suggestions import find_nearest
from support.extent import IS_FULL
from support.growth import grows_linearly
from support.jobs.plans import plan_job

WORDS = (
    r"""&& ; # ^ ` “ ” 2> >& $( sudo fontsdir={{ fontselect:
    %Y %03d %{ % {{ {{a << ( [ [' a, a= = : :: ; ' " \ \' _ _a . .. / // a/ @ a@ ? * *a - -y && :// ?sig= , |
    || cuA( $ $x URI=" media=" <BaseURL <BaseURL> #EXT-X-MAP: 1 1: é 😀 # +a + < a"""
).split()
BLANKS = (" ", "\t", "\n", "a.b ", "-y ", "file ", "[a] ", "[Parsed_a_1] ", " @ ", "[ @ ")
UNITS = st.sampled_from((*WORDS, *BLANKS)) | st.text("aA0_-.:,;=|/\\'\"[](){}<>%@*?! \n", min_size=1, max_size=3)
BEGINNINGS = st.sampled_from(
    [
        "",
        "scale=",
        "a=b=",
        "file x",
        "{{",
        "%",
        "[",
        "'",
        '"',
        "https://",
        "[error] ",
        "-vf ",
        "\\",
        "concat:",
        "*",
    ]
)
ENDS = st.sampled_from(["", "x", "!", "]", "'", " x", "\n", ":"])
TEN_S = MediaInfo("mov", (StreamInfo("video", duration_s=10.0, frames=250),), 10.0)


def with_option(option: str, value: str) -> CommandLine:
    return CommandLine((FileGroup(True, "a"), FileGroup(False, "o.mp4", (Option(option, value),))))


def check(option: str) -> Callable[[str], object]:
    """Check a command whose option has the text as its value."""

    def read(text: str) -> None:
        line = with_option(option, text)
        inputs = tuple(read_input(group, {"a"}, ProducedNames()) for group in line.inputs)
        outputs = tuple(read_output(group) for group in line.outputs)
        check_command(line, inputs, outputs, known={"a"}, produced=())

    return read


def match_patterns(text: str) -> None:
    for add in (NamePatterns.add_output, NamePatterns.add_sequence, NamePatterns.add_wildcards):
        patterns = NamePatterns()
        add(patterns, text[:4096])
        patterns.match("1" * 255)
        patterns.match(text[:255])


def read_names(text: str) -> None:
    produced = ProducedNames(["a.mp4", "%d%d%d.png"])
    for url in (text, f"concat:{text}"):
        with contextlib.suppress(InvalidJob):
            read_input(FileGroup(True, url), {"a"}, produced)
    for muxer in ("mp4", "tee"):
        group = FileGroup(False, text, (Option("-f", muxer),))
        with contextlib.suppress(InvalidJob):
            read_output(group)
            tee_outputs(group)


def find_files(text: str) -> None:
    line = with_option("-vf", text)
    list(find_referenced_files(line))
    list(find_mentioned_names(line))
    list(side_outputs(line))


def find_lengths(text: str) -> None:
    read_time(text)
    lavfi = CommandLine((FileGroup(True, text, (Option("-f", "lavfi"),)), FileGroup(False, "o.mp4")))
    estimate_duration(lavfi, [None])
    written = [WrittenOutput((WrittenStream("video", (0, 0)),))]
    promise_lengths(with_option("-vf", text), [TEN_S], written)
    promise_lengths(with_option("-r", text), [TEN_S], written)
    find_choosing_filter(text)


def fill_placeholders(text: str) -> None:
    placeholders.sole_name(text)
    placeholders.fill(text, lambda name: name)
    placeholders.check_names(text, {"a"})


def read_list(text: str) -> None:
    for entry in concat_list.read_entries(text):
        concat_list.describe_problem(entry.name)
    concat_list.rename_entries(text, {"x": "y"})


def read_urls(text: str) -> None:
    display_name(text)
    find_signed_parts(text)
    read_location(text)
    describe_key_problem(text)
    redact(text)
    check_name(text, what="input")


def redact_secrets(text: str) -> None:
    credentials = {"aws_secret_access_key": text[:8000] or "x", "azure_connection_string": text[:8000] or "x"}
    job = {"action": "download", "data": {"input": {"url": "s3://b/a.mp4", "credentials": credentials}}}
    make_redaction(find_secrets(parse_job(job)))(text)


def read_log(text: str) -> None:
    report = OutputReport()
    tail = LogTail(report.feed)
    tail.feed(text.encode() + b"\n")
    _ = report.outputs
    strip_log_tags(tail.text)
    is_gpu_failure(EngineFailed("x", stderr=tail.text))
    StagedNames({"_in/a.mp4": "a"}).replace_in(text)


def read_fonts(text: str) -> None:
    fill_fonts_folder(f"ass=a:fontsdir={text}")
    list(find_font_folders(with_option("-vf", f"ass=a:fontsdir={text}")))
    list(find_font_fallbacks(f"fontselect: ({text}, 400, 0) -> {text}\n", text))


def check_chunk_filters(text: str) -> None:
    with contextlib.suppress(NotSplit):
        list(check_filters(f"crop=w={text}"))


def check_chunk_encoder(text: str) -> None:
    with contextlib.suppress(NotSplit):
        check_encoder("libx264", [Option("-x264-params", text), Option("-g", text)])


READERS: dict[str, Callable[[str], object]] = {
    "commands in a string": parse_commands,
    "commands in a pasted text": lambda text: parse_commands(f"ffmpeg -i a.mp4 {text}\nffmpeg {text}"),
    "fonts": read_fonts,
    "removed options": lambda text: replace_removed_options(with_option("-vsync", text)),
    "placeholders of outputs": lambda text: OutputPlaceholders((), {"a"}).resolve(read_command_line([text])),
    "commands in a list": lambda text: parse_commands([text, "o.mp4"]),
    "filter graph": lambda text: list(read_filter_graph(text)),
    "escaped list": lambda text: list(split_escaped(text, "[],;")),
    "names of files": match_patterns,
    "inputs and outputs": read_names,
    "files in graphs": find_files,
    "lengths": find_lengths,
    "placeholders": fill_placeholders,
    "concat list": read_list,
    "playlist": lambda text: read_manifest(f"#EXTM3U\n{text}"),
    "playlist with keys": lambda text: read_manifest(f'#EXTM3U\n#EXT-X-KEY:URI="{text}'),
    "manifest of DASH": lambda text: read_manifest(f'<MPD><S media="{text}'),
    "URLs": read_urls,
    "secrets": redact_secrets,
    "hardware": lambda text: find_named_hardware(["-vf", text, "-hwaccel", text]),
    "filters of a chunk": check_chunk_filters,
    "encoder parameters of a chunk": check_chunk_encoder,
    "suggestion": lambda text: find_nearest(text, ["a" * 60, "scale", "__________"]),
    "log": read_log,
    "diagnosis": lambda text: diagnose(text, exit_code=1, arguments=["-i", "a.mp4", "o.mp4"]),
    **{
        f"value of {option}": check(option)
        for option in (
            "-vf -metadata -bsf:v -hls_flags -x264-params -init_hw_device -var_stream_map -format_opts -f "
            "-threads -hls_segment_filename -unknown"
        ).split()
    },
}


def run(read: Callable[[Any], object], value: Any) -> None:
    with contextlib.suppress(InvalidJob, ValueError, UnreadableGraphError):
        read(value)


@pytest.mark.parametrize("reader", READERS)
@given(beginning=BEGINNINGS, unit=UNITS, end=ENDS)
@example(beginning="scale=", unit="(", end="")
@example(beginning="drawtext=text=", unit="%{", end="")
@example(beginning="file x", unit=" ", end="x")
@example(beginning="", unit="a,", end="")
@example(beginning="", unit="[error] moov atom not found\n", end="")
@example(beginning="", unit="[error] [Parsed_a_1] [Parsed_a_1] [Parsed_a_1] ", end="x")
@settings(max_examples=15 if IS_FULL else 5, deadline=None)
def test_text_is_read_in_linear_time(reader: str, beginning: str, unit: str, end: str) -> None:
    assert grows_linearly(partial(run, READERS[reader]), lambda n: beginning + unit * (n // len(unit)) + end)


def process(*commands: list[str], **more: Any) -> dict[str, Any]:
    return {"action": "process", "data": {"chainCmds": [*commands], "output": more.pop("output", [])}, **more}


LISTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "inputs": lambda n: process(
        *(["-i", f"{{{{in_{index + 1}}}}}", f"{index}.mp4"] for index in range(10)), inputs=["a.mp4"] * n
    ),
    "outputs": lambda n: process(["-i", "a.mp4"], output=[f"{index}.mp4" for index in range(n)]),
    "outputs that are read again": lambda n: process(
        ["-i", "a.mp4", *(f"{index}.mp4" for index in range(n))],
        [*(token for index in range(n // 2) for token in ("-i", f"{index}.mp4")), "o.mp4"],
    ),
    "sequences that are read again": lambda n: process(
        ["-i", "a.mp4", *(f"x%d{index}.png" for index in range(n))],
        [*(token for index in range(n // 2) for token in ("-i", f"x{index}.png")), "o.mp4"],
    ),
    "options": lambda n: process(["-i", "a.mp4", *["-metadata", "title=a.b"] * (n // 2), "o.mp4"]),
    "filters that write files": lambda n: process(
        ["-i", "a.mp4", "-vf", ",".join(f"psnr=stats_file=s{index}.log" for index in range(n)), "o.mp4"],
        *(["-i", "o.mp4", "-metadata", "title=" + "s" * 100 * n, f"{index}.mp4"] for index in range(3)),
    ),
    "joined files": lambda n: process(["-i", "concat:" + "|".join(f"{index}.ts" for index in range(n)), "o.mp4"]),
}


@pytest.mark.parametrize("kind", LISTS)
def test_lists_are_planned_in_linear_time(kind: str) -> None:
    assert grows_linearly(partial(run, plan_job), LISTS[kind], largest=300)


def test_a_command_line_is_split_in_linear_time() -> None:
    assert grows_linearly(read_command_line, lambda n: ["-crf", "23"] * n)
