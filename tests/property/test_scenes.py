"""Any composition resolves to a consistent scene, or is refused with a hint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.scene.lint import lint
from ffmpeg_worker.scene.resolve import Resolved
from ffmpeg_worker.scene.scene import Element, GroupContent
from ffmpeg_worker.scene.text_metrics import TextMetrics
from support.extent import examples
from support.jobs.compositions import resolved

_SECONDS = st.floats(0, 20).map(lambda value: round(value, 2))
_LENGTH = st.integers(1, 300) | st.sampled_from(["1%", "50%", "120%"])
_KEYED = st.lists(_LENGTH, min_size=1, max_size=3).map(
    lambda values: [{"time": index, "value": value} for index, value in enumerate(values)]
)
_ID = st.sampled_from("abcd")
_CONTENT = st.sampled_from(
    [
        {"type": "video", "src": "film.mp4"},
        {"type": "video", "src": "phone.mp4", "loop": True},
        {"type": "video", "src": "hdr.mp4", "trim": {"start": 4}, "speed": 2.0},
        {"type": "image", "src": "logo.png"},
        {"type": "image", "src": "icon.svg"},
        {"type": "text", "text": "Hello", "style": {"font_size": "auto"}},
        {"type": "text", "text": "Hello", "animation": "pop"},
        {"type": "shape", "shape": "star"},
        {"type": "shape", "shape": "line", "points": [[0, 0], ["100%", 5]]},
        {"type": "subtitles", "src": "words.srt", "style": {"preset": "karaoke"}},
        {"type": "waveform", "src": "song.mp3"},
    ]
)
_PLACE = st.fixed_dictionaries(
    {},
    optional={
        "id": _ID,
        "start": _SECONDS | st.just("auto") | _ID.map("after:{}".format),
        "duration": st.sampled_from(["auto", "end", 0.03, 1, 7.5]),
        "x": _LENGTH | _KEYED,
        "y": _LENGTH,
        "anchor": st.sampled_from(["center", "bottom-right"]),
        "width": _LENGTH | _KEYED,
        "height": _LENGTH,
        "opacity": st.sampled_from([0, 0.5, 1]),
        "crop": st.sampled_from([{"x": "10%"}, {"width": 5, "height": 7}]),
        "transition": st.sampled_from([{"in": "fade"}, {"in": {"type": "wipe-left", "overlap": True}}]),
        "z": st.integers(-1, 1),
    },
)
_LAYER: st.SearchStrategy[dict[str, Any]] = st.builds(lambda one, two: {**one, **two}, _CONTENT, _PLACE)
_GROUP: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda place, layers: {"type": "group", **place, "layers": layers},
    _PLACE,
    st.lists(_LAYER, min_size=1, max_size=3),
)
_CANVAS = st.fixed_dictionaries({"duration": st.sampled_from(["auto", 0.04, 3, 12])})


@given(st.lists(_LAYER | _GROUP, min_size=1, max_size=4), _CANVAS, st.sampled_from([1.0, 0.3]))
@settings(max_examples=examples(300), deadline=None)
def test_a_composition_becomes_a_scene_or_an_error(
    layers: list[dict[str, Any]], canvas: dict[str, Any], scale: float
) -> None:
    try:
        found = resolved(*layers, scale=scale, **canvas)
    except WorkerError as error:
        refused = error
    else:
        _check(found)
        return
    assert refused.code in {
        "circular_start", "crop_outside", "crop_without_size", "nothing_to_show", "starts_after_end",
        "transition_too_long", "unknown_layer",
    }  # fmt: skip
    assert refused.hint
    assert str(refused.where["field"]).startswith(("layers", "duration"))


def _check(found: Resolved) -> None:
    scene = found.scene
    assert scene.frames > 0
    assert scene.width % 2 == scene.height % 2 == 0
    for element, frames in _every(scene.elements, scene.frames):
        assert 0 <= element.first < element.last <= frames, element.where
    for sound in found.audio.sounds:
        assert 0 <= sound.start_s < sound.start_s + sound.length_s <= found.audio.length_s + 0.1
        assert sound.begin_s < sound.end_s
    lint(found.scene, TextMetrics(("Inter",)))


def _every(elements: tuple[Element, ...], frames: int) -> Iterator[tuple[Element, int]]:
    for index, element in enumerate(elements):
        yield element, frames
        if element.replaces is not None:
            other = elements[element.replaces]
            assert element.replaces != index
            assert element.enter is not None
            assert other.first <= element.first < other.last
            assert element.enter.frames <= min(other.last, element.last) - element.first
        if isinstance(element.content, GroupContent):
            yield from _every(element.content.elements, element.last - element.first)
