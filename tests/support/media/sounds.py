"""Sounds that are known sample by sample, and a way to render planned mixes of them."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ffmpeg_worker.job.local_files import STAGING_FOLDER
from ffmpeg_worker.planning.composition.plan_audio import plan_audio
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep, Step
from ffmpeg_worker.scene.audio_mix import AudioMix, Sound
from support.media.sources import FFMPEG

RATE = 48_000
Samples = npt.NDArray[np.float64]
FLOAT = ("-c:a", "pcm_f32le")


def sound(file: str = "a.wav", **fields: Any) -> Sound:
    """A `Sound` of one second from the start; `fields` override its fields."""
    known = {"where": "layers[0]", "id": None, "begin_s": 0.0, "end_s": 1.0, "start_s": 0.0, "length_s": 1.0}
    return Sound(file=file, **{**known, **fields})


def write_wav(path: Path, samples: Samples, rate: int = RATE) -> Path:
    """Write 16-bit samples, one column per channel."""
    columns = samples if samples.ndim == 2 else samples[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(columns.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(columns * 32767).astype("<i2").tobytes())
    return path


def tone(seconds: float, frequency: float = 1000.0, peak: float = 0.5, rate: int = RATE) -> Samples:
    """A sine wave."""
    return peak * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def pulses(seconds: int, rate: int = RATE, every_s: int = 1) -> Samples:
    """A smooth pulse in the middle of each second, whose peak can be located to a fraction of a sample."""
    shape = 0.8 * np.exp(-0.5 * ((np.arange(-400, 401) / rate) / 0.0004) ** 2)
    made = np.zeros(seconds * rate)
    for second in range(0, seconds, every_s):
        middle = second * rate + rate // 2
        made[middle - 400 : middle + 401] = shape
    return made


def tops(heard: Samples) -> Samples:
    """The offsets of a channel's pulses from the middle of their second, in samples."""
    found = []
    for window in heard[: len(heard) // RATE * RATE].reshape(-1, RATE):
        top = int(np.argmax(window))
        left, middle, right = window[top - 1 : top + 2]
        found.append(top - RATE // 2 + 0.5 * (left - right) / (left - 2 * middle + right))
    return np.array(found)


def rms_db(heard: Samples) -> float:
    """Root mean square in dBFS."""
    return float(20 * np.log10(np.sqrt(np.mean(np.square(heard))) + 1e-12))


def render(folder: Path, mix: AudioMix, codec: tuple[str, ...] = FLOAT) -> Samples:
    """Render a mix of the files in `folder` to samples of two columns."""
    staging = folder / STAGING_FOLDER
    if not staging.exists():
        staging.symlink_to(folder)
    steps = plan_audio(mix, "mix.wav", codec)
    assert steps is not None
    run_steps(folder, steps)
    return read_samples(folder / "mix.wav")


def run_steps(folder: Path, steps: tuple[Step, ...]) -> None:
    """Run steps one after the other, as a lane does."""
    findings: list[StepResult] = []
    for step in steps:
        ready = step.build(findings, {}) if isinstance(step, DependentStep) else step
        assert isinstance(ready, FfmpegStep)
        log = _ffmpeg(["-hide_banner", *ready.invocation.arguments], folder).stderr.decode()
        findings.append(StepResult(log=log if ready.keeps_log else ""))


def read_samples(path: Path, channels: int = 2) -> Samples:
    """Read all samples of a file, one column per channel."""
    raw = _ffmpeg(["-v", "error", "-i", str(path), "-f", "f32le", "-"], path.parent).stdout
    return np.frombuffer(raw, "<f4").astype(np.float64).reshape(-1, channels)


def loudness(path: Path) -> Mapping[str, float]:
    """Integrated loudness (LUFS) and true peak (dBFS) as ffmpeg measures them."""
    log = _ffmpeg(["-hide_banner", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"], path.parent)
    summary = log.stderr.decode().rpartition("Summary:")[2].split()
    return {"I": float(summary[summary.index("I:") + 1]), "peak": float(summary[summary.index("Peak:") + 1])}


def _ffmpeg(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [FFMPEG, "-nostdin", "-y", *arguments],
        cwd=folder,
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )
