"""Options that the worker adds; tests/media/test_command_limits.py shows that FFmpeg obeys them."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.file_references import InputKind
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits, media_input_options

LIMITS = CommandLimits(cores=4)


def value_of(options: tuple[str, ...], name: str) -> set[str]:
    return set(options[options.index(name) + 1].split(","))


@pytest.mark.parametrize(
    ("format_option", "name", "extra"),
    [
        (None, "_in/0.mp4", set()),
        (None, "_in/0.M3U8", {"hls"}),
        (None, "_in/0.mpd", {"dash"}),
        (None, "_in/0.ffconcat", {"concat"}),
        ("concat", "_in/0.txt", {"concat"}),
        ("HLS", "_in/0.mp4", {"hls"}),
        ("mov", "_in/0.m3u8", set()),
        ("sdp", "_in/0.mp4", set()),
    ],
)
def test_only_a_name_or_a_format_option_allows_formats_that_name_files(
    format_option: str | None, name: str, extra: set[str]
) -> None:
    options = () if format_option is None else (Option("-f", format_option),)
    found = LIMITS.input_options(InputKind.SOURCE, FileGroup(True, name, options), name)
    usual = value_of(media_input_options(Machine(4)), "-format_whitelist")
    assert value_of(found, "-format_whitelist") - usual == extra
    assert value_of(found, "-protocol_whitelist") == {"file", "crypto", "data"}


def test_each_kind_of_input_gets_the_protocols_that_it_needs() -> None:
    generated = LIMITS.input_options(InputKind.GENERATED, FileGroup(True, "sine"), "sine")
    assert value_of(generated, "-format_whitelist") == {"lavfi"}
    joined = LIMITS.input_options(InputKind.JOINED, FileGroup(True, "concat:a|b"), "concat:a|b")
    assert value_of(joined, "-protocol_whitelist") == {"file", "concat"}
    assert "concat" not in value_of(joined, "-format_whitelist")


@pytest.mark.parametrize(
    ("token", "value", "limited"),
    [
        ("-threads", "64", "4"),
        ("-threads:v:0", "5", "4"),
        ("-filter_threads", "99", "4"),
        ("-threads", "3", "3"),
        ("-threads", "auto", "auto"),
        ("-crf", "50", "50"),
    ],
)
def test_threads_are_limited_to_the_cores(token: str, value: str, limited: str) -> None:
    assert LIMITS.limit_threads(Option(token, value)) == Option(token, limited)


def test_decoders_of_many_inputs_have_one_thread_each() -> None:
    limits = CommandLimits(8)
    assert limits.decoder_options(FileGroup(True, "a.png"), 32) == ()
    assert limits.decoder_options(FileGroup(True, "a.png"), 33) == ("-threads", "1")
    assert limits.decoder_options(FileGroup(True, "a.png", (Option("-threads", "2"),)), 33) == ()
