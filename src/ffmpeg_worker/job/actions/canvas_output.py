"""What a composition is rendered to: formats, names, posters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.limits import MAX_DURATION_S
from ffmpeg_worker.composition.placeholder import PLACEHOLDER, as_text
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.output_names import OutputName
from ffmpeg_worker.validation_errors import wrong_value

Codec = Literal["h264", "hevc", "av1", "vp9", "prores", "gif", "png"]
CODECS: Mapping[str, tuple[Codec, ...]] = {
    ".mp4": ("h264", "hevc", "av1"),
    ".m4v": ("h264", "hevc", "av1"),
    ".mov": ("h264", "hevc", "prores"),
    ".mkv": ("h264", "hevc", "av1", "vp9"),
    ".webm": ("vp9", "av1"),
    ".gif": ("gif",),
    ".png": ("png",),
}
"""What a file of an extension may hold; the first is what it does unless the job says otherwise."""

ALPHA_CODECS: Mapping[str, Codec] = {".mov": "prores", ".webm": "vp9", ".gif": "gif", ".png": "png"}
"""What holds a transparent picture in a file of an extension."""

IMAGE_EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp")

Seconds = Annotated[float, Field(ge=0, le=MAX_DURATION_S, allow_inf_nan=False)]


def check_extension(name: str, known: tuple[str, ...]) -> None:
    """Refuse a name whose extension is not one of these; a validator's error."""
    if PurePosixPath(name).suffix.lower() not in known:
        raise wrong_value("has an output of a format that is not known", f"Formats are {', '.join(known)}.")


def resolve_output_names(output: str, compositions: tuple[Composition, ...]) -> tuple[str, ...]:
    """The name of each composition's file: with its variables filled in, else numbered if there are many."""
    if PLACEHOLDER.search(output):
        names = tuple(_fill_name(output, composition) for composition in compositions)
        if len(set(names)) < len(names) or any("{{" in name for name in names):
            raise wrong_value(
                "has an output that would be named alike twice", "Name it by a variable that differs in every row."
            )
        return names
    if len(compositions) == 1:
        return (output,)
    path = PurePosixPath(output)
    return tuple(str(path.with_stem(f"{path.stem}-{number}")) for number in range(1, len(compositions) + 1))


def _fill_name(output: str, composition: Composition) -> str:
    """Without what would make folders of a value."""
    values = composition.variables
    return PLACEHOLDER.sub(
        lambda match: (
            "".join(
                character if character.isalnum() or character in "-_. " else "_"
                for character in as_text(values[match.group("name")])
            ).strip(". ")
            if match.group("name") in values
            else match.group()
        ),
        output,
    )


class Poster(FrozenModel):
    """A picture of one moment, beside the video."""

    time: Seconds = Field(0.0, description="Seconds of the video.", examples=[1.5])
    name: OutputName = Field(
        "poster.png", description=f"Its file: {', '.join(IMAGE_EXTENSIONS)}.", examples=["poster.jpg"]
    )

    @model_validator(mode="before")
    @classmethod
    def _read_time(cls, value: Any) -> Any:
        return value if isinstance(value, (dict, cls)) else {"time": value}

    @model_validator(mode="after")
    def _be_a_picture(self) -> Self:
        check_extension(self.name, IMAGE_EXTENSIONS)
        return self
