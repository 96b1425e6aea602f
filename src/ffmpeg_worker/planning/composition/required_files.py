"""Files that the layers of compositions name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.sources import NamedFile, find_named_files
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.planning.input_key import input_key
from ffmpeg_worker.planning.required_inputs import Inputs, RequiredInput


def require_layer_files(compositions: Sequence[Composition], inputs: Inputs) -> Iterator[RequiredInput]:
    """Every file that the compositions name, as often as they name it.

    Raises:
        InvalidJob: an unknown placeholder, or a name no file can have; with `where.field`.
    """
    for composition in compositions:
        for file in find_named_files(composition):
            yield _require(file, inputs)


def _require(file: NamedFile, inputs: Inputs) -> RequiredInput:
    try:
        key = input_key(file.src, inputs)
    except WorkerError as error:
        raise error.at(field=file.where) from None
    source = inputs.get(key) or FileSource(url=key)
    name = source.name if isinstance(source, TextSource) else source.url.partition("?")[0]
    is_text = file.kind == "subtitles" or (file.kind == "image" and name.lower().endswith(".svg"))
    is_media = not is_text and file.kind != "font"
    return RequiredInput(key, source, is_media=is_media, is_text=is_text, field=file.where)
