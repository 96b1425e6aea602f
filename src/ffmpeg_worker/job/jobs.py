"""What a caller can ask for: one frozen model for each action."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from ffmpeg_worker.command.parse_commands import ChainCommands, parse_commands
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.actions.canvas import CanvasJob, PreviewJob
from ffmpeg_worker.job.common_fields import CommonFields, OutputName
from ffmpeg_worker.job.sources import SOURCE_SCHEMA, Source

MAX_PROCESSES = 50
MAX_UPLOADS = 1000

Hardware = Literal["off", "auto", "nvenc"]
_EXAMPLE_CHAIN = ["ffmpeg", "-i", "{{in_1}}", "-c:v", "libx264", "-crf", "23", "small.mp4"]


def _read_outputs(value: Any) -> Any:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return tuple(value)
    return value


OutputNames = Annotated[
    tuple[OutputName, ...],
    BeforeValidator(_read_outputs),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class ProcessData(FrozenModel):
    """One FFmpeg command, or a chain of them in one working directory."""

    chainCmds: ChainCommands = Field(  # noqa: N815  (the contract's name)
        description="The command: tokens, one string, or a chain (a list of lists, or `&&` between tokens).",
        examples=[_EXAMPLE_CHAIN],
    )
    output: OutputNames = Field(
        (),
        validate_default=True,
        description="Which files are the result. Appended to the last command when that does not write it. "
        "Default: every file that is written and not read again.",
        examples=["small.mp4"],
    )
    hardware: Hardware | None = Field(
        None,
        description="Whether an NVIDIA card takes over software encoders: `off` (default), `auto` where that is "
        "certain, else the CPU with the reason in `warnings`, or `nvenc`, which fails where it is not.",
        examples=["auto"],
    )


class MultiProcessData(FrozenModel):
    """Many commands or chains, run in parallel, each reported on its own."""

    processes: tuple[ProcessData, ...] = Field(
        min_length=1,
        max_length=MAX_PROCESSES,
        strict=False,
        description=f"1 to {MAX_PROCESSES} commands or chains.",
        examples=[[{"chainCmds": _EXAMPLE_CHAIN, "output": "small.mp4"}]],
    )
    fuse: bool = Field(
        True,
        description="Commands that read the same input in the same way share its decode. `false`: never.",
        examples=[True],
    )
    hardware: Hardware | None = Field(
        None, description="`hardware` of the processes that do not say it themselves.", examples=["auto"]
    )


def _read_probe_options(value: Any) -> Any:
    return None if value is None else parse_commands(value, "ffprobe")


class ProbeData(FrozenModel):
    """Media information of one file."""

    input: str = Field(
        min_length=1,
        max_length=4096,
        description="Name of an input, relative name under the data root, absolute path, or URL.",
        examples=["clips/intro.mp4"],
    )
    chainCmds: Annotated[  # noqa: N815  (the contract's name)
        tuple[tuple[str, ...], ...] | None,
        BeforeValidator(_read_probe_options),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
    ] = Field(
        None,
        description="More ffprobe options, where a real ffprobe is installed.",
        examples=[["-show_packets", "-read_intervals", "%+1"]],
    )


class VmafData(FrozenModel):
    """Quality of one video against another."""

    input1: str = Field(
        min_length=1,
        max_length=4096,
        description="The reference: name of an input, path or URL.",
        examples=["clips/intro.mp4"],
    )
    input2: str = Field(
        min_length=1,
        max_length=4096,
        description="The distorted video that is judged.",
        examples=["small.mp4"],
    )
    output: OutputName | None = Field(
        None, description="File for the per-frame scores, in libvmaf's JSON.", examples=["vmaf.json"]
    )
    model: str = Field(
        "auto",
        pattern=r"^[A-Za-z0-9_.]{1,64}$",
        description="`auto` (by size), or a model built into libvmaf: `vmaf_v0.6.1`, `vmaf_v0.6.1neg`, "
        "`vmaf_4k_v0.6.1`, …",
        examples=["auto"],
    )
    features: tuple[Literal["psnr", "ssim", "ms_ssim", "cambi", "ciede", "xpsnr"], ...] = Field(
        (), strict=False, description="More metrics in the same pass.", examples=[["psnr", "ssim"]]
    )
    scale: str | None = Field(
        None,
        pattern=r"^\d{2,5}x\d{2,5}$",
        description="Compare at this size (`WIDTHxHEIGHT`) instead of the reference's own.",
        examples=["1920x1080"],
    )
    subsample: int = Field(1, ge=1, le=100, description="Score every n-th frame only.", examples=[1])
    threads: int | None = Field(
        None, ge=1, le=256, description="Threads of libvmaf. Default: the number of cores.", examples=[2]
    )
    align: Literal["auto", "report", "off"] = Field(
        "auto",
        description="What happens when the videos are shifted against each other: `auto` corrects what is "
        "certain and says so, `report` only says so, `off` does not look.",
        examples=["auto"],
    )


class DownloadData(FrozenModel):
    """Bring a file from a URL or a bucket to the data root, or to the job's `upload`."""

    input: Annotated[Source, WithJsonSchema(SOURCE_SCHEMA)] = Field(
        description="Name of an input, path or URL; or an object with `url` and, if wanted, `headers`, "
        "`credentials`, `sha256`.",
        examples=["https://example.com/intro.mp4"],
    )
    output: OutputName | None = Field(
        None,
        description="Name of the file. Default: the last part of the input's path.",
        examples=["clips/intro.mp4"],
    )


class UploadData(FrozenModel):
    """Bring files of the data root to the job's `upload`."""

    input: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=4096)], ...],
        BeforeValidator(_read_outputs),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
    ] = Field(
        min_length=1,
        max_length=MAX_UPLOADS,
        description=f"Names of inputs, or paths under the data root: one, or a list of up to {MAX_UPLOADS}.",
        examples=["small.mp4"],
    )


class ProcessJob(CommonFields):
    """A job with action `process`."""

    action: Literal["process"]
    data: ProcessData


class MultiProcessJob(CommonFields):
    """A job with action `multi_process`."""

    action: Literal["multi_process"]
    data: MultiProcessData


class ProbeJob(CommonFields):
    """A job with action `probe`."""

    action: Literal["probe"]
    data: ProbeData


class VmafJob(CommonFields):
    """A job with action `vmaf`."""

    action: Literal["vmaf"]
    data: VmafData


class DownloadJob(CommonFields):
    """A job with action `download`."""

    action: Literal["download"]
    data: DownloadData


class UploadJob(CommonFields):
    """A job with action `upload`."""

    action: Literal["upload"]
    data: UploadData


Job = ProcessJob | MultiProcessJob | ProbeJob | VmafJob | CanvasJob | PreviewJob | DownloadJob | UploadJob
