"""Subtitle files are parsed to cues."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.scene.content import Cue, Word
from ffmpeg_worker.scene.subtitles.parse import parse_subtitles

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


def test_ass_syllables_keep_their_times_and_drawings_are_left_out() -> None:
    read = parse_subtitles(_ASS)

    words = (Word("Ka", 1.0, 1.5), Word("ra", 1.5, 2.0), Word("oke", 2.0, 2.3), Word("night", 2.3, 3.0))
    assert read.cues == (Cue(1.0, 3.0, "Karaoke night", words), Cue(5.0, 6.0, "Two\nlines"))
    assert read.has_unsupported_styling


def _words(text: str) -> list[tuple[str, float, float]]:
    (cue,) = parse_subtitles(text).cues
    return [(word.text, word.begin_s, word.end_s) for word in cue.words]


@pytest.mark.parametrize(
    "pieces",
    [("สวัสดี", "ครับ"), ("今日は", "いい天気"), ("我们明天", "去北京"), ("សូម", "អរគុណ"), ("ສະບາຍດີ", "ເຈົ້າ")],
)
def test_words_without_spaces_between_keep_their_times(pieces: tuple[str, str]) -> None:
    first, second = pieces
    expected = [(first, 1.0, 1.5), (second, 1.5, 3.0)]

    vtt = f"WEBVTT\n\n00:01.000 --> 00:03.000\n<00:01.000>{first}<00:01.500>{second}\n"
    ass = _ASS.partition("Dialogue:")[0] + "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,"
    assert _words(vtt) == expected
    assert _words(ass + rf"{{\k50}}{first}{{\k150}}{second}" + "\n") == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("1 &lt; 2 &gt; 0", "1 < 2 > 0"),
        ("caf&eacute; &#39;open&#39;", "café 'open'"),
        ("<i>R&amp;B</i>", "R&B"),
        ("a &lt;b&gt; c", "a <b> c"),
        (r"{\an8}up {here}", "up {here}"),
    ],
)
def test_srt_character_references_are_characters(text: str, shown: str) -> None:
    assert parse_subtitles(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n").cues == (Cue(1.0, 2.0, shown),)


_VTT_CUE = "WEBVTT\n\n00:01.000 --> 00:03.000{}\n{}\n"


@pytest.mark.parametrize(
    ("text", "is_styled"),
    [
        (_VTT_CUE.format(" line:0", "Hi"), True),
        (_VTT_CUE.format(" position:20% size:50%", "Hi"), True),
        (_VTT_CUE.format(" align:start", "Hi"), True),
        (_VTT_CUE.format("", "<c.yellow>Hi</c>"), True),
        (_VTT_CUE.format("", "<v.loud Ada>Hi"), True),
        ("WEBVTT\n\nSTYLE\n::cue { color: red }\n\n00:01.000 --> 00:03.000\nHi\n", True),
        (_VTT_CUE.format("", "<v Ada>the line: <i>first</i> <c>c</c>"), False),
        ("1\n00:00:01,000 --> 00:00:02,000\n<font color=red>Hi</font>\n", True),
        ("1\n00:00:01,000 --> 00:00:02,000\n{\\an8}Hi\n", True),
        ("1\n00:00:01,000 --> 00:00:02,000\n<i>Hi</i>\n", False),
    ],
    ids=range(10),
)
def test_positions_and_colors_that_are_dropped_are_noticed(text: str, is_styled: bool) -> None:
    assert parse_subtitles(text).has_unsupported_styling == is_styled


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
