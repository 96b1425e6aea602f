"""The choice of a VMAF model."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.vmaf.models import choose_model, wants_ten_bits


@pytest.mark.parametrize(
    ("wanted", "size", "model"),
    [
        ("auto", (1920, 1080), "vmaf_v0.6.1"),
        ("auto", (1080, 1920), "vmaf_v0.6.1"),
        ("auto", (2560, 1440), "vmaf_4k_v0.6.1"),
        ("auto", (3840, 2160), "vmaf_4k_v0.6.1"),
        ("vmaf_v0.6.1neg", (3840, 2160), "vmaf_v0.6.1neg"),
        ("vmaf_v1.0.16_5d0h", (272, 480), "vmaf_v1.0.16_5d0h"),
    ],
)
def test_the_shorter_side_chooses_unless_the_job_does(wanted: str, size: tuple[int, int], model: str) -> None:
    assert choose_model(wanted, *size) == model


def test_an_unknown_model_gets_the_nearest_name() -> None:
    with pytest.raises(InvalidJob) as caught:
        choose_model("vmaf_v0.61", 1920, 1080)
    assert caught.value.code == "unknown_model"
    assert "vmaf_v0.6.1" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("model", "side"), [("auto", 31), ("vmaf_v1.0.16_5d0h", 271), ("vmaf_v1.0.16_3d0h_2160", 319)]
)
def test_frames_below_the_minimum_of_a_model_are_refused(model: str, side: int) -> None:
    with pytest.raises(InvalidJob) as caught:
        choose_model(model, 1920, side)
    assert caught.value.code == "picture_too_small"
    assert choose_model(model, 1920, side + 1)


def test_only_the_v1_models_want_ten_bits() -> None:
    assert wants_ten_bits("vmaf_v1.0.16_3d0h")
    assert not wants_ten_bits("vmaf_v0.6.1neg")
