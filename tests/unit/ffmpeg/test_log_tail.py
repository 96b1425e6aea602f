"""The end of a log, kept in bounded memory."""

from __future__ import annotations

import pytest

from ffmpeg_worker.ffmpeg.log_tail import LogTail, strip_log_tags

LOUDNORM = """\
[Parsed_loudnorm_0 @ 0x7fd48c001b40] [info]
{
\t"input_i" : "-21.75",
\t"target_offset" : "0.05"
}
[out#0/null @ 0x558d5db0f500] [info] video:10KiB audio:750KiB"""


def log_of(*chunks: bytes) -> LogTail:
    log = LogTail()
    for chunk in chunks:
        log.feed(chunk)
    return log


def test_lines_end_with_newline_or_carriage_return_or_both() -> None:
    assert log_of(b"a\nb\rc\r", b"\nd").text == "a\nb\nc\nd"


def test_chunks_may_end_anywhere() -> None:
    whole = "[error] größe → ünbekannt\r\n[info] naïve\n".encode()
    for cut in range(len(whole)):
        assert log_of(whole[:cut], whole[cut:]).text == "[error] größe → ünbekannt\n[info] naïve"


def test_invalid_bytes_are_replaced_and_control_characters_removed() -> None:
    assert log_of(b"\xff\x1b[31mred\x1b[0m\x07\x00 \xc2\x9b2Jend\n").text == "\ufffdred 2Jend"


def test_a_very_long_line_is_truncated() -> None:
    log = log_of(*[b"x" * 65536] * 32, b"\nnext")
    assert log.text == "x" * 4096 + "\nnext"


def test_the_first_problems_of_a_long_log_are_kept_once() -> None:
    log = log_of(b"[error] first\n", b"[a @ 0x1] [b @ 0x2] [warning] second\n", b"[info] x\n" * 100_000)
    assert log.text.splitlines()[:3] == ["[error] first", "[a @ 0x1] [b @ 0x2] [warning] second", "[info] x"]
    assert len(log.text) < 66_000
    assert log_of(b"[error] first\n", b"[info] x\n").text == "[error] first\n[info] x"


def test_the_number_of_first_problems_is_limited() -> None:
    log = log_of(*(b"[error] %d\n" % number for number in range(100_000)))
    lines = log.text.splitlines()
    assert lines[:40] == [f"[error] {number}" for number in range(40)]
    assert lines[-1] == "[error] 99999"


def test_the_last_lines() -> None:
    assert log_of(b"a\nb\nc\n").last(2) == "b\nc"
    assert log_of().last(3) == ""


def test_level_tags_and_addresses_are_removed() -> None:
    assert strip_log_tags("[in#0 @ 0x55d2b4c2ad00] [error] Error opening input\n[fatal] no") == (
        "[in#0] Error opening input\nno"
    )
    assert (
        strip_log_tags("[mov,mp4,m4a @ 0x558d5db0f500] [h264 @ 0x558d5db0f501] [warning] x")
        == "[mov,mp4,m4a] [h264] x"
    )


def test_the_echo_of_the_added_option_is_removed() -> None:
    assert strip_log_tags("[info] ffmpeg stats and -progress period set to 0.25.\n[error] x") == "x"


def test_reports_of_several_lines_stay_complete() -> None:
    assert strip_log_tags(LOUDNORM) == (
        '[Parsed_loudnorm_0] \n{\n\t"input_i" : "-21.75",\n\t"target_offset" : "0.05"\n}\n'
        "[out#0/null] video:10KiB audio:750KiB"
    )


@pytest.mark.parametrize("text", ["[error]", "[info] [0:v]scale", "array[info] x"])
def test_only_tags_at_the_start_of_a_line_are_removed(text: str) -> None:
    assert strip_log_tags(f"say {text}") == f"say {text}"
