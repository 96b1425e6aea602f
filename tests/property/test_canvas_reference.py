"""Frames of random compositions match those of a slow reference renderer."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ffmpeg_worker.composition.transitions import TRANSITIONS
from support.extent import examples
from support.media.canvas_frames import Sources
from support.reference.easing import value_at
from support.reference.random_compositions import compositions, moving
from support.reference.renderer import Footage
from support.reference.yuv import Floats, planes_of, psnr, strays

EXAMPLES = int(os.environ.get("CANVAS_EXAMPLES", examples(20)))
"""Compositions of each test."""

# The reference renders at subpixel positions. The worker rounds positions of still layers to whole pixels and
# sizes of videos to even numbers, so edges may be half a pixel off: of 1000 compositions the worst had 27, 33 and
# 24 dB, half of them more than 55. At whole pixels only rounding and round edges differ.
ANYWHERE_DB = (25.0, 31.0, 22.0)
WHOLE_DB = (38.0, 38.0, 33.0)
"""Of luma, of chroma, of all four with opacity."""
NEAR = 8
"""How far a pixel may be from all that the reference has within one pixel of it, in 255ths."""
FAR_SHARE = 0.02
"""How many may be further away: corners where two such roundings meet."""

_BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CANVAS_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # no shrinking: it takes minutes
)


def waves(width: int, height: int, *, shift: float = 0.0, alpha: bool = False) -> Floats:
    """Return an image without edges, which all good scalers scale nearly alike."""
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    red = 0.5 + 0.4 * np.sin(2 * np.pi * (x + shift))
    green = 0.5 + 0.4 * np.sin(2 * np.pi * (y * 1.3 + shift * 2))
    blue = 0.5 + 0.4 * np.cos(2 * np.pi * (x * 0.7 + y * 0.6))
    opacity = 0.2 + 0.8 * x if alpha else np.ones_like(x)
    return np.stack([red, green, blue, opacity], axis=-1)


def film(width: int, height: int) -> Footage:
    """Return frames that each differ clearly from their neighbors."""
    return Footage(30, 25, lambda number: waves(width, height, shift=(number * 0.37) % 1))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    made = Sources(tmp_path_factory.mktemp("sources"))
    made.add_image("wide.png", waves(120, 60))
    made.add_image("tall.png", waves(50, 90, shift=0.3))
    made.add_image("clear.png", waves(64, 64, shift=0.6, alpha=True))
    made.add_footage("wide.mp4", film(96, 48))
    made.add_footage("tall.mp4", film(48, 80))
    return made


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole pixels", "anywhere"])
@_BOUNDED
@given(data=st.data(), moment=st.floats(0, 0.999))
def test_opaque_frames_match_the_reference(
    sources: Sources, is_whole: bool, data: st.DataObject, moment: float
) -> None:
    composition = data.draw(compositions(is_whole=is_whole))
    number, truth = expected(sources, composition, moment)
    luma, chroma, _ = WHOLE_DB if is_whole else ANYWHERE_DB
    planes = sources.planes(composition, number)
    for plane, wanted, least in zip(planes, planes_of(truth[..., :3]), (luma, chroma, chroma), strict=True):
        assert psnr(plane, wanted) >= least, (number, json.dumps(composition))
        assert far(plane, wanted) <= FAR_SHARE, (number, json.dumps(composition))


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole pixels", "anywhere"])
@_BOUNDED
@given(data=st.data(), moment=st.floats(0, 0.999))
def test_transparent_frames_match_the_reference(
    sources: Sources, is_whole: bool, data: st.DataObject, moment: float
) -> None:
    composition = data.draw(compositions(is_transparent=True, is_whole=is_whole))
    number, truth = expected(sources, composition, moment)
    real = sources.rgba(composition, number)
    multiplied = np.concatenate([real[..., :3] * real[..., 3:] / 255, real[..., 3:]], axis=-1)
    least = (WHOLE_DB if is_whole else ANYWHERE_DB)[2]
    assert psnr(multiplied, truth * 255) >= least, (number, json.dumps(composition))
    assert far(multiplied, truth * 255) <= FAR_SHARE, (number, json.dumps(composition))


def test_layers_are_stacked_by_z(sources: Sources) -> None:
    colors = {"#ff0000": 1, "#00ff00": 2, "#0000ff": 2, "#ffffff": 0}
    layers = [{"type": "shape", "fill": color, "z": z} for color, z in colors.items()]
    composition = {"width": 64, "height": 36, "fps": 10, "duration": 1, "layers": layers}
    number, truth = expected(sources, composition, 0)
    assert truth[0, 0].tolist() == [0, 0, 1, 1]
    assert psnr(sources.planes(composition, number)[0], planes_of(truth[..., :3])[0]) >= 38


GROWING = [{"time": 0, "value": 40}, {"time": 2, "value": 120}]
FITTED = {
    "a video whose box grows to one side": {"type": "video", "src": "wide.mp4", "width": GROWING, "height": 90},
    "an image that shrinks into its box": {
        "type": "image",
        "src": "tall.png",
        "width": 90,
        "height": GROWING,
        "fit": "contain",
    },
    "a part of an image that fills a narrow box": {
        "type": "image",
        "src": "wide.png",
        "width": 24,
        "height": 90,
        "crop": {"x": 0, "width": "50%"},
    },
    "round corners of a box that grows": {"type": "shape", "width": GROWING, "height": 60, "radius": 20},
}


@pytest.mark.parametrize("name", FITTED)
def test_fitted_media_keep_their_aspect_ratio(sources: Sources, name: str) -> None:
    layer = {**FITTED[name], "duration": 2, "x": 4, "y": 2}
    composition = {"width": 128, "height": 96, "fps": 10, "duration": 2, "layers": [layer]}
    number, truth = expected(sources, composition, 0.3)
    plane, wanted = sources.planes(composition, number)[0], planes_of(truth[..., :3])[0]
    assert psnr(plane, wanted) >= 30
    assert far(plane, wanted) <= FAR_SHARE / 10


@pytest.mark.parametrize("name", TRANSITIONS)
@pytest.mark.sampled(4)
def test_every_transition_is_drawn(sources: Sources, name: str) -> None:
    way = {"type": name, "duration": 0.4}
    one = {"type": "image", "src": "tall.png", "id": "one", "duration": 1, "transition": {"in": way, "out": way}}
    two = {"type": "image", "src": "wide.png", "start": "after:one", "duration": 1}
    composition = {"width": 64, "height": 36, "fps": 10, "layers": [one, {**two, "transition": {"in": way}}]}
    crossed = {**composition, "layers": [one, {**two, "transition": {"in": {**way, "overlap": True}}}]}
    for document, number, whole in (
        (composition, 2, 5),
        (composition, 8, 5),
        (composition, 12, 15),
        (crossed, 8, 5),
    ):
        moving_on, still = (sources.planes(document, at)[0] for at in (number, whole))
        assert psnr(moving_on, still) < 50, number


@_BOUNDED
@given(
    x=moving(st.integers(10, 110)),
    y=moving(st.integers(10, 80)),
    scale=st.just(1) | moving(st.sampled_from([0.8, 1, 1.6])),
    rotation=st.just(0) | moving(st.integers(-90, 90)),
    fps=st.sampled_from([10, 25, 29.97, 60]),
)
def test_keyframes_position_a_layer(
    sources: Sources, x: Any, y: Any, scale: Any, rotation: Any, fps: float
) -> None:
    square = {"type": "shape", "width": 8, "height": 8, "anchor": "center", "x": x, "y": y, "start": 0.2}
    composition = {
        "width": 128,
        "height": 96,
        "fps": fps,
        "duration": 2.4,
        "layers": [{**square, "scale": scale, "rotation": rotation}],
    }
    first = round(0.2 * fps)
    for time in np.linspace(0, 2, 6):
        number = first + int(time * fps)
        luma = sources.planes(composition, number)[0] - 16
        rows, columns = np.indices(luma.shape) + 0.5
        local = (number - first) / fps
        at = [float((axis * luma).sum() / luma.sum()) for axis in (columns, rows)]
        assert at == pytest.approx([value_at(x, local), value_at(y, local)], abs=1)


def far(real: Floats, wanted: Floats) -> float:
    """Return the share of values that differ by more than `NEAR`."""
    return float(np.mean(strays(real, wanted, within=NEAR) > 0))


def expected(sources: Sources, composition: dict[str, Any], moment: float) -> tuple[int, Floats]:
    """Return a frame's number and its expected pixels."""
    reference = sources.reference(composition)
    assert sources.scene(composition).frames == reference.frames
    number = int(reference.frames * moment)
    return number, reference.frame(number)
