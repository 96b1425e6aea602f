"""Layers are scheduled on the canvas."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.scene.resolve_timing import iterate_layers, resolve_timing
from support.jobs.compositions import FACTS

SQUARE = {"type": "shape"}
SONG = {"type": "audio", "src": "song.mp3"}
HIDDEN = {"type": "hidden", "id": "gone"}


def _times(*layers: dict[str, Any], **canvas: Any) -> dict[str, tuple[float, float]]:
    _, placed = resolve_timing(Composition.model_validate({**canvas, "layers": list(layers)}), FACTS)
    return {each.where: (each.start_s, each.end_s) for each in iterate_layers(placed)}


def test_auto_follows_the_layer_before_that_is_of_its_kind() -> None:
    first, second = {**SQUARE, "duration": 2}, {**SQUARE, "start": "auto", "duration": 1}

    assert _times(first, {**SONG, "duration": 9}, second, {**SONG, "start": "auto"}) == {
        "layers[0]": (0, 2),
        "layers[1]": (0, 9),
        "layers[2]": (2, 3),
        "layers[3]": (9, 69),
    }


def test_what_comes_after_a_hidden_layer_comes_after_what_was_before_it() -> None:
    first = {**SQUARE, "duration": 2}

    times = _times(first, HIDDEN, {**SQUARE, "start": "after:gone", "duration": 1})
    assert times == {"layers[0]": (0, 2), "layers[2]": (2, 3)}
    assert _times(SQUARE, HIDDEN, duration=9) == {"layers[0]": (0, 9)}


def test_a_layer_cannot_start_after_one_that_is_not_there() -> None:
    with pytest.raises(InvalidJob) as caught:
        _times({**SQUARE, "id": "intro"}, {**SQUARE, "start": "after:intor"})

    assert (caught.value.code, caught.value.where) == ("unknown_layer", {"field": "layers[1].start"})
    assert caught.value.hint == 'Did you mean "intro"?'


def test_a_group_lasts_as_long_as_its_layers_and_its_times_are_its_own() -> None:
    scene = {"id": "one", "type": "group", "start": 1, "layers": [SQUARE, {**SQUARE, "start": 1, "duration": 2}]}
    film = {"type": "video", "src": "film.mp4", "speed": 2}
    following = {"type": "group", "start": "after:one", "layers": [film, {**SQUARE, "duration": "end"}]}

    assert _times(scene, following) == {
        "layers[0]": (1, 4),
        "layers[0].layers[0]": (1, 4),
        "layers[0].layers[1]": (2, 4),
        "layers[1]": (4, 9),
        "layers[1].layers[0]": (4, 9),
        "layers[1].layers[1]": (4, 9),
    }


def test_what_loops_has_no_length_of_its_own() -> None:
    film = {"type": "video", "src": "film.mp4", "loop": True}

    assert _times(film, {**SQUARE, "duration": 3}) == {"layers[0]": (0, 3), "layers[1]": (0, 3)}
