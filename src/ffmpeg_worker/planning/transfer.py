"""Plans `download` and `upload`: files copied from one store to another without change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.actions.download import DownloadData
from ffmpeg_worker.job.actions.upload import UploadData
from ffmpeg_worker.job.file_names import check_name
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.planning.artifact import Artifact, duplicate_output
from ffmpeg_worker.planning.input_key import input_key
from ffmpeg_worker.planning.plan import CopyStep, Lane

Sources = Mapping[str, FileSource | TextSource]


def download_source(data: DownloadData, inputs: Sources) -> tuple[str, FileSource | TextSource]:
    """The key and the source of the file to download.

    Raises:
        InvalidJob: as for `input_key`.
    """
    if isinstance(data.input, TextSource):
        return data.input.name, data.input
    key = input_key(data.input.url, inputs)
    return key, inputs.get(key) or data.input


def download_name(data: DownloadData, inputs: Sources) -> str:
    """The name of the downloaded file.

    Raises:
        InvalidJob: the job does not give it, and it does not follow from the input's address.
    """
    return data.output or _last_part(download_source(data, inputs)[1], field="output")


def plan_download(data: DownloadData, inputs: Sources, files: LocalFiles) -> Lane:
    """Plan the copy of one file to its name.

    Raises:
        InvalidJob: see `download_name`.
    """
    return _copies([(download_source(data, inputs)[0], download_name(data, inputs))], files)


def plan_upload(data: UploadData, inputs: Sources, files: LocalFiles) -> Lane:
    """Plan the copies of files under their own names.

    Raises:
        InvalidJob: two have the same name, or one has none.
    """
    copies = []
    for text in data.input:
        key = input_key(text, inputs)
        source = inputs.get(key)
        is_relative = source is None and "://" not in key and not key.startswith("/")
        copies.append((key, key if is_relative else _last_part(source or FileSource(url=key), field="input")))
    return _copies(copies, files)


def _copies(copies: Sequence[tuple[str, str]], files: LocalFiles) -> Lane:
    names = [name for _, name in copies]
    for name in names:
        if names.count(name) > 1:
            raise duplicate_output(name)
    return Lane(
        tuple(CopyStep(files[key].staged, f"{index}") for index, (key, _) in enumerate(copies)),
        tuple(Artifact(name, f"{index}", is_media=False) for index, name in enumerate(names)),
    )


def _last_part(source: FileSource | TextSource, *, field: str) -> str:
    """The name of a file at its source."""
    if isinstance(source, TextSource):
        return source.name
    # A key in a bucket may contain any character; only web addresses have a query.
    path = urlsplit(source.url).path if source.scheme in {"http", "https"} else source.url.partition("://")[2]
    name = PurePosixPath(unquote(path) if source.scheme in {"http", "https"} else path or source.url).name
    try:
        check_name(name, what="output")
    except WorkerError:
        raise InvalidJob(
            "The input's address does not end in the name of a file.",
            code="missing_field",
            hint='Say what the file is to be called, with "output" or as the name of an entry of "inputs".',
            where={"field": field},
        ) from None
    return name
