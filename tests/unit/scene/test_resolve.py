"""Compositions are resolved to scenes."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.scene.content import ShapeContent, VideoContent
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.preparation import LibassDrawing, ToneMapping
from ffmpeg_worker.scene.resolve import frame_range
from ffmpeg_worker.scene.scene import Element, GroupContent, Transition
from ffmpeg_worker.scene.text_style import Stroke
from support.jobs.compositions import resolved

SQUARE = {"type": "shape", "shape": "rect", "width": 20, "height": 10}


def _only(*layers: dict[str, Any], **canvas: Any) -> Element:
    elements = resolved(*layers, **canvas).scene.elements
    assert len(elements) == 1
    return elements[0]


def _box(element: Element) -> tuple[Any, ...]:
    return element.x, element.y, element.anchor, element.width, element.height


def test_a_film_fills_the_canvas_for_as_long_as_it_is() -> None:
    scene = resolved({"type": "video", "src": "film.mp4", "trim": {"start": 2, "end": 8}, "speed": 2}).scene

    assert (scene.width, scene.height, scene.fps, scene.frames) == (200, 100, (10, 1), 30)
    assert scene.elements == (
        Element(
            where="layers[0]",
            first=0,
            last=30,
            content=VideoContent("in/film.mp4", (1920, 1080), begin_s=2.0, end_s=8.0, speed=2.0),
            x=100.0,
            y=50.0,
            anchor=(0.5, 0.5),
            width=200.0,
            height=100.0,
        ),
    )


@pytest.mark.parametrize(
    ("asked", "box"),
    [
        ({}, (100, 50, (0.5, 0.5), 200, 100)),
        ({"x": 10}, (10, 50, (0, 0.5), 200, 100)),
        ({"x": "50%", "y": "100%", "anchor": "bottom"}, (100, 100, (0.5, 1), 200, 100)),
        ({"width": "20%"}, (100, 50, (0.5, 0.5), 40, 20)),
        ({"height": 50, "crop": {"width": "50%"}}, (100, 50, (0.5, 0.5), 50, 50)),
        ({"height": 50, "crop": {"x": 100, "width": 100}}, (100, 50, (0.5, 0.5), 25, 50)),
    ],
)
def test_places_and_sizes_of_pictures(asked: dict[str, Any], box: tuple[Any, ...]) -> None:
    assert _box(_only({"type": "image", "src": "logo.png", **asked}, duration=1)) == box


def test_an_svg_is_as_wide_as_it_says_and_a_turned_film_stands_upright() -> None:
    assert _only({"type": "image", "src": "icon.svg", "height": 20}, duration=1).width == 60.0
    content = _only({"type": "video", "src": "phone.mp4"}).content

    assert isinstance(content, VideoContent)
    assert (content.size, content.rotation) == ((1080, 1920), 90)


def test_interlaced_films_are_marked_and_their_pixels_made_square() -> None:
    content = _only({"type": "video", "src": "tape.mp4"}).content

    assert isinstance(content, VideoContent)
    assert (content.is_interlaced, content.size) == (True, (768, 576))


def test_every_pixel_length_follows_the_render_scale() -> None:
    text = {
        "type": "text",
        "text": "Hi",
        "x": "10%",
        "y": 8,
        "style": {"font_size": 20, "stroke": {"width": "10%"}},
    }
    shape = {**SQUARE, "radius": 4, "blur": 6, "stroke": {"width": 2}}
    scene = resolved(text, shape, scale=0.25, duration=1).scene

    assert (scene.width, scene.height) == (50, 24)
    words, square = scene.elements
    assert (words.x, words.y) == (5, 2)
    assert words.content.kind == "text"
    assert words.content.style.size == 5
    assert words.content.style.stroke is not None
    assert words.content.style.stroke.width == 0.5
    assert isinstance(square.content, ShapeContent)
    assert (square.width, square.blur, square.content.radius, square.content.stroke_width) == (5, 1.5, 1, 0.5)


def test_keyframes_in_percent_become_pixels() -> None:
    x = [{"time": 0, "value": "0%"}, {"time": 1, "value": 50, "easing": "ease-out"}]

    assert _only({**SQUARE, "x": x}, duration=2, scale=0.5).x == Curve((Key(0, (0,)), Key(1, (25,), "ease-out")))


def test_z_puts_layers_on_top_and_equal_ones_stay_in_order() -> None:
    layers = [{**SQUARE, "z": z} for z in (1, 0, 1, -1)]

    wheres = [element.where for element in resolved(*layers, duration=1).scene.elements]
    assert wheres == ["layers[3]", "layers[1]", "layers[0]", "layers[2]"]


def test_a_group_that_changes_nothing_is_dissolved() -> None:
    group = {"type": "group", "start": 1, "duration": 2, "layers": [SQUARE, {**SQUARE, "start": 1}]}
    elements = resolved({"type": "image", "src": "logo.png"}, group, duration=5).scene.elements

    assert [(each.where, each.first, each.last) for each in elements] == [
        ("layers[0]", 0, 50),
        ("layers[1].layers[0]", 10, 30),
        ("layers[1].layers[1]", 20, 30),
    ]


def test_other_groups_count_frames_and_percentages_of_their_own() -> None:
    child = {**SQUARE, "x": "50%", "start": 1}
    group = _only({"type": "group", "start": 2, "width": 60, "opacity": 0.5, "layers": [child]}, duration=5)

    assert (group.first, group.last, group.width, group.height) == (20, 50, 60, 100)
    assert isinstance(group.content, GroupContent)
    inner = group.content.elements[0]
    assert (inner.x, inner.first, inner.last) == (30, 10, 30)


@pytest.mark.parametrize(
    ("name", "easings"),
    [
        ("fade", ("linear", "linear", "linear")),
        ("fade-black", ("linear", "linear", "linear")),
        ("slide-left", ("ease-out", "ease-in", "ease-in-out")),
        ("cover", ("ease-out", "ease-in", "ease-in-out")),
        ("zoom-in", ("ease-out", "ease-in", "ease-out")),
        ("pop", ("linear", "linear", "linear")),
    ],
)
def test_what_moves_is_eased_by_default(name: str, easings: tuple[str, str, str]) -> None:
    alone = {"type": "video", "src": "film.mp4", "id": "a", "transition": {"in": name, "out": name}}
    way = {"in": {"type": name, "overlap": True}}
    second = {"type": "video", "src": "film.mp4", "start": "after:a", "transition": way}
    first, after = resolved(alone, second).scene.elements

    chosen = [transition and transition.easing for transition in (first.enter, first.leave, after.enter)]
    assert tuple(chosen) == easings


def test_an_easing_of_a_transition_is_kept() -> None:
    way = {"in": {"type": "slide-left", "easing": "linear"}}
    (element,) = resolved({"type": "video", "src": "film.mp4", "transition": way}).scene.elements

    assert element.enter == Transition("slide-left", 5, "linear")


def test_a_cross_fade_names_what_it_replaces() -> None:
    first = {"id": "a", "type": "image", "src": "logo.png", "duration": 2, "z": 5}
    way = {"in": {"type": "wipe-left", "duration": 0.5, "overlap": True}}
    second = {"type": "video", "src": "film.mp4", "start": "after:a", "transition": way}
    below, above = resolved(first, second).scene.elements

    assert (below.where, below.first, below.replaces) == ("layers[1]", 15, 1)
    assert below.enter == Transition("wipe-left", 5, "ease-in-out")
    assert (above.last, above.replaces) == (20, None)


def test_an_hdr_film_is_prepared_first() -> None:
    layer = {"type": "video", "src": "hdr.mp4", "trim": {"start": 3}, "duration": 2}
    found = resolved(layer, {**layer, "width": 20, "duration": 1}, {**layer, "start": 9}, duration=5)

    assert found.preparations == (
        ToneMapping("layers[0]", "hdr.mp4", "in/hdr.mp4", "_hdr.mp4.sdr0.mkv", begin_s=3.0, end_s=6.0),
    )
    content = found.scene.elements[0].content
    assert isinstance(content, VideoContent)
    assert (content.file, content.begin_s, content.end_s) == ("_hdr.mp4.sdr0.mkv", 0.0, 3.0)


def test_subtitles_with_looks_are_drawn_as_large_as_the_canvas_and_laid_on_it_as_a_film() -> None:
    found = resolved({"type": "subtitles", "src": "styled.ass", "start": 1, "duration": 4}, duration=9, scale=0.5)
    (drawing,) = found.preparations
    (element,) = found.scene.elements

    assert isinstance(drawing, LibassDrawing)
    assert (drawing.where, drawing.size, drawing.full_size) == ("layers[0]", (100, 50), (200, 100))
    assert (drawing.first, drawing.moments) == (10, (0, 10, 30))
    assert [drawing.within(*part) for part in ((0, 90), (25, 26), (20, 40), (80, 90), (0, 5))] == [
        (0, 10, 30),
        (10,),
        (10,),
        (30,),
        (0,),
    ]
    content = element.content
    assert isinstance(content, VideoContent)
    assert (content.file, content.size, content.is_multiplied) == (drawing.prepared, (100, 50), True)
    assert (element.first, element.last, element.x, element.y) == (10, 50, 50, 25)


def test_subtitles_that_look_or_lie_otherwise_are_files_of_their_own() -> None:
    layer = {"type": "subtitles", "src": "styled.ass"}
    one, other, later = resolved(layer, layer, {**layer, "start": 1}, duration=5).preparations

    assert isinstance(one, LibassDrawing)
    assert len({one.prepared, other.prepared, later.prepared}) == 3
    assert resolved(layer, duration=5).preparations == (one,)


def test_subtitles_stand_near_the_bottom() -> None:
    element = _only({"type": "subtitles", "src": "words.srt", "style": {"preset": "karaoke"}}, duration=4)

    assert (element.x, element.y, element.anchor) == (100, 90, (0.5, 1.0))
    assert element.content.kind == "subtitles"
    assert element.content.cues[0].text == "Hello there"


@pytest.mark.parametrize(
    ("size", "bottom", "top", "width"),
    [
        ((1080, 1920), 0.78, 0.14, 0.78),
        ((720, 1280), 0.78, 0.14, 0.78),
        ((1080, 1080), 0.9, 0.1, 0.84),
        ((1080, 1350), 0.9, 0.1, 0.84),
        ((1920, 1080), 0.9, 0.1, 0.68),
        ((3840, 1600), 0.9, 0.1, 0.68),
    ],
)
def test_subtitles_stay_in_the_area_that_apps_leave_free(
    size: tuple[int, int], bottom: float, top: float, width: float
) -> None:
    for vertical_align, share, anchor in (("bottom", bottom, 1.0), ("top", top, 0.0)):
        layer = {
            "type": "subtitles",
            "cues": [{"start": 0, "end": 1, "text": "x"}],
            "style": {"vertical_align": vertical_align},
        }
        element = _only(layer, width=size[0], height=size[1], duration=1)
        assert element.y == pytest.approx(share * size[1])
        assert element.anchor == (0.5, anchor)
        assert element.content.kind == "subtitles"
        assert element.content.max_width == pytest.approx(width * size[0])


@pytest.mark.parametrize(
    ("size", "font"), [((3840, 2160), 108), ((1920, 1080), 54), ((1080, 1920), 54), ((640, 360), 18)]
)
def test_text_without_a_style_has_a_size_that_follows_the_canvas(size: tuple[int, int], font: float) -> None:
    content = _only({"type": "text", "text": "Hi"}, width=size[0], height=size[1], duration=1).content
    assert content.kind == "text"
    assert content.style.size == pytest.approx(font)


def test_percentages_of_an_automatic_font_size_are_of_the_size_that_is_found() -> None:
    style = {
        "font_size": "auto",
        "stroke": {"width": "10%"},
        "shadow": {"y": 3, "blur": "50%"},
        "letter_spacing": "2%",
    }
    layer = {"type": "text", "text": "Hi", "width": 100, "height": 80, "style": style}
    content = _only(layer, duration=1).content
    assert content.kind == "text"
    found = content.style.at_size(20)
    assert found.smallest is None
    assert (found.size, found.letter_spacing) == pytest.approx((20, 0.4))
    assert found.stroke is not None
    assert found.stroke.width == pytest.approx(2)
    assert (found.shadows[0].y, found.shadows[0].blur) == pytest.approx((3, 10))
    assert content.style.at_size(80).stroke == Stroke((0.0, 0.0, 0.0, 1.0), 8.0)


@pytest.mark.parametrize(
    ("cue", "text", "words"),
    [
        ({"text": "Hello, world!", "words": ["hello", "world"]}, "Hello, world!", ["Hello,", "world!"]),
        ({"text": "", "words": [" Hello,", " world!"]}, "Hello, world!", ["Hello,", "world!"]),
        ({"text": "我们去北京", "words": ["我们", "去", "北京"]}, "我们去北京", ["我们", "去", "北京"]),
        ({"text": "", "words": ["我们", "去", "北京"]}, "我们去北京", ["我们", "去", "北京"]),
        ({"text": "สวัสดีครับ", "words": ["สวัสดี", "ครับ"]}, "สวัสดีครับ", ["สวัสดี", "ครับ"]),
        ({"text": "don't stop", "words": ["don", "'t", "stop"]}, "don't stop", ["don't", "stop"]),
    ],
    ids=range(6),
)  # fmt: skip
def test_the_words_of_a_cue_are_parts_of_its_text(cue: dict[str, Any], text: str, words: list[str]) -> None:
    timed = [{"text": word, "start": n, "end": n + 1} for n, word in enumerate(cue["words"])]
    layer = {
        "type": "subtitles",
        "style": {"preset": "word"},
        "cues": [{"start": 0, "end": 3, "text": cue["text"], "words": timed}],
    }
    content = _only(layer, duration=3).content
    assert content.kind == "subtitles"
    assert content.cues[0].text == text
    assert [word.text for word in content.cues[0].words] == words


def test_stars_and_polygons_touch_the_sides_of_their_box() -> None:
    star = _only({"type": "shape", "shape": "star", "width": 40, "corners": 4}, duration=1)
    triangle = {
        "type": "shape",
        "shape": "polygon",
        "corners": 3,
        "width": 42,
        "height": 22,
        "stroke": {"width": 2},
    }

    assert isinstance(star.content, ShapeContent)
    assert (star.height, star.content.shape, len(star.content.points)) == (40, "polygon", 8)
    assert star.content.points[1] == pytest.approx((25.40, 14.60), abs=0.01)
    content = _only(triangle, duration=1).content
    assert isinstance(content, ShapeContent)
    assert content.points == ((21, 1), (41, 21), (1, 21))


def test_a_line_is_as_high_as_it_is_thick() -> None:
    line = _only({"type": "shape", "shape": "line", "width": 80, "stroke": {"width": 4}}, duration=1)

    assert isinstance(line.content, ShapeContent)
    assert (line.height, line.content.stroke_width, line.content.fill) == (4, 4, None)


def test_a_waveform_begins_where_its_layer_is_in_its_file() -> None:
    song = {"id": "song", "type": "audio", "src": "song.mp3", "start": 1, "trim": {"start": 5}, "duration": 9}
    wave = _only(song, {"type": "waveform", "layer": "song", "start": 3})

    assert wave.content.kind == "waveform"
    assert (wave.content.file, wave.content.begin_s) == ("in/song.mp3", 7.0)


@pytest.mark.parametrize(
    ("layers", "code", "field"),
    [
        ([{"type": "image", "src": "gone.png"}], "source_unreadable", "layers[0].src"),
        ([{"type": "image", "src": "bomb.png"}], "source_too_large", "layers[0].src"),
        ([SQUARE, {"type": "video", "src": "logo.png"}], "wrong_kind_of_source", "layers[1].src"),
        ([{"type": "image", "src": "film.mp4"}], "wrong_kind_of_source", "layers[0].src"),
        ([{"type": "video", "src": "song.mp3"}], "wrong_kind_of_source", "layers[0].src"),
        ([{"type": "video", "src": "film.mp4", "trim": {"start": 11}}], "trim_outside", "layers[0].trim.start"),
        ([{"type": "video", "src": "silent.mp4", "volume": 0.5}], "no_sound", "layers[0].volume"),
        ([SQUARE, {"type": "audio", "src": "silent.mp4"}], "no_sound", "layers[1].src"),
        (
            [{"type": "group", "layers": [{**SQUARE, "start": "after:x"}]}, {**SQUARE, "id": "x"}],
            "unknown_layer",
            "layers[0].layers[0].start",
        ),
        ([{"type": "waveform", "layer": "x"}, {**SQUARE, "id": "x"}], "no_sound", "layers[0].layer"),
        ([{"type": "audio", "src": "song.mp3", "muted": True}], "nothing_to_show", "layers"),
        ([{**SQUARE, "duration": 0.01}], "nothing_to_show", "duration"),
        (
            [{"type": "image", "src": "logo.png", "crop": {"x": "60%", "width": "50%"}}],
            "crop_outside",
            "layers[0].crop",
        ),
        ([{"type": "text", "text": "a", "crop": {"x": 5}}], "crop_without_size", "layers[0].crop"),
        ([{"type": "shape", "shape": "path", "path": "M0 0 L<svg>"}], "invalid_path", "layers[0].path"),
        ([{"type": "subtitles", "src": "film.mp4"}], "source_unreadable", "layers[0].src"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_is_explained(layers: list[dict[str, Any]], code: str, field: str) -> None:
    with pytest.raises(WorkerError) as caught:
        resolved(*layers)

    assert (caught.value.code, caught.value.where) == (code, {"field": field})
    assert caught.value.hint


def test_what_is_never_shown_is_left_out_and_said() -> None:
    found = resolved(SQUARE, {**SQUARE, "start": 9}, duration=2)

    assert len(found.scene.elements) == 1
    assert [(remark.where, remark.code) for remark in found.warnings] == [("layers[1]", "never_shown")]


def test_a_part_of_a_scene_is_a_range_of_its_frames() -> None:
    scene = resolved(SQUARE, duration=4).scene

    assert frame_range(scene, None, None) == (0, 40)
    assert frame_range(scene, 1.24, 99) == (12, 40)
    with pytest.raises(InvalidJob, match="contains no frame"):
        frame_range(scene, 3, 3)


def test_broadcast_rates_are_exact() -> None:
    assert resolved(SQUARE, duration=1, fps=29.97).scene.fps == (30000, 1001)
    assert resolved(SQUARE, duration=1, fps=12.5).scene.fps == (25, 2)
