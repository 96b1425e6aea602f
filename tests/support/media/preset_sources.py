"""Sources whose result after each preset is known, and readers of what presets write."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from support.media.decode import frames_of, sound_of
from support.media.sources import make

FPS = 25
SECONDS = 4
STEP = 2
"""Luma of a frame of the ramp is 16 plus twice its number."""
_BT709 = ("-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709", "-color_range", "tv")
_GRAY = ("-vf", "setparams=colorspace=bt709:range=tv")
_CODING = ("-pix_fmt", "yuv420p", "-preset", "ultrafast", "-crf", "8", "-g", "25", "-c:a", "aac")
_FAST = (*_BT709, *_CODING)

Levels = npt.NDArray[np.float64]


def make_preset_sources(data: Path) -> None:
    """Make the files of the tests of presets."""
    ramp = f"color=gray:s=160x90:r={FPS}:d={SECONDS},format=yuv420p,geq=lum='16+{STEP}*N':cb=128:cr=128"
    tone = f"sine=frequency=440:sample_rate=48000:duration={SECONDS}"
    make(data / "ramp.mp4", "-f", "lavfi", "-i", ramp, "-f", "lavfi", "-i", tone, *_GRAY, *_CODING)
    talk = "sine=frequency=440:sample_rate=48000:duration=4,volume=0:enable='between(t,1,2.6)+gte(t,3.4)'"
    make(data / "talk.mp4", "-f", "lavfi", "-i", ramp, "-f", "lavfi", "-i", f"{talk},volume=8", *_GRAY, *_CODING)
    make(data / "square.mp4", "-f", "lavfi", "-i", "color=red:s=100x100:r=30:d=1", *_FAST)
    make(data / "blink.mp4", "-f", "lavfi", "-i", "color=red:s=100x100:r=30:d=0.1", *_FAST)
    tall = ("-f", "lavfi", "-i", "color=lime:s=90x160:r=24:d=1.5")
    make(data / "tall.mkv", *tall, "-f", "lavfi", "-i", "sine=880:r=22050:d=1.5", *_FAST, "-c:a", "libmp3lame")
    pattern = "testsrc2=s=320x180:r=25:d=1"
    make(data / "pattern.mp4", "-f", "lavfi", "-i", pattern, "-f", "lavfi", "-i", "sine=440:d=1", *_FAST)
    make(data / "logo.png", "-f", "lavfi", "-i", "color=red:s=40x20", "-frames:v", "1")
    make(data / "steps.wav", "-f", "lavfi", "-i", "aevalsrc='if(lt(t,1),0,if(lt(t,2),0.9,0.3))*sin(2000*t)':d=3")
    make(data / "quiet.wav", "-f", "lavfi", "-i", "anoisesrc=d=5:a=0.02:seed=3:r=44100", "-ac", "2")
    make(data / "silent.wav", "-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo", "-t", "1")
    make(data / "short.wav", "-f", "lavfi", "-i", "sine=1000:r=44100:d=0.5")
    (data / "lines.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nMMMMMM\n", encoding="utf-8")


def gray_levels(path: Path) -> list[float]:
    """The mean luma of each frame."""
    return [float(shown.pixels[: shown.pixels.shape[0] * 2 // 3].mean()) for shown in frames_of(path)]


def ramp_numbers(path: Path) -> list[int]:
    """Which frames of the ramp a video has."""
    return [round((level - 16) / STEP) for level in gray_levels(path)]


def picture_of(path: Path) -> Levels:
    """A picture as RGB (and alpha), (height, width, channels) from 0 to 255."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    order = [2, 1, 0, *range(3, pixels.shape[2])]
    return np.asarray(pixels, np.float64)[..., order]


def ramp_number_of(pixels: Levels) -> float:
    """The number of the frame of the ramp that a part of a picture shows."""
    return (float(pixels[..., :3].mean()) * 219 / 255) / STEP


def loudness_in(path: Path, begin: float, end: float) -> float:
    """The RMS of a part of the sound, from 0 to 1."""
    samples = sound_of(path)[round(begin * 48_000) : round(end * 48_000)]
    return float(np.sqrt(np.mean(samples**2)))
