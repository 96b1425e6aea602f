"""Facts that the rows of the encoder table must agree on."""

from __future__ import annotations

from typing import get_args

import pytest

from ffmpeg_worker.command.encoders import ENCODERS, X264_PRESETS, Encoder
from ffmpeg_worker.job.actions.canvas_output import Codec

COMPOSITION_ENCODERS = [encoder for encoder in ENCODERS.values() if encoder.composition]
NVENC_MAPPED = [encoder for encoder in ENCODERS.values() if encoder.nvenc]


@pytest.mark.parametrize("encoder", NVENC_MAPPED, ids=lambda encoder: encoder.name)
def test_nvenc_mapping_keeps_the_codec(encoder: Encoder) -> None:
    assert encoder.nvenc is not None
    replacement = ENCODERS[encoder.nvenc.encoder]
    assert (replacement.hardware, replacement.codec) == ("nvenc", encoder.codec)
    assert encoder.nvenc.default_preset in encoder.nvenc.presets.values()


def test_each_codec_of_compositions_has_one_encoder() -> None:
    codecs = [encoder.codec for encoder in COMPOSITION_ENCODERS]
    assert len(set(codecs)) == len(codecs)
    # ProRes, GIF and PNG have settings of their own in planning/composition/encoding.py.
    assert set(codecs) == set(get_args(Codec)) - {"prores", "gif", "png"}


@pytest.mark.parametrize("encoder", COMPOSITION_ENCODERS, ids=lambda encoder: encoder.name)
def test_composition_settings_cover_every_preset_and_get_better_with_quality(encoder: Encoder) -> None:
    assert encoder.composition is not None
    assert len(encoder.composition.speeds) == len(X264_PRESETS)
    assert list(encoder.composition.crf) == sorted(encoder.composition.crf, reverse=True)


def test_software_encoders_come_first() -> None:
    is_hardware = [encoder.hardware is not None for encoder in ENCODERS.values()]
    assert is_hardware == sorted(is_hardware)
