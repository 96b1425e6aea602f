"""How loud a sound is over time, low to high."""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from ffmpeg_worker.raster.errors import RasterError

_log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]

STEPS_PER_S = 60
_RATE = 16_000
_WINDOW = 1024
_BLOCK_S = 10
_MOST_BLOCKS = 4

_RELEASE_STEPS = 18
"""So long a loud moment is seen."""

_LOWEST_HZ, _HIGHEST_HZ = 80.0, 7000.0
_SILENT_DB, _LOUD_DB = -62.0, -14.0
_TILT_DB = 2.0
"""Per octave, as sounds of nature have less of the high."""


class AudioLevels:
    """Levels (0 to 1) of bands of a file's sound; worked out in blocks, each the same wherever one comes from.

    Time 0 is the file's own start. Holds a few blocks of ten seconds.
    """

    def __init__(self, path: Path, bands: int, *, where: str = "") -> None:
        """Open the first sound. Raises: RasterError."""
        self._where = where
        try:
            self._container: InputContainer = av.open(
                f"./{path}" if not path.is_absolute() else str(path),
                container_options={"protocol_whitelist": "file"},
                metadata_errors="ignore",
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _refused("source_unreadable", "The sound cannot be read.", where) from error
        if not self._container.streams.audio or self._container.streams.audio[0].codec_context is None:
            self._container.close()
            raise _refused("source_has_no_sound", "The file has no sound that can be decoded.", where)
        self._stream = self._container.streams.audio[0]
        self._start_s = (self._container.start_time or 0) / av.time_base
        self._weights, self._tilt = _bands(bands)
        self._blocks: OrderedDict[int, Floats] = OrderedDict()

    def at(self, time_s: float) -> Floats:
        """The level of each band at a time."""
        step = max(time_s, 0.0) * STEPS_PER_S
        first = int(step)
        share = np.float32(step - first)
        levels: Floats = self._step(first) * (1 - share) + self._step(first + 1) * share
        return levels

    def close(self) -> None:
        """Free the decoder and the levels."""
        self._container.close()
        self._blocks.clear()

    def _step(self, index: int) -> Floats:
        number, place = divmod(index, _BLOCK_S * STEPS_PER_S)
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = self._work_out(number)
            if len(self._blocks) > _MOST_BLOCKS:
                self._blocks.popitem(last=False)
        return cast(Floats, block[place])

    def _work_out(self, number: int) -> Floats:
        steps = _BLOCK_S * STEPS_PER_S + _RELEASE_STEPS
        begin_s = number * _BLOCK_S - _RELEASE_STEPS / STEPS_PER_S - _WINDOW / 2 / _RATE
        samples = self._samples(begin_s, int(steps / STEPS_PER_S * _RATE) + _WINDOW)
        starts = (np.arange(steps) * _RATE / STEPS_PER_S).astype(int)
        windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[starts]
        shape = np.hanning(_WINDOW).astype(np.float32)
        # A tone at full scale has the power 1.
        power = np.abs(np.fft.rfft(windows * shape) / (shape.sum() / 2)) ** 2
        decibels = 10 * np.log10(power @ self._weights + 1e-10) + self._tilt
        raw = np.clip((decibels - _SILENT_DB) / (_LOUD_DB - _SILENT_DB), 0, 1).astype(np.float32)
        # Rises at once and falls evenly; looks back, and so needs no state.
        levels = raw[_RELEASE_STEPS:].copy()
        for back in range(1, _RELEASE_STEPS):
            np.maximum(levels, raw[_RELEASE_STEPS - back : -back] - back / _RELEASE_STEPS, out=levels)
        return cast(Floats, levels)

    def _samples(self, begin_s: float, count: int) -> Floats:
        """Mono samples from a time on; silence where there is no sound."""
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
                    at = round(origin * _RATE) + filled
                    filled += part.samples
                    _place(samples, part.to_ndarray()[0], at)
                if round(origin * _RATE) + filled >= count:
                    break
        except (av.FFmpegError, OSError, ValueError) as error:
            _log.warning(
                "%s: parts of the sound are broken and taken for silence (%s)", self._where or "sound", error
            )
        return samples

    def _time_of(self, frame: AudioFrame) -> float:
        if frame.pts is None or frame.time_base is None:
            return 0.0
        return float(frame.pts * frame.time_base) - self._start_s


def _place(target: Floats, part: Floats, at: int) -> None:
    first, last = max(at, 0), min(at + part.size, target.size)
    if first < last:
        target[first:last] = part[first - at : last - at]


def _bands(count: int) -> tuple[Floats, Floats]:
    """The share of each frequency (rows) in each band (columns), and what is added to a band's decibels."""
    bins = np.fft.rfftfreq(_WINDOW, 1 / _RATE)
    centres = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, count)
    ratio = (_HIGHEST_HZ / _LOWEST_HZ) ** (1 / max(count - 1, 1))
    reach = np.maximum(centres * (ratio - 1), bins[1])
    weights = np.clip(1 - np.abs(bins[:, None] - centres) / reach, 0, 1)
    return weights.astype(np.float32), (_TILT_DB * np.log2(centres / 250)).astype(np.float32)


def _refused(code: str, message: str, where: str) -> RasterError:
    return RasterError(message, code=code, where=where, hint="Name a file that has a sound.")
