"""Local test mode of `runpod/handler.py`: runs one job from a file and prints its output."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.strict_json import read_json
from ffmpeg_worker.runpod_worker.handler_output import failure, finalize
from ffmpeg_worker.runpod_worker.worker import RunpodWorker

_JOB_ID = "local_test"


def run_test_job(path: Path, open_worker: Callable[[], RunpodWorker]) -> int:
    """Run the job in a file and print its output as JSON; return the exit status, 1 if the job failed.

    `open_worker` is called only if the file has a job.
    """
    try:
        job = read_test_job(path)
    except InvalidJob as error:
        output = finalize(failure(error))
    else:
        output = asyncio.run(open_worker().handle(job))
    sys.stdout.write(json.dumps(output, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()
    return 1 if "error" in output else 0


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
