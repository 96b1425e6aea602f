"""Exact frame rates."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from pydantic import TypeAdapter

from ffmpeg_worker.composition.frame_rate import FrameRate, exact_rate


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (30, Fraction(30)),
        (29.97, Fraction(30000, 1001)),
        ("24000/1001", Fraction(24000, 1001)),
        (12.5, Fraction(25, 2)),
    ],
)
def test_frame_rates_are_exact(fps: Any, exact: Fraction) -> None:
    assert exact_rate(TypeAdapter(FrameRate).validate_python(fps)) == exact
