"""Fields of compositions and how they are serialized."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.layer_base import Blend
from ffmpeg_worker.composition.lengths import Percent
from ffmpeg_worker.composition.media_layers import VideoLayer
from ffmpeg_worker.composition.read_compositions import read_compositions
from ffmpeg_worker.composition.schema import EXAMPLE
from ffmpeg_worker.composition.sources import find_named_files
from ffmpeg_worker.composition.text_layer import TextLayer
from ffmpeg_worker.composition.text_presets import PRESETS
from ffmpeg_worker.composition.text_style import TextStyle
from ffmpeg_worker.raster.surfaces.blend_modes import MODES


def read(**composition: Any) -> Composition:
    [one] = read_compositions(composition)
    return one


def read_layer(**layer: Any) -> Any:
    return read(layers=[{"type": "text", "text": "x", **layer}]).layers[0]


def echo(composition: Composition) -> Any:
    return json.loads(json.dumps(composition.model_dump(mode="json", exclude_defaults=True)))


def test_the_echo_means_the_same() -> None:
    composition = read(**EXAMPLE)
    assert read(**echo(composition)) == composition
    assert read(**json.loads(composition.model_dump_json())) == composition
    assert echo(read(**echo(composition))) == echo(composition)


def test_aliases_are_echoed_in_their_canonical_form() -> None:
    composition = read(
        elements=[
            {
                "type": "text",
                "text": "x",
                "time": 1,
                "length": 2,
                "anchor": "middle",
                "blendMode": "multiply",
                "style": {"fontSize": 20, "line-height": 1.5, "alignment": "middle", "shadow": {"y": 2}},
            },
            {"type": "image", "url": "a.png"},
            {"type": "video", "path": "a.mp4"},
            {"type": "audio", "source": "a.mp3", "fadeIn": 1},
            {"type": "shape", "shape": "circle", "path": None},
        ]
    )
    style = {"font_size": 20.0, "line_height": 1.5, "shadow": [{"y": 2.0}]}
    assert echo(composition)["layers"] == [
        {
            "type": "text",
            "text": "x",
            "start": 1.0,
            "duration": 2.0,
            "anchor": "center",
            "blend": "multiply",
            "style": style,
        },
        {"type": "image", "src": "a.png"},
        {"type": "video", "src": "a.mp4"},
        {"type": "audio", "src": "a.mp3", "fade_in": 1.0},
        {"type": "shape", "shape": "ellipse"},
    ]


def test_lengths_are_pixels_or_percent() -> None:
    layer = read_layer(x=-5, y=" 12.5 %", width=[{"time": 0, "value": 1}, {"time": 1, "value": "50%"}])
    assert (layer.x, layer.y) == (-5.0, Percent(12.5))
    assert [key.value for key in layer.width] == [1.0, Percent(50)]
    assert Percent(12.5).of(200) == 25


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("top-right", "top-right"), ("right_top", "top-right"), ("middle-left", "left"), ("bottom center", "bottom")],
)
def test_anchors_in_any_order_of_words(written: str, read_as: str) -> None:
    assert read_layer(anchor=written).anchor == read_as


def test_every_blend_mode_can_be_drawn() -> None:
    assert set(get_args(Blend)) == set(MODES)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_gives_what_is_not_said(preset: str) -> None:
    bare = TextStyle.model_validate({"preset": preset})
    style = TextStyle.model_validate({"preset": preset, "fontSize": 11, "color": "red"})
    assert (style.font_size, style.color) == (11.0, "red")
    assert bare.model_copy(update={"preset": None}) != TextStyle()
    assert bare.model_fields_set >= PRESETS[preset].keys()
    assert style.model_copy(update={"font_size": bare.font_size, "color": bare.color}) == bare


def test_subtitles_have_a_line_around_them_unless_said_otherwise() -> None:
    cues = [{"start": 0, "end": 1, "text": "x"}]
    plain = read(layers=[{"type": "subtitles", "cues": cues, "style": {"preset": "box"}}]).layers[0]
    for layer in ({}, {"style": None}, {"style": {"color": "red"}}):
        default = read(layers=[{"type": "subtitles", "cues": cues, **layer}]).layers[0]
        assert default.style.preset == "outline"  # type: ignore[union-attr]
        assert default.style.stroke is not None  # type: ignore[union-attr]
    assert plain.style.stroke is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("style", "stroke"),
    [
        ({"background": {"color": "white"}, "color": "black"}, None),
        ({"backgroundColor": {"color": "#ffffff80"}}, None),
        ({"background": {"color": "white"}, "stroke": {"color": "red"}}, "red"),
        ({"background": None}, "#000000"),
        ({"color": "#111111"}, "#ffffff"),
        ({"color": "navy"}, "#ffffff"),
        ({"color": "#111111", "stroke": {"color": "#222222"}}, "#222222"),
        ({"color": "red"}, "#000000"),
        ({"stroke": None}, None),
        ({"preset": "word", "color": "#1a1a1a"}, "#ffffff"),
    ],
    ids=range(10),
)  # fmt: skip
def test_the_line_around_subtitles_suits_their_box_and_color(style: dict[str, object], stroke: str | None) -> None:
    cues = [{"start": 0, "end": 1, "text": "x"}]
    layer = read(layers=[{"type": "subtitles", "cues": cues, "style": style}]).layers[0]
    found = layer.style.stroke  # type: ignore[union-attr]
    assert (found and found.color) == stroke


def test_the_box_of_dark_text_is_light() -> None:
    box = TextStyle.model_validate({"preset": "box", "color": "#101010"}).background
    assert box is not None
    assert box.color == "#ffffffb3"


def test_style_in_every_spelling() -> None:
    style = TextStyle.model_validate(
        {
            "font_family": "Inter, 'Noto Sans'",
            "font_weight": "bold",
            "background": {"padding": [4, "10%"]},
            "font_size": "auto",
            "vertical_align": "middle",
        }
    )
    assert style.font_family == ("Inter", "Noto Sans")
    assert style.font_weight == 700
    assert style.background is not None
    assert style.background.padding == (4.0, Percent(10))
    assert TextStyle.model_validate({"background": {"padding": 4}}).background.padding == (4.0, 4.0)  # type: ignore[union-attr]


def test_files_are_named_with_their_place() -> None:
    composition = read(
        fonts=[{"family": "A", "src": "a.ttf"}],
        layers=[
            {"type": "group", "layers": [{"type": "image", "src": "a.png"}]},
            {"type": "image", "src": "never.png", "condition": False},
            {"type": "waveform", "src": "a.mp3"},
        ],
    )
    assert [(file.kind, file.src, file.where) for file in find_named_files(composition)] == [
        ("font", "a.ttf", "fonts[0].src"),
        ("image", "a.png", "layers[0].layers[0].src"),
        ("waveform", "a.mp3", "layers[2].src"),
    ]


def test_a_signed_address_is_not_in_a_repr() -> None:
    composition = read(layers=[{"type": "video", "src": "https://x/a.mp4?sig=canary"}])
    assert isinstance(composition.layers[0], VideoLayer)
    assert "canary" not in repr(composition)


def test_a_number_may_be_all_of_a_text() -> None:
    layer = read_layer(text=12)
    assert isinstance(layer, TextLayer)
    assert layer.text == "12"
