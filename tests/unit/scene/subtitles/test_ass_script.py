"""ASS scripts for libass, and the frames at which their picture may change."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ffmpeg_worker.budgets import MAX_SUBTITLE_CUES
from ffmpeg_worker.errors import SourceUnreadable
from ffmpeg_worker.scene.subtitles import ass_script
from ffmpeg_worker.scene.subtitles.ass_script import frame_time_ms, parse_script
from ffmpeg_worker.scene.subtitles.parse import is_ass
from support.jobs.ass_scripts import PLAIN, script

TEN = Fraction(10)
NTSC = Fraction(30000, 1001)


def moments(*texts: str, fps: Fraction = TEN, frames: int = 100) -> tuple[int, ...]:
    """Of cues from 1 s to 2 s."""
    cues = (("0:00:01.00", "0:00:02.00", text) for text in texts)
    return parse_script(script(*cues)).moments(fps, frames)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (script(PLAIN), True),
        ("\ufeff[Events]\n", True),
        ("WEBVTT\n\n[Events]\n", False),
        ("1\n00:00:00,000 --> 00:00:01,000\nHello [Events]\n", False),
    ],
)
def test_which_subtitles_say_how_they_look(text: str, wanted: bool) -> None:
    assert is_ass(text) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", (0, 10, 20)),
        (r"{\pos(1,2)\fs20\fnTimes\frz5\b1}stands still", (0, 10, 20)),
        (r"{\fad(200,300)}fades", (0, 10, 11, 12, 17, 18, 19, 20)),
        (r"{\k30}sy{\ko20}lla{\k90}bles", (0, 10, 13, 15, 20)),
        (r"{\kf30}sweeps", (0, *range(10, 21))),
        (r"{\K30}sweeps", (0, *range(10, 21))),
        (r"{\move(1,2,3,4)}", (0, *range(10, 21))),
        (r"{\t(\fs9)}", (0, *range(10, 21))),
        (r"{\ t(\fs9)}", (0, *range(10, 21))),
        (r"{\fade(0,255,0,1,2,3,4)}", (0, *range(10, 21))),
        (r"{\fad(1.5,2)}", (0, *range(10, 21))),
    ],
)
def test_what_moves_is_drawn_in_each_frame_and_what_stands_still_once(text: str, wanted: tuple[int, ...]) -> None:
    assert moments(text) == wanted


def test_an_effect_of_the_line_moves_too() -> None:
    text = script(("0:00:01.00", "0:00:02.00", "x")).replace(",0,0,0,,x", ",0,0,0,Banner;5,x")
    assert parse_script(text).moments(TEN, 100) == (0, *range(10, 21))


def test_no_moment_lies_behind_the_end_and_each_is_there_once() -> None:
    assert moments(r"{\t(\fs9)}a", r"{\t(\fs9)}b", "c", frames=15) == (0, *range(10, 15))
    assert moments("c", frames=3) == (0,)


def test_frames_are_where_ffmpeg_has_their_times() -> None:
    found = parse_script(script(("0:00:01.00", "0:00:01.01", "x"))).moments(NTSC, 100)
    assert found == (0, 30, 31)
    assert [frame_time_ms(frame, NTSC) for frame in (29, 30, 31)] == [967, 1001, 1034]


def test_libass_reads_the_times_that_were_read_here() -> None:
    cues = [
        ("0:00:01.5", "0:00:02.123", "kept"),
        ("-0:00:01.00", "0:00:02.00", "before the start"),
        ("0:00:03.00", "0:00:03.00", "no time at all"),
        ("1e9", "nan", "no times"),
    ]
    text = parse_script(script(*cues)).text
    assert "Dialogue: 0,0:00:01.50,0:00:02.12,Default,,0,0,0,,kept\n" in text
    assert text.count("Dialogue:") == 1


def test_columns_are_those_that_the_file_names() -> None:
    found = parse_script("[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,One, two")
    assert found.text.endswith("Dialogue: 0:00:01.00,0:00:02.00,One, two\n")
    assert found.edges_ms == {1000, 2000}


def test_colors_are_not_mangled_and_the_rest_stays() -> None:
    found = parse_script(script(PLAIN).replace("\n", "\r\n")).text
    assert found.count("YCbCr Matrix") == 1
    assert "YCbCr Matrix: None" in found
    assert "PlayResX: 320\nPlayResY: 180\n" in found
    assert "Style: Default,Inter,36" in found


def test_a_line_ends_only_where_libass_ends_it() -> None:
    found = parse_script(script((*PLAIN[:2], "one\u2028still\x0bone")))
    assert "one\u2028still\x0bone" in found.text


@pytest.mark.parametrize(
    "text", [script(), script(*([PLAIN] * (MAX_SUBTITLE_CUES + 1))), "[Events]\nDialogue: x,y"]
)
def test_nothing_to_draw_and_far_too_much_are_refused(text: str) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        parse_script(text)
    assert caught.value.code == "unreadable_subtitles"


def test_an_event_with_very_many_tags_is_drawn_for_every_frame() -> None:
    found = parse_script(script((*PLAIN[:2], "{\\b1}" * 5001)))
    assert found.moments(TEN, 40) == (0, *range(5, 16))


def test_a_script_that_changes_too_often_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = script((*PLAIN[:2], "{\\k1}a" * 50))
    parse_script(text)
    monkeypatch.setattr(ass_script, "MAX_DRAWN_SUBTITLES", 50)
    with pytest.raises(SourceUnreadable, match="change too often"):
        parse_script(text)


@pytest.mark.parametrize("text", ["{\\t(\\frz9)}a", "{\\k10}a{\\k20}b", "{\\fad(300,200)}a", "a"])
def test_moments_are_counted_without_listing_them(text: str) -> None:
    found = parse_script(script((*PLAIN[:2], text), (*PLAIN[:2], text)))
    assert len(found.moments(TEN, 40)) <= found.count_moments(TEN, 40) <= 40
