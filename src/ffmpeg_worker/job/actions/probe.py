"""Action `probe`: read media information of one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field

from ffmpeg_worker.command.parse_commands import COMMANDS_SCHEMA, parse_commands
from ffmpeg_worker.command.secret_options import find_secret_values
from ffmpeg_worker.job.action_paths import ACTION_PATHS
from ffmpeg_worker.job.actions.action import Action, DefaultTarget
from ffmpeg_worker.job.job import Job, JobData
from ffmpeg_worker.job.result import JobResult, LaneReport, get_only_lane
from ffmpeg_worker.job.result_parts import Stats
from ffmpeg_worker.job.sources import InputName


def _read_options(value: Any) -> Any:
    return None if value is None else parse_commands(value, "ffprobe")


class ProbeData(JobData):
    """Media information of one file."""

    input: InputName = Field(
        description="Name of an input, relative name under the data root, absolute path, or URL.",
        examples=["clips/intro.mp4"],
    )
    chainCmds: Annotated[  # noqa: N815  (the contract's name)
        tuple[tuple[str, ...], ...] | None, BeforeValidator(_read_options), COMMANDS_SCHEMA
    ] = Field(
        None,
        description="More ffprobe options, where a real ffprobe is installed.",
        examples=[["-show_packets", "-read_intervals", "%+1"]],
    )

    def command_secrets(self) -> Iterator[str]:
        """See `JobData.command_secrets`."""
        for command in self.chainCmds or ():
            yield from find_secret_values(command)


class ProbeJob(Job):
    """A job with action `probe`."""

    action: Literal["probe"]
    data: ProbeData


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

    @classmethod
    def from_lanes(cls, common: Mapping[str, Any], lanes: Sequence[LaneReport], stats: Stats) -> Self:  # noqa: ARG003
        """Make the result from ffprobe's document and `metadata` alone; see `JobResult.from_lanes`."""
        return cls(**get_only_lane(lanes).summary, metadata=common.get("metadata"))


PROBE = Action(
    name="probe",
    path=ACTION_PATHS["probe"],
    job=ProbeJob,
    result=ProbeResult,
    summary="Read media information",
    request={"input": "clips/intro.mp4"},
    response={
        "streams": [{"index": 0, "codec_name": "h264", "codec_type": "video", "width": 1280, "height": 720}],
        "chapters": [],
        "format": {
            "filename": "clips/intro.mp4",
            "nb_streams": 1,
            "format_name": "mov,mp4,m4a,3gp,3g2,mj2",
            "duration": "10.000000",
        },
    },
    result_keys=frozenset({"format", "streams"}),
    default_target=DefaultTarget.DATA_ROOT,
)
