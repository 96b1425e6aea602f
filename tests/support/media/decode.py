"""Decodes outputs: frames with their times, and sound."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace

from support.reference.yuv import Floats, rgb_of, split


@dataclass(frozen=True)
class Shown:
    """A decoded frame and its time in seconds; `pixels` are in the pixel format `form`."""

    time: Fraction
    form: str
    pixels: Floats


def frames_of(path: Path, *, form: str | None = None, codec: str | None = None) -> Iterator[Shown]:
    """The frames of a file's picture, in another pixel format or by another decoder if wanted.

    YUV becomes RGB as BT.709 says.
    """
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        decoder = stream.codec_context if codec is None else _decoder(codec)
        for packet in file.demux(stream):
            for frame in decoder.decode(packet):
                assert isinstance(frame, av.VideoFrame)
                assert frame.pts is not None
                assert stream.time_base is not None
                wanted = form or frame.format.name
                matrix = Colorspace.ITU709 if "yuv" in frame.format.name and form else None
                pixels = frame.reformat(format=wanted, src_colorspace=matrix).to_ndarray().astype(np.float64)
                yield Shown(frame.pts * stream.time_base, wanted, pixels)


def _decoder(name: str) -> av.VideoCodecContext:
    found = av.CodecContext.create(name, "r")
    assert isinstance(found, av.VideoCodecContext)
    return found


def rgb_frames(path: Path) -> list[Floats]:
    """Frames of a yuv420p file as RGB (BT.709, own conversion): (height, width, 3) from 0 to 255."""
    found = []
    for shown in frames_of(path):
        assert shown.form == "yuv420p"
        height, width = shown.pixels.shape[0] * 2 // 3, shown.pixels.shape[1]
        y, u, v = split(shown.pixels.astype(np.uint8).tobytes(), width, height)
        large = (plane.repeat(2, 0).repeat(2, 1) for plane in (u, v))
        found.append(rgb_of(y, *large) * 255)
    return found


def sound_of(path: Path, rate: int = 48_000) -> Floats:
    """The first channel of a file's sound, from time 0."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        parts, begin = [], None
        for frame in file.decode(file.streams.audio[0]):
            begin = frame.time if begin is None else begin
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
        parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    samples = np.concatenate(parts).astype(np.float64)
    skipped = round((begin or 0.0) * rate)
    whole: Floats = samples[-skipped:] if skipped < 0 else np.concatenate([np.zeros(skipped), samples])
    return whole


def onsets(loudness: Floats, rate: float, *, least: float, apart_s: float) -> Floats:
    """Times at which the loudness rises above `least` after it was below for a while."""
    loud = np.flatnonzero(loudness >= least)
    if not len(loud):
        return np.zeros(0)
    gaps = np.diff(loud, prepend=-(10**9))
    firsts: Floats = loud[gaps > apart_s * rate] / rate
    return firsts


def pixels_of_png(png: bytes) -> Floats:
    """Decode a PNG to RGB, (height, width, 3) from 0 to 255."""
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), np.float64)[..., ::-1]


def pixels_of_url(image: str) -> Floats:
    """Decode the PNG of a `data:` URL, as in answers to previews."""
    return pixels_of_png(base64.b64decode(image.partition(",")[2]))
