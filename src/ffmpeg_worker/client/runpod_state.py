"""RunPod's state of a job as a job of the client, in the shape of `GET /api/jobs/{id}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.client.errors import bad_response
from ffmpeg_worker.client.job import Job

_STATUSES: Mapping[str, str] = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "running",
    "RUNNING": "running",
    "COMPLETED": "succeeded",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "TIMED_OUT": "failed",
}


def read_state(state: Mapping[str, Any], job_id: str) -> Job:
    """Read `{"status", "output"?, "error"?, …}`.

    Raises:
        ApiError: RunPod named a status that is unknown (`api_bad_answer`).
    """
    named = str(state.get("status"))
    status = _STATUSES.get(named)
    if status is None:
        raise bad_response(f"RunPod calls the status of the job {named[:40]!r}.")
    output = state.get("output")
    value: dict[str, Any] = {"id": job_id, "status": status}
    match output:
        case {"success": True, "result": dict(result)} if status == "succeeded":
            value["result"] = result
        case {"progress": dict(progress)} if status in {"queued", "running"}:
            value["progress"] = progress
    if status == "succeeded" and "result" not in value:
        value["status"] = "failed"  # a worker of another kind, or an output that RunPod has dropped
    if value["status"] in {"failed", "cancelled"}:
        value["error"] = _read_error(state, named)
    delays = {"delay_ms": state.get("delayTime"), "execution_ms": state.get("executionTime")}
    value |= {name: number for name, number in delays.items() if isinstance(number, int)}
    return Job.from_json(value)


def _read_error(state: Mapping[str, Any], named: str) -> dict[str, Any]:
    """Return the problem of a job without a result; a job that the platform ended has no problem of the worker."""
    output, message = state.get("output"), state.get("error")
    details = output.get("details") if isinstance(output, Mapping) else None
    if named == "CANCELLED":
        return {"error": "The job was cancelled.", "code": "cancelled", "fault": "caller", "retryable": False}
    if isinstance(details, Mapping):
        return {"code": "worker_error", "fault": "worker", **details, "error": _first_text(message, details)}
    if named == "TIMED_OUT":
        return {
            "error": "The job took longer than RunPod allows, and was stopped.",
            "code": "timed_out",
            "fault": "caller",
            "retryable": False,
            "hint": 'Raise "executionTimeout" in the policy of the job or of the endpoint.',
        }
    if named == "COMPLETED":
        return {
            "error": "The job ended, but its output is not one of this worker.",
            "code": "api_bad_answer",
            "fault": "worker",
            "retryable": False,
            "hint": "Check that the endpoint runs ffmpeg-worker.",
        }
    return {"error": _first_text(message, {}), "code": "worker_error", "fault": "worker", "retryable": False}


def _first_text(message: Any, details: Mapping[str, Any]) -> str:
    texts = (message, details.get("error"), "The job failed.")
    return next(text for text in texts if isinstance(text, str) and text)
