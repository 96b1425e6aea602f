"""Any subtitle file gives consistent cues, or is refused with a hint."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.scene.content import Cue, Word
from ffmpeg_worker.scene.subtitles.align_words import align_words, join_syllables
from ffmpeg_worker.scene.subtitles.parse import parse_subtitles
from support.extent import examples

_HEADS = st.sampled_from(
    [
        "",
        "WEBVTT\n\n",
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name\n\n[Events]\n",
        "{1}{2}x\n",
        "[1][2]\n",
    ]
)
_LINES = st.lists(
    st.sampled_from(
        [
            "1",
            "",
            "00:00:01,000 --> 00:00:02,500",
            "00:01.000 --> 00:03.000 line:0",
            "99:59:59.999 --> 00:00:00.000",
            "Hello <i>there</i> {\\k20}you",
            "<00:02.000>word <99:00.000>late <c>&amp;",
            "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
            "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\k50}Ka{\\kf999999}ra{\\k",
            "Dialogue: 0,0:00:xx.00",
            "Style: Default,Arial,abc",
            "NOTE",
        ]
    )
    | st.text(max_size=12),
    max_size=12,
)


@given(_HEADS, _LINES)
@settings(max_examples=examples(500), deadline=None)
def test_any_text_is_cues_or_an_error(head: str, lines: list[str]) -> None:
    try:
        cues = parse_subtitles(head + "\n".join(lines)).cues
    except SourceUnreadable:
        return
    assert list(cues) == sorted(cues, key=lambda cue: cue.begin_s)
    for cue in cues:
        assert 0 <= cue.begin_s < cue.end_s
        assert "".join(word.text for word in cue.words) in {"", "".join(cue.text.split())}
        times = [time for word in cue.words for time in (word.begin_s, word.end_s)]
        assert times == sorted(times)
        assert all(cue.begin_s <= time <= cue.end_s + 1e-9 for time in times)


_TEXTS = st.text(st.sampled_from("abcA1 \n.,!—'éß漢字ไทย한🎉"), max_size=40)


@given(_TEXTS, st.lists(st.text(st.sampled_from("abcA1 .'éß漢字ไทย한🎉"), min_size=1, max_size=8), max_size=8))
@settings(max_examples=examples(500), deadline=None)
def test_aligned_words_are_the_text_in_order_of_time(text: str, spoken: list[str]) -> None:
    words = tuple(Word(word, float(index), index + 1.0) for index, word in enumerate(spoken))
    cue = align_words(Cue(0.0, float(max(len(words), 1)), text, words))
    for aligned in (cue, join_syllables(cue)):
        found = "".join(word.text for word in aligned.words)
        assert "".join(found.split()) in {"", "".join(text.split())}
        times = [word.begin_s for word in aligned.words]
        assert times == sorted(times)
        assert all(0 <= word.begin_s <= word.end_s for word in aligned.words)
