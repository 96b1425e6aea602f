"""Action `canvas`: render a JSON composition to a video."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, WithJsonSchema, model_validator

from ffmpeg_worker.composition.color import parse_color
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.frame_rate import FrameRate
from ffmpeg_worker.frozen_model import refuse_together
from ffmpeg_worker.job.action_paths import ACTION_PATHS
from ffmpeg_worker.job.actions.action import Action
from ffmpeg_worker.job.actions.canvas_output import (
    ALPHA_CODECS,
    CODECS,
    Codec,
    PosterOrTime,
    Seconds,
    check_extension,
    resolve_output_names,
)
from ffmpeg_worker.job.actions.composition_data import CompositionData
from ffmpeg_worker.job.actions.examples import JOB_ID, OUTPUT, STATS
from ffmpeg_worker.job.file_names import OutputName, output_name_schema
from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.result import FilesResult
from ffmpeg_worker.job.result_parts import OutputFile, ResultModel
from ffmpeg_worker.validation_errors import wrong_value


class CanvasData(CompositionData):
    """A video of a JSON composition."""

    model_config = ConfigDict(json_schema_extra=refuse_together("crf", "quality"))

    startTime: Seconds = Field(  # noqa: N815  (the contract's name)
        0.0, description="Second of the composition at which the video begins.", examples=[0]
    )
    endTime: Seconds | None = Field(  # noqa: N815
        None,
        description="Second of the composition at which the video ends. Default: the end of the composition.",
        examples=[10],
    )
    fps: FrameRate | None = Field(
        None, description="Frames per second, instead of the composition's.", examples=[30]
    )
    vfi: FrameRate | None = Field(
        None,
        description="Frames per second after interpolation: frames are interpolated between the rendered ones.",
        examples=[60],
    )
    crf: float | None = Field(
        None,
        ge=0,
        le=63,
        allow_inf_nan=False,
        description="Constant rate factor of the encoder: lower is better. Excludes `quality`.",
        examples=[19],
    )
    quality: Literal["draft", "low", "medium", "high", "lossless"] | None = Field(
        None, description="Quality as a word. Default: `medium`.", examples=["high"]
    )
    codec: Codec | None = Field(
        None,
        description="Video codec. Default: by the output's extension: "
        + ", ".join(f"`{extension}` {codecs[0]}" for extension, codecs in CODECS.items())
        + ".",
        examples=["h264"],
    )
    preset: Literal[
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
    ] = Field("veryfast", description="Speed of the encoder; slower makes smaller files.", examples=["veryfast"])
    smart_render: bool | None = Field(
        None,
        description="Copy the frames that show nothing but a clip in the codec of the output and in the size and "
        "frame rate of the canvas, instead of encoding them again, in H.264 and HEVC videos. Default: unless "
        "`crf` or `quality` is given. With `true` these apply to the other frames only, and `warnings` says why "
        "no frame could be copied.",
        examples=[True],
    )
    render_scale: float = Field(
        1.0,
        ge=0.05,
        le=1,
        allow_inf_nan=False,
        description="Factor for width and height, for drafts.",
        examples=[0.5],
    )
    transparent: bool | None = Field(
        None,
        description=f"Keep transparency; in {', '.join(f'`{extension}`' for extension in ALPHA_CODECS)}. A "
        "composition without `background` then has a transparent one. Default: `true` if the `background` is not "
        "opaque. With `false`, what is not opaque is rendered over black.",
        examples=[True],
    )
    poster: PosterOrTime | None = Field(
        None,
        description="An image of one frame beside the video: its time in seconds, or an object with `time` and "
        "`name`.",
        examples=[1.5],
    )
    output: Annotated[OutputName, WithJsonSchema(output_name_schema(CODECS))] = Field(
        "canvas.mp4",
        description="Name of the file; its extension chooses the format. A `.png` is one image, or one for each "
        "frame where the name has `%04d`. With a list of variables the name may hold `{{variables}}`.",
        examples=["canvas.mp4"],
    )
    lint: bool = Field(
        False,
        description="Render nothing, and return `remarks` about probable mistakes in the composition. Remote "
        "files are not fetched.",
        examples=[True],
    )
    own_keys = frozenset({"fps", "transparent"})

    @model_validator(mode="after")
    def _check_combinations(self) -> Self:
        if self.endTime is not None and self.endTime <= self.startTime:
            raise wrong_value("ends before it begins", '"endTime" must be greater than "startTime".')
        if self.crf is not None and self.quality is not None:
            raise wrong_value('has both "crf" and "quality"', "Keep one of them.")
        check_extension(self.output, tuple(CODECS))
        extension = PurePosixPath(self.output).suffix.lower()
        if self.codec is not None and self.codec not in CODECS[extension]:
            raise wrong_value(
                f"cannot hold {self.codec} in a {extension} file", f"It holds {', '.join(CODECS[extension])}."
            )
        if self.vfi is not None and extension in {".gif", ".png"}:
            raise wrong_value("cannot interpolate frames in that format", 'Raise "fps", or choose a video.')
        if self.keeps_alpha and not self.lint:
            self._check_alpha(extension)
        self.output_names()
        return self

    def _check_alpha(self, extension: str) -> None:
        if extension in ALPHA_CODECS and self.codec in {None, ALPHA_CODECS[extension]}:
            return
        formats = f"These can: {', '.join(f'{name} ({codec})' for name, codec in ALPHA_CODECS.items())}."
        if self.transparent:
            raise wrong_value("cannot be transparent in that format", formats)
        raise wrong_value(
            "has a transparent background, but an output that cannot be transparent",
            f'{formats} Or give "background" an opaque color, or set "transparent" to false to render over black.',
        )

    @property
    def keeps_alpha(self) -> bool:
        """Whether the video is transparent where nothing is drawn."""
        if self.transparent is not None:
            return self.transparent
        return any(parse_color(composition.background)[3] < 1 for composition in self.compositions)

    def with_background(self, composition: Composition) -> Composition:
        """Return a composition of this job with a transparent background, if it has none but is to have one."""
        if self.transparent and "background" not in composition.model_fields_set:
            return composition.model_copy(update={"background": "transparent"})
        return composition

    @property
    def chosen_codec(self) -> Codec:
        """The codec of the video: the given one, else the default of the output's extension."""
        extension = PurePosixPath(self.output).suffix.lower()
        return self.codec or (ALPHA_CODECS[extension] if self.keeps_alpha else CODECS[extension][0])

    def output_names(self) -> tuple[str, ...]:
        """Return the name of each composition's file; see `resolve_output_names`."""
        return resolve_output_names(self.output, self.compositions)


class CanvasJob(Job):
    """A job with action `canvas`."""

    action: Literal["canvas"]
    data: CanvasData


class CanvasRemark(ResultModel):
    """A probable mistake in a composition."""

    row: int | None = Field(None, description="Row of variables, from 0, where there are several.", examples=[0])
    where: str = Field(description="JSON path in the composition.", examples=["layers[2]"])
    code: str = Field(description="Stable name of the remark.", examples=["text_overflows"])
    message: str = Field(description="One sentence.", examples=["The text does not fit in its box."])
    hint: str | None = Field(None, description="What to change.", examples=["Enlarge the box."])


class CanvasResult(FilesResult):
    """Result of `canvas`."""

    outputs: tuple[OutputFile, ...] = Field(
        description="The video and its poster, for each row of variables.", examples=[[]]
    )
    width: int | None = Field(None, description="Width of the video in pixels.", examples=[1080])
    height: int | None = Field(None, description="Height of the video in pixels.", examples=[1920])
    fps: float | None = Field(None, description="Rendered frames per second.", examples=[30.0])
    duration: float | None = Field(None, description="Length of the video in seconds.", examples=[12.5])
    rows: tuple[Mapping[str, Any], ...] | None = Field(
        None,
        description="`width`, `height`, `fps` and `duration` for each row of variables, where there are several.",
        examples=[[]],
    )
    remarks: tuple[CanvasRemark, ...] | None = Field(
        None, description="Probable mistakes in the composition, where the request has `lint`.", examples=[[]]
    )


CANVAS = Action(
    name="canvas",
    path=ACTION_PATHS["canvas"],
    job=CanvasJob,
    result=CanvasResult,
    summary="Render a JSON composition to a video",
    request={
        "json": {
            "width": 1280,
            "height": 720,
            "layers": [
                {"id": "intro", "type": "video", "src": "clips/intro.mp4"},
                {"type": "text", "text": "Hello", "start": 1, "duration": 3, "y": "80%"},
            ],
        },
        "output": "hello.mp4",
    },
    response={
        "job_id": JOB_ID,
        "outputs": [{**OUTPUT, "name": "hello.mp4", "path": "/data/hello.mp4"}],
        "width": 1280,
        "height": 720,
        "fps": 30.0,
        "duration": 10.0,
        "stats": STATS,
        "warnings": [],
    },
    uses_renderer=True,
)
