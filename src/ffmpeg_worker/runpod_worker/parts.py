"""Splits a `multi_process` job into parts, and merges the results of the parts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from ffmpeg_worker.client.errors import Problem
from ffmpeg_worker.job.actions.multi_process import MultiProcessData, MultiProcessJob
from ffmpeg_worker.job.job import CommonFields
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.object_location import OBJECT_SCHEMES
from ffmpeg_worker.job.platform_job import is_platform_id
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.loose_values import read_loose_values
from ffmpeg_worker.planning.commands.read_chain import Chain, all_outputs
from ffmpeg_worker.planning.read_job import read_job
from ffmpeg_worker.runpod_worker.request import PART_ID_KEY, PART_KEY, RunpodRequest

_REMOTE_SCHEMES = OBJECT_SCHEMES | {"http", "https"}
_TOTALS = ("frames", "cpu_seconds", "input_bytes", "output_bytes")
_WEAKEST_FIRST = ("off", "degraded")


@dataclass(frozen=True, slots=True)
class Part:
    """The processes from `begin` up to but excluding `end` of a job, as a separate request."""

    begin: int
    end: int
    request: RunpodRequest

    @property
    def count(self) -> int:
        """Number of processes."""
        return self.end - self.begin

    @property
    def label(self) -> str:
        """Name of the part in warnings and log lines."""
        last = self.end - 1
        return f"Process {last}" if self.count == 1 else f"Processes {self.begin} to {last}"

    def as_input(self) -> dict[str, Any]:
        """Return the `input` for another worker, marked as a part so that it is not split again."""
        part_id = self.request.platform_job_id
        marks = {PART_KEY: True, **({} if part_id is None else {PART_ID_KEY: part_id})}
        return {"path": self.request.path, "body": json.loads(self.request.body), **marks}

    def problem_of_whole(self, problem: Problem) -> Problem:
        """Return a problem of the part with the process number of the whole job."""
        where = problem.get("where")
        if not isinstance(where, Mapping) or not isinstance(where.get("process"), int):
            return problem
        return {**problem, "where": {**where, "process": where["process"] + self.begin}}


def find_reason_not_to_split(job: MultiProcessJob, *, option_policy: bool) -> str | None:
    """Return why a job must stay on one worker, as a clause after "because"; `None` if it can be split.

    Raises:
        WorkerError: the job is invalid, with the same error as from the HTTP API.
    """
    if job.destination is None:
        return 'it has no "upload" and its outputs stay on the worker'
    read = read_job(job, Machine(cores=1, option_policy=option_policy))
    needs = read.required_inputs
    sources = [need.source for need in needs]
    if any(isinstance(source, FileSource) and source.scheme not in _REMOTE_SCHEMES for source in sources):
        return "it reads files of the worker"
    if any(need.is_list for need in needs):
        return "it reads a list, which may name files of the worker"
    if read.presets:
        return "the names of what a preset writes may depend on its inputs"
    names = [name for chain in read.chains for name in _find_output_names(chain)]
    if len(names) != len(set(names)):
        return "two of its processes write a file of the same name"
    return None


def split_request(request: RunpodRequest, count: int) -> list[Part]:
    """Split a job into `count` parts of nearly equal size, in order."""
    body = _read_exactly(json.loads(request.body))
    processes = body.pop("processes")
    body.pop("metadata", None)
    _keep_prefix(body)
    count = min(count, len(processes))
    edges = [len(processes) * number // count for number in range(count + 1)]
    parts = []
    for begin, end in pairwise(edges):
        text = json.dumps({**body, "processes": processes[begin:end]}, ensure_ascii=False)
        part_id = _id_of_part(request.platform_job_id, begin, end)
        parts.append(Part(begin, end, replace(request, body=text.encode(), platform_job_id=part_id)))
    return parts


def _id_of_part(job_id: str | None, begin: int, end: int) -> str | None:
    """The id of a part: the same whenever RunPod delivers the whole job."""
    part_id = f"{job_id}.{begin}-{end}"
    return part_id if job_id is not None and is_platform_id(part_id) else None


def _read_exactly(body: dict[str, Any]) -> dict[str, Any]:
    """Read the loose values of a body, which the notes of the whole job name: a part would count its processes."""
    for model in (MultiProcessData, CommonFields):
        body, _ = read_loose_values(body, model)
    return body


def merge_results(
    parts: Sequence[Part],
    results: Sequence[Mapping[str, Any]],
    *,
    seconds: float,
    metadata: Mapping[str, Any] | None,
    warnings: Sequence[str],
) -> dict[str, Any]:
    """Merge the results of all parts into one, as if one worker had run the job in `seconds`."""
    reports = [
        _renumber(part, report)
        for part, result in zip(parts, results, strict=True)
        for report in result.get("results", ())
    ]
    said = [*(warning for result in results for warning in result.get("warnings", ())), *warnings]
    weaknesses = {result.get("sandbox") for result in results}
    whole = {
        "job_id": results[0].get("job_id"),
        "metadata": metadata,
        "sandbox": next((level for level in _WEAKEST_FIRST if level in weaknesses), None),
        "results": reports,
        "succeeded": sum(bool(report.get("success")) for report in reports),
        "failed": sum(not report.get("success") for report in reports),
        "outputs": [output for result in results for output in result.get("outputs", ())],
        "stats": _sum_stats([result.get("stats") or {} for result in results], seconds),
        "warnings": list(dict.fromkeys(said)),
    }
    return {key: value for key, value in whole.items() if value is not None}


def _find_output_names(chain: Chain) -> Iterator[str]:
    """Yield the names of the files that a process uploads, each once."""
    written = {
        output.name for command in chain.commands for output in all_outputs(command) if output.name is not None
    }
    for name in {*written, *chain.outputs}:
        yield PurePosixPath(name).name if name.startswith("/") else name


def _keep_prefix(body: dict[str, Any]) -> None:
    """Mark the key as a prefix: a part with one output would take a key with an extension as its name."""
    upload = body.get("upload")
    if not isinstance(upload, dict):
        return
    for field in ("key", "url"):
        place = upload.get(field)
        if isinstance(place, str) and place and not place.lower().startswith(("http://", "https://")):
            upload[field] = place.rstrip("/") + "/"


def _renumber(part: Part, report: Mapping[str, Any]) -> dict[str, Any]:
    numbered = {**report, "index": report["index"] + part.begin}
    if isinstance(report.get("error"), Mapping):
        numbered["error"] = part.problem_of_whole(report["error"])
    return numbered


def _sum_stats(stats: Sequence[Mapping[str, Any]], seconds: float) -> dict[str, Any]:
    made = [one["speed"] * one["seconds"] for one in stats if one.get("speed") and one.get("seconds")]
    totals = {name: sum(one[name] for one in stats if one.get(name)) for name in _TOTALS}
    if not any("frames" in one for one in stats):
        del totals["frames"]
    speed = {"speed": round(sum(made) / seconds, 3)} if made and seconds > 0 else {}
    return {"seconds": round(seconds, 3), **speed, **totals}
