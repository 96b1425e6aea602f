"""Plans `download` and `upload`: files copied from one store to another without change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from ffmpeg_worker.errors import InvalidJob, WorkerError
from ffmpeg_worker.job.actions.download import DownloadJob
from ffmpeg_worker.job.actions.upload import UploadJob
from ffmpeg_worker.job.file_names import check_output_name
from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.sources import FileSource, TextSource
from ffmpeg_worker.planning.artifact import Artifact, duplicate_output
from ffmpeg_worker.planning.file_references import input_key
from ffmpeg_worker.planning.plan import Lane, Plan
from ffmpeg_worker.planning.planner import Planner, ReadJob
from ffmpeg_worker.planning.required_inputs import RequiredInput, merge_required_inputs, require_named
from ffmpeg_worker.planning.steps import CopyStep


class DownloadPlanner(Planner[DownloadJob]):
    """Plans the copy of one source to its name."""

    def read(self, job: DownloadJob, machine: Machine) -> ReadJob[DownloadJob]:
        _download_name(job)  # raises before anything is fetched
        used = RequiredInput(*_download_source(job))
        return ReadJob(job, merge_required_inputs(job.inputs, [used]))

    def plan(self, read: ReadJob[DownloadJob], files: LocalFiles, machine: Machine) -> Plan:
        key, _ = _download_source(read.job)
        return _plan_copies([(key, _download_name(read.job))], files)


class UploadPlanner(Planner[UploadJob]):
    """Plans the copies of files under their own names."""

    def read(self, job: UploadJob, machine: Machine) -> ReadJob[UploadJob]:
        used = [require_named(text, job.inputs) for text in job.data.input]
        return ReadJob(job, merge_required_inputs(job.inputs, used))

    def plan(self, read: ReadJob[UploadJob], files: LocalFiles, machine: Machine) -> Plan:
        copies = []
        for text in read.job.data.input:
            key = input_key(text, read.job.inputs)
            source = read.job.inputs.get(key)
            is_relative = source is None and "://" not in key and not key.startswith("/")
            copies.append((key, key if is_relative else _last_part(source or FileSource(url=key), field="input")))
        return _plan_copies(copies, files)


def _download_source(job: DownloadJob) -> tuple[str, FileSource | TextSource]:
    """The key and the source of the file to download."""
    given = job.data.input
    if isinstance(given, TextSource):
        return given.name, given
    key = input_key(given.url, job.inputs)
    return key, job.inputs.get(key) or given


def _download_name(job: DownloadJob) -> str:
    return job.data.output or _last_part(_download_source(job)[1], field="output")


def _plan_copies(copies: Sequence[tuple[str, str]], files: LocalFiles) -> Plan:
    names = [name for _, name in copies]
    for name in names:
        if names.count(name) > 1:
            raise duplicate_output(name)
    steps = tuple(CopyStep(files[key].staged, f"{index}") for index, (key, _) in enumerate(copies))
    artifacts = tuple(Artifact(name, f"{index}", is_media=False, is_copy=True) for index, name in enumerate(names))
    return Plan((Lane(steps, artifacts),))


def _last_part(source: FileSource | TextSource, *, field: str) -> str:
    """The name of a file at its source."""
    if isinstance(source, TextSource):
        return source.name
    try:
        name = PurePosixPath(_path_of(source)).name
        check_output_name(name)
    except (WorkerError, ValueError):
        raise InvalidJob(
            "The input's address does not end in a name that a file may have.",
            code="missing_field",
            hint='Say what the file is to be called, with "output" or as the name of an entry of "inputs".',
            where={"field": field},
        ) from None
    return name


def _path_of(source: FileSource) -> str:
    """The path of a file at its source. Raises ValueError if a web address is malformed."""
    # A key in a bucket may contain any character; only web addresses have a query.
    if source.scheme in {"http", "https"}:
        return unquote(urlsplit(source.url).path)
    return source.url.partition("://")[2] or source.url
