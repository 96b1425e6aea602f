"""The VMAF models that the embedded ffmpeg has built in, and which one fits a size."""

from __future__ import annotations

from types import MappingProxyType

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.suggestions import did_you_mean

DEFAULT_MODEL = "vmaf_v0.6.1"
DEFAULT_4K_MODEL = "vmaf_4k_v0.6.1"

_4K_FROM_HEIGHT = 1440
"""The default model was trained on pictures of up to 1080 lines, the 4K one on 2160; nothing lies between."""

_LEAST = 32

# Name to the smallest side it can score: libvmaf 3 takes the whole ffmpeg down (SIGSEGV) below that.
MODELS = MappingProxyType(
    {
        "vmaf_v0.6.1": _LEAST,
        "vmaf_v0.6.1neg": _LEAST,
        "vmaf_float_v0.6.1": _LEAST,
        "vmaf_float_v0.6.1neg": _LEAST,
        "vmaf_4k_v0.6.1": _LEAST,
        "vmaf_4k_v0.6.1neg": _LEAST,
        "vmaf_float_4k_v0.6.1": _LEAST,
        "vmaf_v1.0.16_3d0h": _LEAST,
        "vmaf_v1.0.16_5d0h": 272,
        "vmaf_v1.0.16_1d5h_2160": _LEAST,
        "vmaf_v1.0.16_3d0h_2160": 320,
        "vmaf_v1.0.16_hfr_3d0h": _LEAST,
        "vmaf_v1.0.16_hfr_5d0h": 272,
        "vmaf_v1.0.16_hfr_1d5h_2160": _LEAST,
        "vmaf_v1.0.16_hfr_3d0h_2160": 320,
    }
)


def choose_model(wanted: str, width: int, height: int) -> str:
    """The model for `wanted`, a name or `auto`, at the size that is compared.

    `auto` never chooses a phone model: how far the viewer sits cannot be seen in the file. The 4K model
    predicts a 4K television at 1.5 heights, the other a 1080p one at 3 heights
    (https://github.com/Netflix/vmaf/blob/master/resource/doc/models_v0.md).

    Raises:
        InvalidJob: no such model, or the picture is too small for it.
    """
    upright = min(width, height)
    model = wanted
    if wanted == "auto":
        model = DEFAULT_4K_MODEL if upright >= _4K_FROM_HEIGHT else DEFAULT_MODEL
    least = MODELS.get(model)
    if least is None:
        suggestion = did_you_mean(model, MODELS)
        raise InvalidJob(
            f'There is no VMAF model "{model}".',
            code="unknown_model",
            hint=(f"{suggestion} " if suggestion else "") + f"Models: auto, {', '.join(MODELS)}.",
            where={"field": "model"},
        )
    if upright < least:
        raise InvalidJob(
            f"{model} cannot score pictures of {width}x{height}: it needs at least {least} pixels a side.",
            code="picture_too_small",
            hint="Compare at a larger size with `scale`, or take another model.",
            where={"field": "data.scale"},
        )
    return model


def wants_ten_bits(model: str) -> bool:
    """Whether 8-bit pictures should be scored in 10 bits, as the makers of the v1 models advise."""
    return model.startswith("vmaf_v1")
