"""Reading and pooling the scores of libvmaf and xpsnr."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.errors import OutputRejected
from ffmpeg_worker.planning.vmaf.scores import pool, read_scores, read_xpsnr

RATE = Fraction(25)


def log_of(scores: list[float | None], step: int = 1, **metrics: float) -> bytes:
    frames = [{"frameNum": n * step, "metrics": {**metrics, "vmaf": score}} for n, score in enumerate(scores)]
    return json.dumps({"version": "3.2.0", "fps": 100.0, "frames": frames, "pooled_metrics": {}}).encode()


def test_scores_are_pooled_over_all_frames() -> None:
    scores = read_scores(log_of([80.0, 90.0, 100.0]), rate=RATE)
    assert scores.frames == 3
    assert scores.version == "3.2.0"
    assert scores.pooled == {
        "mean": 90.0,
        "harmonic_mean": round(3 / (1 / 81 + 1 / 91 + 1 / 101) - 1, 6),
        "min": 80.0,
        "max": 100.0,
        "p1": 80.2,
        "p5": 81.0,
        "p50": 90.0,
    }


def test_the_worst_places_lie_apart_and_carry_the_time_in_the_reference() -> None:
    values = [95.0] * 100
    values[40], values[41], values[42], values[90] = 20.0, 10.0, 15.0, 30.0
    worst = read_scores(log_of([*values]), rate=RATE, start_s=0.28).worst
    assert worst[:2] == [
        {"frame": 41, "time": 1.92, "score": 10.0},
        {"frame": 90, "time": 3.88, "score": 30.0},
    ]
    assert len(worst) == 5
    assert all(abs(a["time"] - b["time"]) >= 0.5 for a in worst for b in worst if a is not b)


def test_with_subsampling_the_frame_numbers_of_the_log_are_kept() -> None:
    scores = read_scores(log_of([90.0, 50.0, 90.0], step=10), rate=RATE)
    assert scores.worst[0] == {"frame": 10, "time": 0.4, "score": 50.0}


def test_features_are_pooled_under_their_names_in_the_job() -> None:
    log = log_of([90.0, 91.0], psnr_y=40.0, psnr_cb=41.0, psnr_cr=42.0, float_ssim=0.99, ciede2000=30.0)
    features = read_scores(log, rate=RATE, features=("psnr", "ssim", "ciede", "cambi", "xpsnr")).features
    assert {name: pooled and pooled["mean"] for name, pooled in features.items()} == {
        "psnr_y": 40.0,
        "psnr_cb": 41.0,
        "psnr_cr": 42.0,
        "ssim": 0.99,
        "ciede": 30.0,
        "cambi": None,
    }


def test_frames_without_a_finite_score_are_left_out() -> None:
    log = log_of([80.0, None, 90.0]).replace(b"90.0", b"NaN").replace(b'"vmaf": NaN', b'"vmaf": NaN')
    scores = read_scores(log, rate=RATE)
    assert (scores.frames, scores.pooled["mean"]) == (1, 80.0)


@pytest.mark.parametrize(
    ("log", "message"),
    [
        pytest.param(b"", "compared no frames", id="empty"),
        pytest.param(b" \n", "compared no frames", id="blank"),
        pytest.param(log_of([80.0])[:-30], "truncated", id="cut-off"),
        pytest.param(b"\xff\xfe\x00", "truncated", id="not-text"),
        pytest.param(b"[1, 2]", "no frames", id="no-object"),
        pytest.param(b'{"version": "3"}', "no frames", id="no-frames"),
        pytest.param(b'{"frames": [{"metrics": {"vmaf": 1}}]}', "no number", id="no-number"),
        pytest.param(b'{"frames": [{"frameNum": 1, "metrics": null}]}', "no number", id="no-metrics"),
        pytest.param(b'{"frames": [3]}', "no number", id="no-frame"),
        pytest.param(log_of([]), "compared no frames", id="nothing-compared"),
        pytest.param(log_of([None, None]), "compared no frames", id="nothing-scored"),
    ],
)
def test_a_log_that_says_nothing_is_an_error(log: bytes, message: str) -> None:
    with pytest.raises(OutputRejected, match=message) as caught:
        read_scores(log, rate=RATE)
    assert caught.value.code == "no_scores"
    assert caught.value.hint


XPSNR = b"""n:    1  XPSNR y: 37.5344  XPSNR u: 38.1028  XPSNR v: 37.8967
n:    2  XPSNR y: 27.0000  XPSNR u: inf  XPSNR v: 24.7206

XPSNR average, 2 frames  y: 27.4540"""


def test_xpsnr_is_pooled_from_what_the_filter_prints() -> None:
    pooled = read_xpsnr(XPSNR)
    assert pooled["xpsnr_y"] is not None
    assert pooled["xpsnr_y"]["mean"] == pytest.approx(32.2672)
    assert pooled["xpsnr_u"] is not None
    assert pooled["xpsnr_u"]["max"] == 38.1028


def test_xpsnr_of_equal_planes_has_no_value() -> None:
    assert read_xpsnr(b"n: 1 XPSNR y: inf XPSNR u: inf XPSNR v: 30.0")["xpsnr_y"] is None


def test_xpsnr_that_printed_nothing_is_an_error() -> None:
    with pytest.raises(OutputRejected, match="xpsnr"):
        read_xpsnr(b"")


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=50))
def test_pooling_never_gives_what_json_cannot_hold(values: list[float]) -> None:
    pooled = pool(value / 1e10 for value in values)
    if pooled is None:
        assert not any(math.isfinite(value) for value in values)
        return
    numbers: list[Any] = list(pooled.values())
    assert all(math.isfinite(number) for number in numbers)
    assert pooled["min"] <= pooled["p1"] <= pooled["p5"] <= pooled["p50"] <= pooled["max"]
