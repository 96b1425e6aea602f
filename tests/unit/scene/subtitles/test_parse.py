"""Subtitle files are parsed to cues."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.scene.scene import Cue, Word
from ffmpeg_worker.scene.subtitles.parse import add_word_times, parse_subtitles

_SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> <font color="#f00">there</font>

2
00:00:00,000 --> 00:00:01,000
First
second line
"""
_VTT = """\ufeffWEBVTT - a title

NOTE 00:00:09.000 --> 00:00:10.000 is not a cue

STYLE
::cue { color: red }

intro
00:01.000 --> 00:03.000 line:0 position:20%
<00:01.000>Fish <c.loud><00:01.500>&amp; </c>chips

outro
00:00:04.000 --> 00:00:05.000
<v Ada>Bye &lt;3
"""
_ASS = r"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not shown
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\an8\pos(10,20)}{\k50}Ka{\k50}ra{\kf30}oke {\k70}night
Dialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,{\p1}m 0 0 l 9 9{\p0}
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\i1}Two\Nlines{\i0}
"""


def test_srt_is_read_in_order_of_time_and_without_tags() -> None:
    read = parse_subtitles(_SRT)

    assert read.cues == (Cue(0.0, 1.0, "First\nsecond line"), Cue(1.0, 2.5, "Hello there"))


def test_vtt_keeps_the_times_of_words_but_no_notes_names_or_places() -> None:
    words = (Word("Fish", 1.0, 1.5), Word("&", 1.5, 2.25), Word("chips", 2.25, 3.0))

    assert parse_subtitles(_VTT).cues == (Cue(1.0, 3.0, "Fish & chips", words), Cue(4.0, 5.0, "Bye <3"))


def test_ass_syllables_become_words_and_drawings_are_left_out() -> None:
    read = parse_subtitles(_ASS)

    words = (Word("Karaoke", 1.0, 2.3), Word("night", 2.3, 3.0))
    assert read.cues == (Cue(1.0, 3.0, "Karaoke night", words), Cue(5.0, 6.0, "Two\nlines"))
    assert read.has_unsupported_styling


def test_words_without_times_share_those_of_the_cue() -> None:
    words = add_word_times(Cue(2.0, 4.0, "I understand\nit")).words

    assert [word.text for word in words] == ["I", "understand", "it"]
    assert (words[0].begin_s, words[-1].end_s) == (2.0, 4.0)
    assert [a.end_s for a in words[:-1]] == [b.begin_s for b in words[1:]]
    assert words[1].end_s - words[1].begin_s > words[2].end_s - words[2].begin_s > 0.2


_TIMES = "1\n00:00:01,000 --> 00:00:02,000\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "WEBVTT\n",
        "1\n00:00:02,000 --> 00:00:01,000\nback\n",
        '{"a": 1}',
        _TIMES + "a" * 6000,
        _TIMES + "many words\n" * 600,
        (_TIMES + "Hi\n\n") * 20_001,
    ],
    ids=range(8),
)
def test_what_holds_no_cues_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        parse_subtitles(text)

    assert caught.value.code == "unreadable_subtitles"
