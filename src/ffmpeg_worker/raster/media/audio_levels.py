"""The levels of a sound's frequency bands over time."""

from __future__ import annotations

import functools
import logging
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.open_container import open_container
from ffmpeg_worker.raster.surfaces.bitmap import Floats

_log = logging.getLogger(__name__)

STEPS_PER_S = 60
_RATE = 16_000
_WINDOW = 1024
_BLOCK_S = 10
_MAX_BLOCKS = 4

_RELEASE_STEPS = 18
"""Time in which a level falls from 1 to 0."""

_MIN_HZ, _MAX_HZ = 80.0, 7000.0
_MIN_DB, _MAX_DB = -62.0, -14.0
_TILT_DB = 2.0
"""Added per octave, as natural sounds have less energy at high frequencies."""


class AudioLevels:
    """Levels (0 to 1) of the frequency bands of a file's first audio stream.

    Time 0 is the start of the file. Levels are computed in blocks of ten seconds, of which the last few are
    cached; a block does not depend on what was requested before.
    """

    def __init__(self, path: Path, bands: int, *, where: str = "") -> None:
        """Open the first audio stream; `where` begins log messages. Raises: RasterError."""
        self._where = where
        try:
            self._container = open_container(path)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _error("The sound cannot be read.", "source_unreadable") from error
        if not self._container.streams.audio or self._container.streams.audio[0].codec_context is None:
            self._container.close()
            raise _error("The file has no sound that can be decoded.", "source_has_no_sound")
        self._stream = self._container.streams.audio[0]
        self._start_s = (self._container.start_time or 0) / av.time_base
        self._weights, self._tilt = _band_weights(bands)
        self._block = functools.lru_cache(_MAX_BLOCKS)(self._compute_block)

    def at(self, time_s: float) -> Floats:
        """Return the level of each band at a time."""
        step = max(time_s, 0.0) * STEPS_PER_S
        first = int(step)
        share = np.float32(step - first)
        levels: Floats = self._step(first) * (1 - share) + self._step(first + 1) * share
        return levels

    def close(self) -> None:
        """Close the file and release the levels."""
        self._container.close()
        self._block.cache_clear()

    def _step(self, index: int) -> Floats:
        number, position = divmod(index, _BLOCK_S * STEPS_PER_S)
        return cast(Floats, self._block(number)[position])

    def _compute_block(self, number: int) -> Floats:
        steps = _BLOCK_S * STEPS_PER_S + _RELEASE_STEPS
        begin_s = number * _BLOCK_S - _RELEASE_STEPS / STEPS_PER_S - _WINDOW / 2 / _RATE
        samples = self._samples(begin_s, int(steps / STEPS_PER_S * _RATE) + _WINDOW)
        starts = (np.arange(steps) * _RATE / STEPS_PER_S).astype(int)
        windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[starts]
        window = np.hanning(_WINDOW).astype(np.float32)
        # A full-scale sine has the power 1.
        power = np.abs(np.fft.rfft(windows * window) / (window.sum() / 2)) ** 2
        decibels = 10 * np.log10(power @ self._weights + 1e-10) + self._tilt
        raw = np.clip((decibels - _MIN_DB) / (_MAX_DB - _MIN_DB), 0, 1).astype(np.float32)
        # Levels rise at once and fall linearly: the maximum over the past, each lowered by its age.
        levels = raw[_RELEASE_STEPS:].copy()
        for age in range(1, _RELEASE_STEPS):
            np.maximum(levels, raw[_RELEASE_STEPS - age : -age] - age / _RELEASE_STEPS, out=levels)
        return cast(Floats, levels)

    def _samples(self, begin_s: float, count: int) -> Floats:
        """Return mono samples from a time on; silence outside of the sound."""
        samples = np.zeros(count, np.float32)
        resampler = AudioResampler("flt", "mono", _RATE)
        origin: float | None = None
        filled = 0
        try:
            self._container.seek(
                int(max(begin_s - 0.5, 0.0) * av.time_base + (self._container.start_time or 0)), backward=True
            )
            self._stream.codec_context.flush_buffers()
            for frame in self._container.decode(self._stream):
                if origin is None:
                    origin = self._time_of(frame) - begin_s
                for part in resampler.resample(frame):
                    start = round(origin * _RATE) + filled
                    filled += part.samples
                    _copy_into(samples, part.to_ndarray()[0], start)
                if round(origin * _RATE) + filled >= count:
                    break
        except (av.FFmpegError, OSError, ValueError) as error:
            _log.warning("%s: damaged parts of the sound are silent (%s)", self._where or "sound", error)
        return samples

    def _time_of(self, frame: AudioFrame) -> float:
        if frame.pts is None or frame.time_base is None:
            return 0.0
        return float(frame.pts * frame.time_base) - self._start_s


def _copy_into(target: Floats, part: Floats, start: int) -> None:
    """Copy the samples of a part that are within the target."""
    first, last = max(start, 0), min(start + part.size, target.size)
    if first < last:
        target[first:last] = part[first - start : last - start]


def _band_weights(count: int) -> tuple[Floats, Floats]:
    """Return the weight of each frequency (rows) in each band (columns), and the decibels added to each band."""
    bins = np.fft.rfftfreq(_WINDOW, 1 / _RATE)
    centers = np.geomspace(_MIN_HZ, _MAX_HZ, count)
    ratio = (_MAX_HZ / _MIN_HZ) ** (1 / max(count - 1, 1))
    reach = np.maximum(centers * (ratio - 1), bins[1])
    weights = np.clip(1 - np.abs(bins[:, None] - centers) / reach, 0, 1)
    return weights.astype(np.float32), (_TILT_DB * np.log2(centers / 250)).astype(np.float32)


def _error(message: str, code: str) -> RasterError:
    return RasterError(message, code=code, hint="Use a file with an audio stream that plays elsewhere.")
