"""The output of an ended job for RunPod's clients, from RunPod's workers and from our own endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HandlerOutput = dict[str, Any]
"""`{"success": true, "result": …}` or `{"error": message, "details": …}`."""


def success(result: Mapping[str, Any]) -> HandlerOutput:
    """Make the output of a job that succeeded."""
    return {"success": True, "result": result}


def failure_of(problem: Mapping[str, Any]) -> HandlerOutput:
    """Make the output of a job that failed: the message as `error`, and the whole problem as `details`.

    RunPod shows `error` beside the output, and its clients return the output alone: the message is in both.
    """
    message = problem.get("error") or "The job failed."  # the SDK takes an empty one for success
    return {"error": message, "details": {**problem, "error": message}}


def make_failed_result(output: HandlerOutput) -> dict[str, Any]:
    """Make what RunPod shows for a failed job, `{"error", "output"}`, of what the handler returns."""
    return {"error": output["error"], "output": {"details": output["details"]}}


def make_progress(progress: Mapping[str, Any] | None) -> dict[str, Any]:
    """Make the output of a job that runs."""
    return {"progress": progress}
