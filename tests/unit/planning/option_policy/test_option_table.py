"""The text of the option table; tests/media/test_option_table.py compares it with the embedded FFmpeg."""

from __future__ import annotations

import pytest

from ffmpeg_worker.planning.option_policy.option_table import option_table, parse_option_table

TEXT = """\
[options that hold no text]
crf g
bf
[options that hold text]
brand\tmov muxer
bsf:ts\tsetts
[filters]
scale\tw$ h$ flags
null
[demuxers]
mov mp3
[muxers]
mp4
[protocols]
file
[bitstream filters]
null
"""


def test_every_section_is_read() -> None:
    table = parse_option_table(TEXT)
    assert table.scalars == {"crf", "g", "bf"}
    assert table.texts == {"brand", "bsf:ts"}
    assert table.options_of("scale") == ["w$", "h$", "flags"]
    assert table.options_of("null") == []
    assert table.demuxers == {"mov", "mp3"}
    assert table.muxers == {"mp4"}
    assert table.protocols == {"file"}
    assert table.bitstream_filters == {"null"}


def test_a_missing_section_is_an_error() -> None:
    with pytest.raises(KeyError):
        parse_option_table(TEXT.partition("[muxers]")[0])


def test_no_option_is_a_number_everywhere_and_text_somewhere() -> None:
    assert not option_table().scalars & option_table().texts
