"""Finds the addresses of the outputs in a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from ffmpeg_worker.client.errors import output_not_found
from ffmpeg_worker.suggestions import did_you_mean


@dataclass(frozen=True, slots=True)
class OutputPlace:
    """One of both: a `url` that needs no key, or a `route` of the API below its base URL."""

    url: str | None = None
    route: str | None = None


def locate_output(result: Mapping[str, Any], name: str, *, job_id: str | None, has_api: bool) -> OutputPlace:
    """Return where an output can be fetched.

    Args:
        result: the result of the job.
        name: the output's name in the result.
        job_id: the job, if it was queued: the API keeps its outputs.
        has_api: whether the job ran on an API that serves files.

    Raises:
        ApiError: the result has no such output, or RunPod's result has no URL for it (`output_not_found`).
    """
    outputs = [each for each in result.get("outputs") or () if isinstance(each, Mapping)]
    found = next((each for each in outputs if each.get("name") == name), None)
    if found is None:
        names = [str(each.get("name")) for each in outputs]
        listed = f"Its outputs: {', '.join(names[:20])}." if names else "It has no outputs."
        raise output_not_found(f"The job has no output {name!r}.", did_you_mean(name, names) or listed)
    url = found.get("url")
    if isinstance(url, str) and not (has_api and job_id is not None and f"/jobs/{job_id}/" in urlsplit(url).path):
        return OutputPlace(url=url)
    if not has_api:
        raise output_not_found(
            f"The output {name!r} was not uploaded, and RunPod keeps no files.",
            'Give the job an "upload", or the endpoint a default bucket.',
        )
    quoted = quote(name)
    return OutputPlace(route=f"/files/{quoted}" if job_id is None else f"/jobs/{quote(job_id)}/outputs/{quoted}")
