"""Object keys of outputs at their target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.file_names import display_name, hidden_output, is_hidden_output
from ffmpeg_worker.job.object_location import describe_key_problem
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind


class OutputKeys:
    """Maps the names of a job's outputs to object keys.

    A key with an extension names the only output of a job, and the segments of a playlist go beside it; of a
    playlist with variants it names the master playlist. Any other key is a prefix.
    """

    def __init__(self, upload: Upload | None, artifacts: Sequence[Artifact]) -> None:
        """`artifacts` are those of all lanes of the job; side files count only if there is nothing else."""
        self._names = {artifact.name: "" for artifact in artifacts if not artifact.is_optional}
        artifacts = [one for one in artifacts if not one.is_side] or artifacts
        where = upload.location if upload is not None else None
        self._key = where.key if where is not None else None
        self._main: str | None = None
        if self._key and PurePosixPath(self._key).suffix and not self._key.endswith("/") and len(artifacts) == 1:
            self._main = artifacts[0].entry or _single_name(artifacts[0])

    def claim(self, name: str, lane: str) -> bool:
        """Claim a name for a file that no lane was planned to deliver; return whether no other lane has it."""
        return self._names.setdefault(name, lane) == lane

    def of(self, name: str) -> str:
        """The key of the output that the caller calls `name`.

        Raises:
            InvalidJob: no output may have this name; prefix and name together are no valid object key.
        """
        if is_hidden_output(name):
            raise hidden_output(name)
        if self._key is None:
            return name
        key = _beside(self._key, self._main, name) if self._main else _behind_prefix(self._key, name)
        problem = describe_key_problem(key)
        if problem is not None:
            raise InvalidJob(
                f'The key of the output "{display_name(name)}" {problem}.',
                code="invalid_upload",
                hint='Change the "key" of "upload", or the name of the output.',
                where={"output": display_name(name)},
            )
        return key


def _single_name(artifact: Artifact) -> str | None:
    """The name of an artifact that is one file, or has one main file."""
    return None if artifact.kind is ArtifactKind.SEQUENCE or "%v" in artifact.name else artifact.name


def _beside(main_key: str, main: str, name: str) -> str:
    if name == main:
        return main_key
    folder = PurePosixPath(main).parent
    path = PurePosixPath(name)
    beside = path.relative_to(folder) if path.is_relative_to(folder) else PurePosixPath(path.name)
    return str(PurePosixPath(main_key).parent / beside)


def _behind_prefix(key: str, name: str) -> str:
    plain = PurePosixPath(name).name if name.startswith("/") else name
    prefix = key.rstrip("/")
    return f"{prefix}/{plain}" if prefix else plain
