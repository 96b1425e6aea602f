"""The VMAF models built into the embedded FFmpeg, and the choice of one by frame size."""

from __future__ import annotations

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import did_you_mean

_4K_FROM_HEIGHT = 1440
"""The default model was trained on up to 1080 lines, the 4K model on 2160; there is none between."""

# The smallest width and height in pixels of each model: below it, libvmaf 3 crashes FFmpeg (SIGSEGV).
MODELS = {
    "vmaf_v0.6.1": 32,
    "vmaf_v0.6.1neg": 32,
    "vmaf_float_v0.6.1": 32,
    "vmaf_float_v0.6.1neg": 32,
    "vmaf_4k_v0.6.1": 32,
    "vmaf_4k_v0.6.1neg": 32,
    "vmaf_float_4k_v0.6.1": 32,
    "vmaf_v1.0.16_3d0h": 32,
    "vmaf_v1.0.16_5d0h": 272,
    "vmaf_v1.0.16_1d5h_2160": 32,
    "vmaf_v1.0.16_3d0h_2160": 320,
    "vmaf_v1.0.16_hfr_3d0h": 32,
    "vmaf_v1.0.16_hfr_5d0h": 272,
    "vmaf_v1.0.16_hfr_1d5h_2160": 32,
    "vmaf_v1.0.16_hfr_3d0h_2160": 320,
}


def choose_model(wanted: str, width: int, height: int) -> str:
    """Choose the model for a comparison at a frame size in pixels; `wanted` is its name or `auto`.

    `auto` never chooses a phone model, because a file does not tell the viewing distance. The 4K model predicts
    viewing on a 4K television at 1.5 heights, the default model on a 1080p one at 3 heights
    (https://github.com/Netflix/vmaf/blob/master/resource/doc/models_v0.md).

    Raises:
        InvalidJob: the model does not exist, or the frames are too small for it.
    """
    shorter_side = min(width, height)
    model = wanted
    if wanted == "auto":
        model = "vmaf_4k_v0.6.1" if shorter_side >= _4K_FROM_HEIGHT else "vmaf_v0.6.1"
    min_side = MODELS.get(model)
    if min_side is None:
        suggestion = did_you_mean(model, MODELS)
        raise InvalidJob(
            f'There is no VMAF model "{model}".',
            code="unknown_model",
            hint=(f"{suggestion} " if suggestion else "") + f"Models: auto, {', '.join(MODELS)}.",
            where={"field": "model"},
        )
    if shorter_side < min_side:
        raise InvalidJob(
            f"{model} cannot score frames of {width}x{height}: both sides need at least {min_side} pixels.",
            code="picture_too_small",
            hint="Compare at a larger size with `scale`, or use another model.",
            where={"field": "data.scale"},
        )
    return model


def wants_ten_bits(model: str) -> bool:
    """Whether 8-bit video is scored in 10 bits, as the makers of the v1 models advise."""
    return model.startswith("vmaf_v1")
