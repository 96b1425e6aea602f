"""Sends a job to an endpoint with RunPod's Python SDK, waits for it, and says what went wrong if it did.

pip install runpod
RUNPOD_API_KEY=… RUNPOD_ENDPOINT_ID=… python3 runpod_client.py runpod-console/process.json
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import runpod

FINAL = {"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"}


def run(endpoint_id: str, payload: dict[str, Any], *, within_s: float = 600) -> dict[str, Any]:
    """Run one job and return its result.

    Raises:
        RuntimeError: RunPod or the worker gave it up; the text is the worker's own sentence.
        TimeoutError: not done within that time; it was cancelled.
    """
    endpoint = runpod.Endpoint(endpoint_id)
    job = endpoint.run(payload)
    deadline = time.monotonic() + within_s
    pause = 0.5
    while time.monotonic() < deadline:
        # Job.output() leaves out why a job failed: the status has it.
        state = endpoint.rp_client.get(f"{endpoint_id}/status/{job.job_id}")
        if state["status"] in FINAL:
            return result_of(state)
        time.sleep(pause)
        pause = min(pause * 1.5, 5)
    job.cancel()
    raise TimeoutError(f"{job.job_id} was not done within {within_s:.0f} s.")


def result_of(state: dict[str, Any]) -> dict[str, Any]:
    """The worker's result from the last status of a job."""
    output = state.get("output") or {}
    if state["status"] == "COMPLETED" and output.get("success"):
        result: dict[str, Any] = output["result"]
        return result
    details = output.get("details", {})
    message = state.get("error") or f"The job ended as {state['status']}."
    raise RuntimeError(" ".join(filter(None, [message, details.get("hint")])))


if __name__ == "__main__":
    runpod.api_key = os.environ["RUNPOD_API_KEY"]
    job_file = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        json.dump(run(os.environ["RUNPOD_ENDPOINT_ID"], job_file), sys.stdout, indent=2, ensure_ascii=False)
    except (RuntimeError, TimeoutError) as error:
        sys.exit(str(error))
