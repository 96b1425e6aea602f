"""Easings start at 0 and end at 1, and curves pass through their keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.composition.easings import EASINGS, parse_easing
from ffmpeg_worker.scene.curve import Curve, Key

_easing = st.sampled_from([*EASINGS, "steps(4)"]) | st.builds(
    "cubic-bezier({:.3f}, {:.3f}, {:.3f}, {:.3f})".format,
    st.floats(0, 1),
    st.floats(-2, 3),
    st.floats(0, 1),
    st.floats(-2, 3),
)


@given(_easing)
def test_an_easing_goes_from_0_to_1(name: str) -> None:
    ease = parse_easing(name).function

    assert ease(0.0) == pytest.approx(0, abs=1e-9)
    assert ease(1.0) == pytest.approx(1, abs=1e-9)


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(-100, 100), _easing), min_size=1, max_size=6))
def test_a_curve_passes_its_keys_and_is_constant_outside(steps: list[tuple[float, float, str]]) -> None:
    time, keys = 0.0, []
    for passed, value, easing in steps:
        time += passed
        keys.append(Key(time, (value,), easing))
    curve = Curve(tuple(keys))

    for key in keys:
        assert curve.at(key.time) == pytest.approx(key.value, abs=1e-9)
    assert curve.at(keys[0].time - 1) == keys[0].value
    assert curve.at(time + 1) == keys[-1].value


@pytest.mark.parametrize(
    ("name", "share", "expected"),
    [
        # Values of the easing curves in browsers.
        ("ease", 0.25, 0.4085),
        ("ease", 0.5, 0.8024),
        ("ease-in", 0.5, 0.3154),
        ("ease-out", 0.5, 0.6846),
        ("ease-in-out", 0.25, 0.1292),
        ("cubic-in", 0.5, 0.125),
        ("bounce-out", 0.5, 0.765625),
        ("steps(4)", 0.6, 0.5),
    ],
)
def test_known_values_of_easings(name: str, share: float, expected: float) -> None:
    assert parse_easing(name).function(share) == pytest.approx(expected, abs=2e-3)
