"""ffprobe's names for numbers."""

from __future__ import annotations

import pytest

from ffmpeg_worker.ffmpeg.probe.pyav_names import find_bits_per_sample, format_codec_tag


@pytest.mark.parametrize(
    ("codec", "bits"),
    [
        ("pcm_s16le", 16),
        ("pcm_f64be", 64),
        ("pcm_u8", 8),
        ("pcm_s24le_planar", 24),
        ("pcm_s24daud", 24),
        ("pcm_mulaw", 8),
        ("adpcm_ima_wav", 4),
        ("adpcm_ms", 4),
        ("adpcm_unknown", 0),
        ("aac", 0),
        ("", 0),
    ],
)
def test_bits_per_sample(codec: str, bits: int) -> None:
    assert find_bits_per_sample(codec) == bits


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x31637661, "avc1"),
        (27, "[27][0][0][0]"),
        (0, "[0][0][0][0]"),
        (0x2D2E205F, "_ .-"),
        (0xFF, "[255][0][0][0]"),
    ],
)
def test_a_codec_tag(tag: int, text: str) -> None:
    assert format_codec_tag(tag) == text
