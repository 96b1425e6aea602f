"""Generated sounds: `tone:440` is a sine of 440 Hz, `tone:262+330+392` a chord.

For drafts, beeps and tests, which then need no file. One second is made; whole frequencies repeat without a click.
"""

from __future__ import annotations

import io
import math
import wave
from array import array

from ffmpeg_worker.errors import InvalidJob

TONE_FILE = "tone.wav"
"""Name of the generated file."""

_PREFIX = "tone:"
_SAMPLE_RATE = 48_000
_LOWEST_HZ, _HIGHEST_HZ = 20, 20_000
_MAX_FREQUENCIES = 8
_PEAK = 0.5 * 32767
_MAX_DIGITS = 5


def is_tone(url: str) -> bool:
    """Whether an input names a generated sound."""
    return url.startswith(_PREFIX)


def make_tone(url: str) -> bytes:
    """Return one second of the sound that `url` names, as WAV: 48 kHz, mono, 16 bits, half of full scale.

    Raises:
        InvalidJob: the frequencies are not whole numbers of Hz that can be heard, or there are too many.
    """
    frequencies = _read_frequencies(url)
    turns = [2 * math.pi * frequency / _SAMPLE_RATE for frequency in frequencies]
    peak = _PEAK / len(turns)
    samples = array("h", (round(peak * sum(math.sin(turn * n) for turn in turns)) for n in range(_SAMPLE_RATE)))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(samples.itemsize)
        sound.setframerate(_SAMPLE_RATE)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def _read_frequencies(url: str) -> list[int]:
    words = url.removeprefix(_PREFIX).split("+", _MAX_FREQUENCIES)
    is_number = all(word.isascii() and word.isdecimal() and len(word) <= _MAX_DIGITS for word in words)
    found = [int(word) for word in words] if is_number and len(words) <= _MAX_FREQUENCIES else []
    if not found or not all(_LOWEST_HZ <= frequency <= _HIGHEST_HZ for frequency in found):
        raise InvalidJob(
            "The generated sound has no usable frequencies.",
            code="invalid_value",
            hint=f"Write tone:440, or tone:262+330+392: up to {_MAX_FREQUENCIES} whole numbers from {_LOWEST_HZ} "
            f"to {_HIGHEST_HZ} Hz.",
        )
    return found
