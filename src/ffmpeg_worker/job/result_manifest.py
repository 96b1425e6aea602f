"""The manifest of a job's result, which is stored beside its outputs when all of them have arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ffmpeg_worker.job.result import JobResult

_FOLDER = ".ffmpeg-worker"
_MADE_ANEW = frozenset({"url", "metadata"})
"""Fields that are not stored: a URL may have a signature, and `metadata` is the caller's own."""


class StoredObject(BaseModel):
    """An output in a bucket; without an `etag` where the store has given none."""

    model_config = ConfigDict(frozen=True)

    key: str
    size: int
    etag: str | None = None


class ResultManifest(BaseModel):
    """What a platform's job has delivered: the digest of its request, its result, and the objects.

    It has no secrets: no credentials, no URLs, and not the caller's `metadata`.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    job_id: str
    digest: str
    result: Mapping[str, Any]
    objects: tuple[StoredObject, ...]

    def restore(
        self, kind: type[JobResult], urls: Mapping[str, str], metadata: Mapping[str, Any] | None
    ) -> JobResult:
        """Return the result, with the URLs that its objects have now, by key.

        Raises:
            ValueError: it is not the result of a job of this `kind`.
        """
        return kind.model_validate({**_add_urls(dict(self.result), urls), "metadata": metadata})


def make_manifest(
    job_id: str, digest: str, result: JobResult, objects: Sequence[StoredObject], redact: Callable[[str], str]
) -> ResultManifest:
    """Make the manifest of a result; `redact` removes the secrets of the job from a text."""
    kept = {key: _strip(value, redact) for key, value in result.as_json().items() if key not in _MADE_ANEW}
    return ResultManifest(job_id=job_id, digest=digest, result=kept, objects=tuple(objects))


def manifest_key(upload_key: str, name: str) -> str:
    """Return the key of a manifest: in a hidden folder of the folder that `upload.key` names.

    A key that looks like a file stands for the folder it is in, as it may name the only output of the job.
    """
    folder, _, last = upload_key.rpartition("/")
    if last and "." not in last.lstrip("."):
        folder = upload_key
    return "/".join(filter(None, (folder.strip("/"), _FOLDER, f"{name}.json")))


def _strip(value: Any, redact: Callable[[str], str]) -> Any:
    """Return a value without the URLs of outputs and without secrets."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_strip(item, redact) for item in value]
    if isinstance(value, dict):
        is_output = "path" in value
        return {key: _strip(item, redact) for key, item in value.items() if not (is_output and key == "url")}
    return value


def _add_urls(value: Any, urls: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_add_urls(item, urls) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _add_urls(item, urls) for key, item in value.items()}
    path = found.get("path")
    return {**found, "url": urls[path]} if isinstance(path, str) and path in urls and "size" in found else found
