"""Facts about the worker's machine that decide how a job is planned."""

from __future__ import annotations

from dataclasses import dataclass

from ffmpeg_worker.job.operator_preset import OperatorPreset


@dataclass(frozen=True, slots=True)
class Gpu:
    """Result of the trial of the NVIDIA GPUs.

    `encoders` are names of FFmpeg encoders that work. `decoders` are codecs that were decoded, scaled and encoded
    without leaving GPU memory. `reason` says why there is no encoder. `name` is the model of the first GPU.
    """

    count: int = 0
    name: str | None = None
    encoders: frozenset[str] = frozenset()
    decoders: frozenset[str] = frozenset()
    reason: str | None = None


NO_GPU = Gpu(reason="There is no NVIDIA GPU: no /dev/nvidia0.")


@dataclass(frozen=True, slots=True)
class Machine:
    """Facts about the worker's machine that decide how a job is planned.

    Attributes:
        cores: threads that one step may use, and the most that a caller may ask for.
        option_policy: whether the arguments of callers' commands are judged.
        gpu: what the NVIDIA GPU can do; `NO_GPU` where none is used.
        draws_ass: whether FFmpeg has the `ass` filter, which draws subtitles with libass.
        has_card: whether there is a graphics card of any maker that jobs can use.
        filters: names of FFmpeg's filters; `None` where they are not known.
        operator_presets: presets of the operator.
    """

    cores: int
    option_policy: bool = True
    gpu: Gpu = NO_GPU
    draws_ass: bool = True
    has_card: bool = True
    filters: frozenset[str] | None = None
    operator_presets: tuple[OperatorPreset, ...] = ()
