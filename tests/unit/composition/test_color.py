"""CSS colors."""

from __future__ import annotations

import pytest

from ffmpeg_worker.composition.color import parse_color


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#f00", (1, 0, 0, 1)),
        ("#0f08", (0, 1, 0, 0x88 / 255)),
        ("#0000FF", (0, 0, 1, 1)),
        ("#00000080", (0, 0, 0, 128 / 255)),
        ("rgb(255, 0, 51)", (1, 0, 0.2, 1)),
        ("rgb(100% 0% 0% / 50%)", (1, 0, 0, 0.5)),
        ("RGBA(0,0,0,.25)", (0, 0, 0, 0.25)),
        ("rgb(100%, 51, 0)", (1, 0.2, 0, 1)),
        ("rgb(300 -5 0 / 2)", (1, 0, 0, 1)),
        ("hsl(120 100% 50%)", (0, 1, 0, 1)),
        ("hsl(120, 400, 50%)", (0, 1, 0, 1)),
        ("hwb(0.5turn 20% 0%)", (0.2, 1, 1, 1)),
        ("hsla(-240deg, 100%, 25%, 0.5)", (0, 0.5, 0, 0.5)),
        ("RebeccaPurple", (0x66 / 255, 0x33 / 255, 0x99 / 255, 1)),
        ("transparent", (0, 0, 0, 0)),
    ],
)
def test_css_colors_are_parsed(text: str, color: tuple[float, ...]) -> None:
    assert parse_color(text) == pytest.approx(color)


@pytest.mark.parametrize(
    "text",
    [
        *("", "#12", "#12345", "#ggg", "rgb(1,2)", "rgb(a,b,c)", "rgb(1 2 3 4 5)", "hsl(a b c)", "redd", "red;"),
        *("currentcolor", "color()", "lab(50 1 1)", "url(", "(" * 128, f"rgb({' ' * 200}1 2 3)"),
    ],
)
def test_other_strings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="color"):
        parse_color(text)
