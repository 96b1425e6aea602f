"""Warnings about compositions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.scene.lint import lint
from ffmpeg_worker.scene.text_metrics import TextMetrics, TextSize
from support.jobs.compositions import resolved

_FILM = {"type": "video", "src": "film.mp4"}
_LOGO = {"type": "image", "src": "logo.png", "width": 20}
_PHOTO = {"type": "image", "src": "photo.jpg"}
_CUTOUT = {"type": "image", "src": "cutout.png"}
_WALL = {"type": "shape", "fill": "#123456"}


def _codes(*layers: dict[str, Any], **canvas: Any) -> list[tuple[str, str]]:
    composition = resolved(*layers, **canvas)
    found = (*composition.warnings, *lint(composition.scene, TextMetrics(("Inter",))))
    return [(warning.where, warning.code) for warning in found]


@pytest.mark.parametrize(
    ("layers", "warnings"),
    [
        ([_LOGO, _FILM], [("layers[0]", "hidden_below")]),
        ([_LOGO, _WALL], [("layers[0]", "hidden_below")]),
        ([_PHOTO, _PHOTO, _PHOTO], [("layers[0]", "hidden_below"), ("layers[1]", "hidden_below")]),
        ([_PHOTO, {**_PHOTO, "start": "auto", "duration": 2}, _LOGO], []),
        ([_PHOTO, _CUTOUT], []),
        ([_CUTOUT, _PHOTO], [("layers[0]", "hidden_below")]),
        ([{**_PHOTO, "width": 50}, {**_PHOTO, "width": 50}], [("layers[0]", "hidden_below")]),
        ([{**_PHOTO, "width": 50}, {**_PHOTO, "width": 50, "x": 9, "y": 0}], []),
        ([{**_PHOTO, "width": 50}, {**_PHOTO, "width": 50, "radius": 5}], []),
        ([_PHOTO, {**_PHOTO, "chroma_key": {"color": "#0f0"}}], []),
        ([_FILM, _LOGO], []),
        ([_LOGO, {**_FILM, "opacity": 0.9}], []),
        ([_LOGO, {**_FILM, "fit": "contain"}], []),
        ([_LOGO, {**_FILM, "start": 1}], []),
        ([_LOGO, {**_WALL, "fill": "#12345680"}], []),
        ([_LOGO, {**_FILM, "scale": [{"time": 0, "value": 1}, {"time": 2, "value": 0.5}]}], []),
        ([{**_LOGO, "x": 200, "y": 0}], [("layers[0]", "outside")]),
        ([{**_LOGO, "x": 200, "y": 0, "anchor": "top-right"}], []),
        ([{**_LOGO, "x": -19, "y": 0}], []),
        ([{**_FILM, "duration": 14}], [("layers[0]", "source_too_short")]),
        ([{**_FILM, "duration": 14, "loop": True}], []),
        ([{**_FILM, "trim": {"start": 2, "end": 12}}], [("layers[0]", "source_too_short")]),
        (
            [_FILM, {"type": "audio", "src": "song.mp3", "start": 20, "duration": "end"}],
            [("layers[1]", "never_heard")],
        ),
        ([{**_PHOTO, "duration": 2}, {"type": "audio", "src": "song.mp3"}], [("layers", "nothing_visible")]),
        ([{**_PHOTO, "duration": "end"}, {"type": "audio", "src": "song.mp3"}], []),
        ([{**_FILM, "duration": 9.6}, {"type": "audio", "src": "song.mp3", "trim": {"end": 10}}], []),
        ([{"type": "audio", "src": "song.mp3"}], []),
    ],
)
def test_warnings_about_layers(layers: list[dict[str, Any]], warnings: list[tuple[str, str]]) -> None:
    assert _codes(*layers) == warnings


@pytest.mark.parametrize(
    ("style", "warnings"),
    [
        ({"font_family": "inter"}, []),
        ({"font_family": "Comic Sans, Own"}, []),
        ({"font_family": "Comic Sans"}, [("layers[0].layers[0].style.font_family", "unknown_font")]),
        ({"font_size": 1}, [("layers[0].layers[0].style.font_size", "text_too_small")]),
        ({"font_size": "auto"}, []),
    ],
)
def test_warnings_about_text(style: dict[str, Any], warnings: list[tuple[str, str]]) -> None:
    text = {"type": "text", "text": "Hello", "style": style}
    fonts = [{"family": "Own", "src": "own.ttf"}]

    assert _codes({"type": "group", "rotation": 3, "layers": [text]}, duration=2, fonts=fonts) == warnings


def test_effects_of_subtitles_that_are_not_kept_are_said() -> None:
    layer = {"type": "subtitles", "src": "styled.ass"}

    assert _codes({**layer, "style": {"color": "#ff0"}}, duration=2) == [("layers[0]", "looks_not_kept")]
    assert _codes(layer, {"type": "text", "text": "above", "z": -1}, duration=2) == []


def test_fonts_that_subtitles_with_looks_of_their_own_cannot_have_are_said() -> None:
    fonts = [{"family": "One", "src": "one.ttf"}, {"family": "Two", "src": "two.woff2"}]
    layer = {"type": "subtitles", "src": "styled.ass"}

    assert _codes(layer, duration=2, fonts=fonts) == [("fonts[1]", "font_not_for_subtitles")]
    assert _codes({"type": "subtitles", "src": "words.srt"}, duration=2, fonts=fonts) == []


_WORDS = {"type": "text", "text": "Hi", "style": {"font_size": 20}}


@pytest.mark.parametrize(
    ("layer", "measured", "code"),
    [
        (_WORDS, TextSize("layers[0]", 99, 99), None),
        (_WORDS, TextSize("layers[0]", 99, 99, overflows=True), "text_overflows"),
        (_WORDS, TextSize("layers[0]", 99, 99, is_cut=True), "text_cut"),
        (_WORDS, TextSize("layers[0]", 99, 99, missing=("No font has it.",)), "missing_character"),
        (_WORDS, TextSize("layers[0]", 103, 20), "text_outside"),
        (_WORDS, TextSize("layers[0]", 20, 103), "text_outside"),
        ({**_WORDS, "x": 80, "y": 0}, TextSize("layers[0]", 25, 20), "text_outside"),
        ({**_WORDS, "x": 80, "y": 0, "anchor": "top-right"}, TextSize("layers[0]", 25, 20), None),
        ({**_WORDS, "width": 103}, TextSize("layers[0]", 103, 20), None),
        ({**_WORDS, "rotation": 90}, TextSize("layers[0]", 103, 20), None),
    ],
)
def test_texts_that_were_measured(layer: dict[str, Any], measured: TextSize, code: str | None) -> None:
    found = lint(resolved(layer, width=100, height=100).scene, TextMetrics(("Inter",), (measured,)))
    assert [remark.code for remark in found] == ([] if code is None else [code])


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 8), st.booleans()), min_size=1, max_size=12))
def test_a_layer_is_hidden_below_any_later_one_that_covers_it_all_the_time(
    times: list[tuple[int, int, bool]],
) -> None:
    layers = [{**(_WALL if covers else _LOGO), "start": start, "duration": s} for start, s, covers in times]
    spans = [(start, start + duration) for start, duration, _ in times]
    hidden = [
        index
        for index, (first, last) in enumerate(spans)
        if any(
            covers and begin <= first and last <= end
            for (begin, end), (_, _, covers) in list(zip(spans, times, strict=True))[index + 1 :]
        )
    ]
    found = [where for where, code in _codes(*layers) if code == "hidden_below"]
    assert found == [f"layers[{index}]" for index in hidden]
