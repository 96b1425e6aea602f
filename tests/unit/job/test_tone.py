"""Generated sounds: their frequencies, and that they repeat without a click."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.tone import is_tone, make_tone


def samples_of(url: str) -> np.ndarray:
    with wave.open(io.BytesIO(make_tone(url))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (48_000, 1, 2)
        assert sound.getnframes() == 48_000
        return np.frombuffer(sound.readframes(48_000), "<i2").astype(float) / 32768


@pytest.mark.parametrize(
    ("url", "frequencies"),
    [("tone:440", {440}), ("tone:20", {20}), ("tone:20000", {20_000}), ("tone:262+330+392", {262, 330, 392})],
)
def test_a_tone_has_its_frequencies_and_nothing_else(url: str, frequencies: set[int]) -> None:
    samples = samples_of(url)
    spectrum = np.abs(np.fft.rfft(samples)) / 24_000
    assert set(np.flatnonzero(spectrum > 0.01).tolist()) == frequencies
    assert 0.3 < np.abs(samples).max() <= 0.51


def test_a_tone_goes_on_where_it_began() -> None:
    samples = samples_of("tone:262+330")
    steps = np.abs(np.diff(np.concatenate((samples, samples))))
    assert steps[47_999] <= steps.max() * 1.001


WRONG = "tone: tone:a tone:19 tone:20001 tone:440.5 tone:-440 tone:440+ tone:² tone:1e3".split()
LONG = ["tone:" + "+".join(["440"] * 9), "tone:" + "9" * 100_000, "tone:" + "+" * 100_000]


@pytest.mark.parametrize("url", [*WRONG, *LONG])
def test_other_frequencies_are_refused(url: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        make_tone(url)
    assert (caught.value.code, "tone:440" in str(caught.value.hint)) == ("invalid_value", True)


@pytest.mark.parametrize("url", ["tone.wav", "./tone:440", "music/tone:440", "https://a.example/tone:440", ""])
def test_other_names_are_files(url: str) -> None:
    assert not is_tone(url)
