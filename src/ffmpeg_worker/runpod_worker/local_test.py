"""Local test mode of `runpod/handler.py`: runs one job from a file and prints its output."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.runpod_worker.handler_output import HandlerOutput, failure, finalize
from ffmpeg_worker.runpod_worker.worker import RunpodWorker

_JOB_ID = "local_test"


def read_test_job(path: Path) -> dict[str, Any]:
    """Read a job from a file with either RunPod's `{"input": {…}}` or the input alone.

    Raises:
        InvalidJob: the file cannot be read, or is not JSON.
    """
    try:
        value = read_json(path.read_bytes())
    except OSError as error:
        raise InvalidJob(
            f"The test input {path} cannot be read: {error.strerror}.",
            code="test_input_unreadable",
            hint="TEST_INPUT_FILE_NAME names a file beside handler.py.",
        ) from None
    except InvalidJob as error:
        raise InvalidJob(f"The test input {path}: {error.message}", code=error.code, hint=error.hint) from None
    is_input_alone = not isinstance(value, dict) or "action" in value or "path" in value
    return {"id": _JOB_ID, "input": value} if is_input_alone else {"id": _JOB_ID, **value}


def run_test_job(job: dict[str, Any], worker: RunpodWorker) -> int:
    """Run the job and print its output; return the exit status, 1 if the job failed."""
    return print_output(asyncio.run(worker.handle(job)))


def print_output(output: HandlerOutput) -> int:
    """Print an output as JSON; return the exit status, 1 for an error."""
    sys.stdout.write(json.dumps(output, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()
    return 1 if "error" in output else 0


def print_refusal(error: InvalidJob) -> int:
    """Print the output for a job that could not be read; return the exit status."""
    return print_output(finalize(failure(error.as_problem())))
