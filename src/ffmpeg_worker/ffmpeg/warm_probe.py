"""The embedded probe, warmed up: what is set up here once, no child that is forked from it has to set up again."""

from __future__ import annotations

import os
import sys
import tempfile
import wave

from ffmpeg_worker.ffmpeg.pyav_probe import describe, serve

__all__ = ["serve"]


def _warm_up() -> None:
    """Describe a tenth of a second of silence.

    It resolves symbols and builds libav's tables: a fork then probes its first file in two thirds of the time.
    """
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes(1600))
        file.flush()
        describe(file.name)


try:
    _warm_up()
except OSError as error:  # no place for temporary files: slower, not wrong
    os.write(sys.stderr.fileno(), f"probe not warmed up: {error}\n".encode())
