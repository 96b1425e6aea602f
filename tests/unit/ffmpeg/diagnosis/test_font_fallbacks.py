"""Fonts that libass did not find."""

from __future__ import annotations

import pytest

from ffmpeg_worker.ffmpeg.diagnosis.font_fallbacks import find_font_fallbacks

DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf, 0, DejaVuSans"


def line(wanted: str, used: str) -> str:
    return f"[Parsed_subtitles_0 @ 0x7f] [info] fontselect: ({wanted}, 400, 0) -> {used}\n"


@pytest.mark.parametrize(
    ("log", "found"),
    [
        (line("Brandy", DEJAVU), [("Brandy", "DejaVuSans")]),
        (line("Brandy", DEJAVU) * 3 + line("Other", DEJAVU), [("Brandy", "DejaVuSans"), ("Other", "DejaVuSans")]),
        (line("DejaVu Sans", DEJAVU), []),
        (line("Noto Sans CJK JP", "/f/x.ttc, 0, NotoSansCJKjp-Regular"), []),
        # A file in `fontsdir` is shown by its name only.
        (line("Brandy", "Brandy-Regular, 0, Brandy-Regular"), []),
        # The second selection is for letters that the font lacks.
        (line("Brandy", "Brandy-Regular, 0, Brandy-Regular") + line("Brandy", DEJAVU), []),
        # A family's name in another script says nothing about its PostScript name.
        (line("游ゴシック", "/f/x.ttc, 0, YuGothic-Regular"), []),
        (line("Arial", DEJAVU), []),
        ("", []),
    ],
)
def test_found(log: str, found: list[tuple[str, str]]) -> None:
    assert list(find_font_fallbacks(log, "-vf subtitles=a.srt")) == found


def test_the_default_font_counts_where_it_was_asked_for() -> None:
    arguments = "-vf subtitles=a.srt:force_style='FontName=Arial'"
    assert list(find_font_fallbacks(line("Arial", DEJAVU), arguments)) == [("Arial", "DejaVuSans")]
