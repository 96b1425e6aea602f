"""Parts of results: delivered files, cost, logs of commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ResultModel(BaseModel):
    """Base of results and their parts: a frozen value with a JSON form."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, without fields that are not known."""
        return self.model_dump(mode="json", exclude_none=True)


class OutputFile(ResultModel):
    """One file that the job made, verified and delivered."""

    name: str = Field(description="Name that the request gave.", examples=["small.mp4"])
    path: str = Field(
        description="Path on the worker, or key in the bucket that it was uploaded to.",
        examples=["/data/small.mp4"],
    )
    url: str | None = Field(
        None,
        description="URL of the uploaded file, or signed link to an output of a queued job.",
        examples=["https://cdn.example/small.mp4"],
    )
    size: int = Field(description="Bytes.", examples=[183422])
    content_type: str = Field(description="Media type by the file's name.", examples=["video/mp4"])
    media: Mapping[str, Any] | None = Field(
        None,
        description="Media facts: duration (seconds), width, height, fps, codecs, …",
        examples=[{"duration": 10.0, "width": 1280, "height": 720, "fps": 30.0, "codecs": ["h264", "aac"]}],
    )


class Stats(ResultModel):
    """Cost of a job, or of one process of it."""

    seconds: float = Field(description="Wall time.", examples=[3.21])
    speed: float | None = Field(None, description="Seconds of media made per second.", examples=[4.7])
    frames: int | None = Field(None, description="Frames written by all commands.", examples=[300])
    copied_frames: int | None = Field(
        None,
        description="How many of them were copied from a source instead of being encoded.",
        examples=[270],
    )
    encoded_frames: int | None = Field(
        None, description="With `smart_cut`: how many of them were encoded, at the cuts.", examples=[14]
    )
    cpu_seconds: float = Field(0.0, description="CPU time of FFmpeg and of the renderer.", examples=[5.9])
    input_bytes: int = Field(
        0,
        description="Bytes of all inputs; of those that were read by range, what was fetched.",
        examples=[3071976],
    )
    source_bytes: int = Field(
        0, description="Length of all inputs, whether or not they were fetched whole.", examples=[517995008]
    )
    inputs_by_range: int = Field(
        0, description="Number of inputs that were read by range, and not downloaded first.", examples=[1]
    )
    output_bytes: int = Field(0, description="Bytes of all outputs.", examples=[183422])


class CommandLog(ResultModel):
    """Log of a command that measures, or writes no file."""

    command: int = Field(description="Index of the command in the chain, from 0.", examples=[0])
    log: str = Field(description="FFmpeg's log.", examples=["[Parsed_volumedetect_0] max_volume: -3.1 dB"])
    stdout: str | None = Field(
        None,
        description="What filters printed to standard output, as `metadata=print:file=-` does.",
        examples=["frame:0    pts:0       pts_time:0\nlavfi.scene_score=0.400000"],
    )
    truncated: bool = Field(
        False,
        description="Whether `log` or `stdout` is too long for the result: then it has whole lines from the "
        "beginning and the end, and between them one that tells how many were left out.",
        examples=[False],
    )
