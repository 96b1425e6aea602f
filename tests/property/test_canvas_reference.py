"""Frames of random compositions against a slow renderer that reads the JSON by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.canvas_frames import Sources
from support.reference_compositions import EASINGS, compositions
from support.reference_easing import value_at
from support.reference_renderer import Footage
from support.reference_yuv import Floats, planes_of, psnr, strays

EXAMPLES = int(os.environ.get("CANVAS_EXAMPLES", "20"))
"""Compositions of each test."""

LUMA_DB, CHROMA_DB = 26.0, 28.0

_BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CANVAS_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)


def waves(width: int, height: int, *, shift: float = 0.0, alpha: bool = False) -> Floats:
    """A picture without edges: what any good scaler makes of it is nearly the same."""
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    red = 0.5 + 0.4 * np.sin(2 * np.pi * (x + shift))
    green = 0.5 + 0.4 * np.sin(2 * np.pi * (y * 1.3 + shift * 2))
    blue = 0.5 + 0.4 * np.cos(2 * np.pi * (x * 0.7 + y * 0.6))
    opacity = 0.2 + 0.8 * x if alpha else np.ones_like(x)
    return np.stack([red, green, blue, opacity], axis=-1)


def film(width: int, height: int) -> Footage:
    """Frames that tell which they are: each is far from its neighbours."""
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


@_BOUNDED
@given(composition=compositions(), moment=st.floats(0, 0.999))
def test_opaque_frames_are_those_of_the_reference(
    sources: Sources, composition: dict[str, Any], moment: float
) -> None:
    number, reference = at(sources, composition, moment)
    truth = planes_of(reference[..., :3])
    for plane, wanted, least in zip(
        sources.planes(composition, number), truth, (LUMA_DB, CHROMA_DB, CHROMA_DB), strict=True
    ):
        assert psnr(plane, wanted) >= least
        assert np.mean(strays(plane, wanted, within=6) > 0) <= 0.005


def at(sources: Sources, composition: dict[str, Any], moment: float) -> tuple[int, Floats]:
    """A frame's number, and what it should look like."""
    reference = sources.reference(composition)
    number = int(reference.frames * moment)
    assert sources.scene(composition).frames == reference.frames
    return number, reference.frame(number)


__all__ = ["EASINGS", "Path", "value_at"]
