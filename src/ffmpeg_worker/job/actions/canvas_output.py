"""Formats and names of the files that a composition is rendered to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from ffmpeg_worker.budgets import MAX_DURATION_S
from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.placeholder import PLACEHOLDER, format_scalar
from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.file_names import (
    HIDDEN_HINT,
    MAX_COMPONENT_BYTES,
    OutputName,
    is_hidden,
    output_name_schema,
)
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
"""Codecs that a file may have, by its extension; the first is the default."""

ALPHA_CODECS: Mapping[str, Codec] = {".mov": "prores", ".webm": "vp9", ".gif": "gif", ".png": "png"}
"""The codec that keeps transparency, by the extension of the file."""

IMAGE_EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp")

Seconds = Annotated[float, Field(ge=0, le=MAX_DURATION_S, allow_inf_nan=False)]


def check_extension(name: str, known: tuple[str, ...]) -> None:
    """Refuse a name whose extension is not one of these, with the error of a validator."""
    if PurePosixPath(name).suffix.lower() not in known:
        raise wrong_value("has an output with an unknown extension", f"Known are {', '.join(known)}.")


def resolve_output_names(output: str, compositions: tuple[Composition, ...]) -> tuple[str, ...]:
    """Return the name of each composition's file.

    A name with variables is filled in for each composition; any other name is numbered where there are several.
    Raises the error of a validator where two names would be the same, or a variable has no value.
    """
    if PLACEHOLDER.search(output):
        names = tuple(_fill_name(output, composition) for composition in compositions)
        if len(set(names)) < len(names) or any("{{" in name for name in names):
            raise wrong_value(
                "has an output with the same name for two rows", "Use a variable that differs in every row."
            )
        if any(is_hidden(PurePosixPath(name).parts) for name in names):
            raise wrong_value("has an output whose name begins with a dot in a row", HIDDEN_HINT)
        return names
    if len(compositions) == 1:
        return (output,)
    path = PurePosixPath(output)
    return tuple(str(path.with_stem(f"{path.stem}-{number}")) for number in range(1, len(compositions) + 1))


def _fill_name(output: str, composition: Composition) -> str:
    """Fill the variables into a name, without characters that would make folders."""
    texts = {
        name: format_scalar(composition.variables[name])
        for match in PLACEHOLDER.finditer(output)
        if (name := match.group("name")) in composition.variables
    }
    if any(len(text) > MAX_COMPONENT_BYTES for text in texts.values()):
        raise _long_name()
    plain = {
        name: "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in text).strip(". ")
        for name, text in texts.items()
    }
    filled = PLACEHOLDER.sub(lambda match: plain.get(match.group("name"), match.group()), output)
    if any(len(part.encode()) > MAX_COMPONENT_BYTES for part in filled.split("/")):
        raise _long_name()
    return filled


def _long_name() -> PydanticCustomError:
    return wrong_value(
        f"has an output whose name exceeds {MAX_COMPONENT_BYTES} bytes with its variables filled in",
        "Use shorter values, or fewer variables.",
    )


class Poster(FrozenModel):
    """An image of one frame, beside the video."""

    time: Seconds = Field(0.0, description="Time of the frame in the video, in seconds.", examples=[1.5])
    name: Annotated[OutputName, WithJsonSchema(output_name_schema(IMAGE_EXTENSIONS))] = Field(
        "poster.png", description=f"Name of the file: {', '.join(IMAGE_EXTENSIONS)}.", examples=["poster.jpg"]
    )
    shorthand_field = "time"

    @model_validator(mode="after")
    def _check_extension(self) -> Self:
        check_extension(self.name, IMAGE_EXTENSIONS)
        return self


def _read_poster(value: Any) -> Any:
    return value if isinstance(value, (dict, Poster)) else {"time": value}


PosterOrTime = Annotated[Poster, BeforeValidator(_read_poster, json_schema_input_type=Seconds | Poster)]
"""A poster, or its time alone."""
