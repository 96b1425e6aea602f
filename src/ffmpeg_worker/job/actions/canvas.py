"""What a caller can ask for with a composition: a video of it, or one picture."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, PlainValidator, ValidationInfo, model_validator

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.frame_rate import FrameRate
from ffmpeg_worker.composition.limits import MAX_SIDE
from ffmpeg_worker.composition.node import canonical_key
from ffmpeg_worker.composition.read_compositions import SharedFields, read_compositions
from ffmpeg_worker.composition.values import DUMPED
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.actions.canvas_output import (
    ALPHA_CODECS,
    CODECS,
    IMAGE_EXTENSIONS,
    Codec,
    Poster,
    Seconds,
    check_extension,
    resolve_output_names,
)
from ffmpeg_worker.job.common_fields import CommonFields, OutputName
from ffmpeg_worker.validation_errors import wrong_value

_NAMES = ("json", "composition")
_LAYERS = ("layers", "elements", "nodes")
_EXAMPLE = {"width": 1280, "height": 720, "layers": [{"type": "text", "text": "Hello", "duration": 2}]}


def _read_read(value: Any) -> tuple[Composition, ...]:
    """What has been read together with what stands beside it."""
    if not isinstance(value, tuple):
        raise wrong_value("must be an object")
    return value


class CompositionData(FrozenModel):
    """A composition, by the name of `json` or `composition`, or with its keys in place."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    compositions: Annotated[
        tuple[Composition, ...], PlainValidator(_read_read, json_schema_input_type=Composition), DUMPED
    ] = Field(
        alias="json",
        description="The composition, also by the name of `composition`; its keys may stand in place, too. With a "
        "list of `variables` there is one output for each of them.",
        examples=[_EXAMPLE],
    )
    audio: Any = Field(
        None,
        exclude=True,
        description="More sounds: a list of `{url, startTime, endTime, fadeIn, fadeOut, volume}`, in seconds.",
        examples=[[{"url": "music/theme.mp3", "startTime": 0, "fadeOut": 2, "volume": 0.5}]],
        json_schema_extra={"type": "array", "items": {"type": "object"}},
    )
    variables: Any = Field(
        None,
        exclude=True,
        description="Values for the composition's variables, before its own; a list of them: one output for each.",
        examples=[{"name": "Ada"}],
        json_schema_extra={"anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]},
    )
    own_keys: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _read_composition(cls, value: Any, info: ValidationInfo) -> Any:
        """The errors of compositions have paths and codes of their own, and are raised as they are."""
        if not isinstance(value, dict):
            return value
        context = info.context or {}
        path = context.get("path", "")
        named = [name for name in _NAMES if name in value]
        if len(named) > 1:
            raise wrong_value('names both "json" and "composition"', "Keep one of them.")
        rest = {key: item for key, item in value.items() if key not in named}
        if named:
            composition, at = value[named[0]], f"{path}.{named[0]}" if path else named[0]
            beside = SharedFields(
                rest.pop("audio", None), rest.pop("variables", None), path, context.get("inputs")
            )
        elif any(key in value for key in _LAYERS):
            composition = {key: rest.pop(key) for key in value if cls._is_in_place(key, value[key])}
            at, beside = path, SharedFields(rest.pop("audio", None), None, path, context.get("inputs"))
        else:
            return value
        if isinstance(composition, tuple):  # read before
            return value
        return {**rest, "json": read_compositions(composition, at=at, beside=beside)}

    @classmethod
    def _is_in_place(cls, key: Any, item: Any) -> bool:
        """Whether a key of the body belongs to a composition whose keys stand in place."""
        if key in {"nodes", "dimensions"}:
            return True
        if key in cls.own_keys or not isinstance(key, str) or canonical_key(Composition, key) is None:
            return False
        return key != "audio" or isinstance(item, dict)


class CanvasData(CompositionData):
    """A video of a JSON composition."""

    startTime: Seconds = Field(  # noqa: N815  (the contract's name)
        0.0, description="Render from this second of the composition on.", examples=[0]
    )
    endTime: Seconds | None = Field(  # noqa: N815
        None, description="Render up to this second. Default: to the end.", examples=[10]
    )
    fps: FrameRate | None = Field(
        None, description="Frames a second, instead of the composition's.", examples=[30]
    )
    vfi: FrameRate | None = Field(
        None, description="Frames a second to reach by making up frames between those rendered.", examples=[60]
    )
    crf: float | None = Field(
        None,
        ge=0,
        le=63,
        allow_inf_nan=False,
        description="Quality as the encoder counts it: less is better. Instead of `quality`.",
        examples=[19],
    )
    quality: Literal["draft", "low", "medium", "high", "lossless"] | None = Field(
        None, description="Quality in a word. Default: `medium`.", examples=["high"]
    )
    codec: Codec | None = Field(
        None,
        description="How the picture is coded. Default: by the output's extension: "
        + ", ".join(f"`{extension}` {codecs[0]}" for extension, codecs in CODECS.items())
        + ".",
        examples=["h264"],
    )
    preset: Literal[
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
    ] = Field("veryfast", description="How long the encoder takes to save bytes.", examples=["veryfast"])
    render_scale: float = Field(
        1.0,
        ge=0.05,
        le=1,
        allow_inf_nan=False,
        description="Factor of the picture's size, for drafts.",
        examples=[0.5],
    )
    transparent: bool = Field(
        False,
        description=f"Keep what is transparent; in {', '.join(f'`{extension}`' for extension in ALPHA_CODECS)}.",
        examples=[True],
    )
    poster: Poster | None = Field(
        None, description="A picture of one moment as well: its second, or `time` and `name`.", examples=[1.5]
    )
    output: OutputName = Field(
        "canvas.mp4",
        description="Name of the file; its extension says the format. A .png is one picture, or with %04d in its "
        "name one for each frame. May hold `{{variables}}`, for a list of them.",
        examples=["canvas.mp4"],
    )
    lint: bool = Field(
        False,
        description="Render nothing, and answer with `remarks` on what is probably not meant so. Files that lie "
        "elsewhere are not fetched.",
        examples=[True],
    )
    own_keys = frozenset({"fps", "transparent"})

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
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
            raise wrong_value("cannot have frames made up in that format", 'Raise "fps", or choose a video.')
        if self.transparent and (
            extension not in ALPHA_CODECS or self.codec not in {None, ALPHA_CODECS[extension]}
        ):
            held = ", ".join(f"{name} ({codec})" for name, codec in ALPHA_CODECS.items())
            raise wrong_value("cannot be transparent in that format", f"What can: {held}.")
        self.output_names()
        return self

    @property
    def chosen_codec(self) -> Codec:
        """How the picture is coded."""
        extension = PurePosixPath(self.output).suffix.lower()
        return self.codec or (ALPHA_CODECS[extension] if self.transparent else CODECS[extension][0])

    def output_names(self) -> tuple[str, ...]:
        """The name of each composition's file: with its variables filled in, else numbered if there are many."""
        return resolve_output_names(self.output, self.compositions)


class PreviewData(CompositionData):
    """One picture of a JSON composition."""

    t: Seconds = Field(0.0, description="The second of the composition that is shown.", examples=[2.5])
    width: int | None = Field(
        None,
        ge=2,
        le=MAX_SIDE,
        description="Width of the picture. Default: that of the composition, whose own it is where its keys stand "
        "in place.",
        examples=[640],
    )
    row: int = Field(0, ge=0, description="Which of several rows of variables, from 0.", examples=[0])
    output: OutputName | None = Field(
        None,
        description=f"Name of a file: {', '.join(IMAGE_EXTENSIONS)}. Default: the picture stands in the result.",
        examples=["preview.png"],
    )
    own_keys = frozenset({"output"})

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.row >= len(self.compositions):
            raise wrong_value(f"asks for row {self.row} of {len(self.compositions)}", "Rows are counted from 0.")
        if self.output is not None:
            check_extension(self.output, IMAGE_EXTENSIONS)
        return self


class PreviewQuery(FrozenModel):
    """The moment and the size of a preview, where an address names them: texts."""

    model_config = ConfigDict(strict=False)

    t: Seconds | None = None
    width: int | None = Field(None, ge=2, le=MAX_SIDE)


class CanvasJob(CommonFields):
    """A job with action `canvas`."""

    action: Literal["canvas"]
    data: CanvasData


class PreviewJob(CommonFields):
    """A job with action `canvas_preview`."""

    action: Literal["canvas_preview"]
    data: PreviewData
