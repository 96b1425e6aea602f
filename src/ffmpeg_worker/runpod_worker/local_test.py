"""The test mode of `runpod/handler.py` on a plain machine: one job from a file, its answer on standard output."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.runpod_worker.handler_output import Answer, failure, finalize
from ffmpeg_worker.runpod_worker.worker import RunpodWorker

_JOB_ID = "local_test"


def read_test_job(path: Path) -> dict[str, Any]:
    """The job in a file that holds either a job of RunPod, `{"input": {…}}`, or its input alone.

    Raises:
        InvalidJob: there is no such file, or it is not JSON.
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
    """Run the job and print its answer; returns the exit status: 0, or 1 when it failed."""
    return print_answer(asyncio.run(worker.handle(job)))


def print_answer(answer: Answer) -> int:
    """Print an answer; returns the exit status that it stands for."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()
    return 1 if "error" in answer else 0


def print_refusal(error: InvalidJob) -> int:
    """Print the answer for a job that could not be read; returns the exit status."""
    return print_answer(finalize(failure(error.as_problem())))
