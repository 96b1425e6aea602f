"""What a finished job answers, one model for each action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _ResultModel(BaseModel):
    model_config = ConfigDict(frozen=True)

    def as_json(self) -> dict[str, Any]:
        """JSON-ready, without what is not known."""
        return self.model_dump(mode="json", exclude_none=True)


class OutputFile(_ResultModel):
    """One file that the job made, verified and in its place."""

    name: str = Field(description="The name the caller gave.", examples=["small.mp4"])
    path: str = Field(
        description="Where it lies on the worker, or its key in the bucket it was uploaded to.",
        examples=["/data/small.mp4"],
    )
    url: str | None = Field(None, description="Where it was uploaded.", examples=["https://cdn.example/small.mp4"])
    size: int = Field(description="Bytes.", examples=[183422])
    content_type: str = Field(description="Media type by the file's name.", examples=["video/mp4"])
    media: Mapping[str, Any] | None = Field(
        None,
        description="What it holds: duration (seconds), width, height, fps, codecs, …",
        examples=[{"duration": 10.0, "width": 1280, "height": 720, "fps": 30.0, "codecs": ["h264", "aac"]}],
    )


class Stats(_ResultModel):
    """What the job cost."""

    seconds: float = Field(description="Wall time of the whole job.", examples=[3.21])
    speed: float | None = Field(None, description="Media seconds made per second.", examples=[4.7])
    frames: int | None = Field(None, description="Frames written by all commands.", examples=[300])
    cpu_seconds: float = Field(0.0, description="CPU time of FFmpeg.", examples=[5.9])
    input_bytes: int = Field(0, description="Bytes of all inputs.", examples=[3071976])
    output_bytes: int = Field(0, description="Bytes of all outputs.", examples=[183422])


class CommandLog(_ResultModel):
    """What a command that writes no file reported, e.g. loudness or crop values."""

    command: int = Field(description="Which command of the chain, from 0.", examples=[0])
    log: str = Field(
        description="Last lines of FFmpeg's log.", examples=["[Parsed_volumedetect_0] max_volume: -3.1 dB"]
    )


class JobResult(_ResultModel):
    """Fields that every result of a job may have."""

    job_id: str | None = Field(None, description="Id of the job, also in the worker's log.", examples=["0b6f…"])
    metadata: Mapping[str, Any] | None = Field(
        None, description="The caller's own, as it came.", examples=[{"order": "A-17"}]
    )
    sandbox: Literal["degraded", "off"] | None = Field(
        None,
        description="How weakly the job was confined; not there when it was confined in full.",
        examples=["degraded"],
    )


class ProcessResult(JobResult):
    """Result of `process`."""

    outputs: tuple[OutputFile, ...] = Field(
        description="The files, a playlist before its segments.", examples=[[]]
    )
    stats: Stats = Field(description="What it cost.", examples=[{"seconds": 3.2, "cpu_seconds": 5.9}])
    warnings: tuple[str, ...] = Field((), description="What went well but deserves a look.", examples=[[]])
    logs: tuple[CommandLog, ...] | None = Field(
        None, description="Logs of commands that only measure.", examples=[[]]
    )


class Problem(_ResultModel):
    """An error: the body of `application/problem+json`."""

    error: str = Field(
        description="One sentence a caller can act on.", examples=['There is no encoder "libx265x" in this build.']
    )
    code: str = Field(description="Stable name of the error.", examples=["encoder_unknown"])
    fault: str = Field(description="Who must act: caller, source, target or worker.", examples=["caller"])
    retryable: bool = Field(description="Whether the same request may work later.", examples=[False])
    where: Mapping[str, str | int] | None = Field(
        None, description="The place of the fault.", examples=[{"command": 0, "argument": "-c:v"}]
    )
    hint: str | None = Field(None, description="What to change.", examples=['Did you mean "libx265"?'])
    stderr: str | None = Field(
        None, description="Last lines of FFmpeg's log.", examples=["Unknown encoder 'libx265x'"]
    )
    job_id: str | None = Field(None, description="Id of the job.", examples=["0b6f…"])


_EXAMPLE_PROBLEM = {
    "error": "This FFmpeg has no encoder named 'libx2645'.",
    "code": "encoder_unknown",
    "fault": "caller",
    "retryable": False,
    "where": {"process": 1, "command": 0, "argument": "-c:v"},
    "hint": "Did you mean 'libx265'?",
}


class ProcessReport(_ResultModel):
    """How one process of `multi_process` ended."""

    index: int = Field(description="Its place in the request, from 0.", examples=[0])
    success: bool = Field(description="Whether it ended well.", examples=[True])
    fused: bool | None = Field(
        None, description="It ran in one FFmpeg with others that read the same input.", examples=[True]
    )
    outputs: tuple[OutputFile, ...] = Field((), description="Its files.", examples=[[]])
    stats: Stats | None = Field(None, description="What it cost.", examples=[{"seconds": 1.2, "cpu_seconds": 2.0}])
    warnings: tuple[str, ...] = Field((), description="What deserves a look.", examples=[[]])
    logs: tuple[CommandLog, ...] | None = Field(None, description="Logs of measuring commands.", examples=[[]])
    error: Problem | None = Field(None, description="Why it failed.", examples=[_EXAMPLE_PROBLEM])


class MultiProcessResult(JobResult):
    """Result of `multi_process`: every process on its own, in the order of the request."""

    results: tuple[ProcessReport, ...] = Field(description="One report for each process.", examples=[[]])
    succeeded: int = Field(description="How many ended well.", examples=[3])
    failed: int = Field(description="How many did not.", examples=[0])
    outputs: tuple[OutputFile, ...] = Field(description="The files of all processes.", examples=[[]])
    stats: Stats = Field(description="What the whole job cost.", examples=[{"seconds": 3.2, "cpu_seconds": 5.9}])
    warnings: tuple[str, ...] = Field((), description="What deserves a look.", examples=[[]])


class DownloadResult(JobResult):
    """Result of `download`."""

    outputs: tuple[OutputFile, ...] = Field(description="The file.", examples=[[]])
    stats: Stats = Field(description="What it cost.", examples=[{"seconds": 0.8, "cpu_seconds": 0.0}])
    warnings: tuple[str, ...] = Field((), description="What deserves a look.", examples=[[]])


class UploadResult(DownloadResult):
    """Result of `upload`."""


class CanvasRemark(_ResultModel):
    """Something in a composition that is probably not meant so."""

    row: int | None = Field(None, description="Row of variables, from 0, where there are several.", examples=[0])
    where: str = Field(description="JSON path in the composition.", examples=["layers[2]"])
    code: str = Field(description="Stable name of the remark.", examples=["text_overflows"])
    message: str = Field(description="One sentence.", examples=["The text does not fit in its box."])
    hint: str | None = Field(None, description="What to change.", examples=["Enlarge the box."])


class CanvasResult(JobResult):
    """Result of `canvas`."""

    outputs: tuple[OutputFile, ...] = Field(
        description="The video and its poster, for each row of variables.", examples=[[]]
    )
    width: int | None = Field(None, description="Pixels of the video.", examples=[1080])
    height: int | None = Field(None, description="Pixels of the video.", examples=[1920])
    fps: float | None = Field(None, description="Frames drawn for each second.", examples=[30.0])
    duration: float | None = Field(None, description="Seconds.", examples=[12.5])
    rows: tuple[Mapping[str, Any], ...] | None = Field(
        None, description="These four for each row, where there are several.", examples=[[]]
    )
    remarks: tuple[CanvasRemark, ...] | None = Field(
        None, description="What is probably not meant so, where `lint` asked for it.", examples=[[]]
    )
    stats: Stats = Field(description="What it cost.", examples=[{"seconds": 4.1, "cpu_seconds": 7.6}])
    warnings: tuple[str, ...] = Field((), description="What deserves a look.", examples=[[]])


class PreviewResult(JobResult):
    """Result of `canvas_preview`."""

    image: str | None = Field(
        None,
        description="The picture, a PNG as `data:` URL, where no `output` was asked for.",
        examples=["data:image/png;base64,iVBORw0…"],
    )
    t: float = Field(description="The second of the composition that is shown.", examples=[2.5])
    width: int = Field(description="Pixels of the picture.", examples=[1080])
    height: int = Field(description="Pixels of the picture.", examples=[1920])
    duration: float = Field(description="Seconds of the whole composition.", examples=[12.5])
    outputs: tuple[OutputFile, ...] = Field((), description="The picture's file.", examples=[[]])
    stats: Stats = Field(description="What it cost.", examples=[{"seconds": 0.2, "cpu_seconds": 0.2}])
    warnings: tuple[str, ...] = Field((), description="What deserves a look.", examples=[[]])


class ProbeResult(JobResult):
    """Result of `probe`: ffprobe's own JSON."""

    model_config = ConfigDict(frozen=True, extra="allow")

    format: Mapping[str, Any] | None = Field(
        None,
        description="The container.",
        examples=[{"format_name": "mov,mp4,m4a,3gp,3g2,mj2", "duration": "10.0"}],
    )
    streams: tuple[Mapping[str, Any], ...] | None = Field(
        None, description="The streams.", examples=[[{"index": 0, "codec_name": "h264"}]]
    )
    chapters: tuple[Mapping[str, Any], ...] | None = Field(None, description="The chapters.", examples=[[]])


class VmafResult(JobResult):
    """Result of `vmaf`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    score: float = Field(description="Mean VMAF over all scored frames, 0 to 100.", examples=[93.4])
    pooled: Mapping[str, float] = Field(
        description="mean, harmonic_mean, min, max, p1, p5, p50.", examples=[{"mean": 93.4, "min": 81.2}]
    )
    frames: int = Field(description="Frames scored.", examples=[300])
    worst: tuple[Mapping[str, Any], ...] = Field(
        description="The lowest frames with their time.", examples=[[{"frame": 12, "time": 0.4, "score": 81.2}]]
    )
    alignment: Mapping[str, Any] = Field(
        description="How the videos were matched in time, rate and size.", examples=[{"status": "ok"}]
    )
    output: str | None = Field(None, description="The per-frame file, when asked for.", examples=["vmaf.json"])
    outputs: tuple[OutputFile, ...] = Field((), description="The per-frame file.", examples=[[]])
    stats: Stats = Field(description="What it cost.", examples=[{"seconds": 3.2, "cpu_seconds": 5.9}])
    warnings: tuple[str, ...] = Field((), description="What was changed to compare.", examples=[[]])
