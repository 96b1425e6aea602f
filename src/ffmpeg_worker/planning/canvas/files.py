"""Which files a composition names, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ffmpeg_worker.job.composition.composition import Composition
from ffmpeg_worker.job.composition.layers import GroupLayer, Layer
from ffmpeg_worker.job.composition.media_layer import AudioLayer, ImageLayer, VideoLayer, WaveformLayer
from ffmpeg_worker.job.composition.text_layer import SubtitlesLayer


class FileKind(Enum):
    """What a file is to a composition."""

    MEDIA = auto()
    TEXT = auto()
    """It is read as text before the rest can be decided."""
    FONT = auto()


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file as a composition names it; `field` is the JSON path of the name."""

    src: str
    kind: FileKind
    field: str


def files_of(composition: Composition) -> Iterator[NamedFile]:
    """Every file, in order; one that several layers show several times."""
    for number, font in enumerate(composition.fonts):
        yield NamedFile(font.src, FileKind.FONT, f"fonts[{number}].src")
    yield from _of_layers(composition.layers, "layers")


def _of_layers(layers: Sequence[Layer], where: str) -> Iterator[NamedFile]:
    for number, layer in enumerate(layers):
        field = f"{where}[{number}]"
        match layer:
            case GroupLayer():
                yield from _of_layers(layer.layers, f"{field}.layers")
            case SubtitlesLayer(src=str(src)):
                yield NamedFile(src, FileKind.TEXT, f"{field}.src")
            case (
                VideoLayer(src=str(src)) | ImageLayer(src=src) | AudioLayer(src=src) | WaveformLayer(src=str(src))
            ):
                yield NamedFile(src, FileKind.MEDIA, f"{field}.src")
            case _:
                pass
