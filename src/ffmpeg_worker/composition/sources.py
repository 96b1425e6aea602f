"""Files that a composition refers to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.json_path import Location
from ffmpeg_worker.composition.media_layers import AudioLayer, ImageLayer, VideoLayer, WaveformLayer
from ffmpeg_worker.composition.references import walk_layers
from ffmpeg_worker.composition.text_layer import SubtitlesLayer


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a layer or a font refers to.

    `src` is as in the composition: a URL, a path, or the name of one of the job's inputs, also as `{{name}}`.
    """

    kind: Literal["video", "image", "audio", "waveform", "subtitles", "font"]
    src: str
    location: Location

    @property
    def where(self) -> str:
        """Its JSON path in canonical keys."""
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.location)
        return path.removeprefix(".")


def find_named_files(composition: Composition) -> Iterator[NamedFile]:
    """Yield every use of a file in the order of the composition, except those of hidden layers."""
    for index, font in enumerate(composition.fonts):
        yield NamedFile("font", font.src, ("fonts", index, "src"))
    for location, layer in walk_layers(composition.layers):
        if not isinstance(layer, (VideoLayer, ImageLayer, AudioLayer, WaveformLayer, SubtitlesLayer)):
            continue
        if layer.src is not None and layer.condition:
            yield NamedFile(layer.type, layer.src, (*location, "src"))
