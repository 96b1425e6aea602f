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
from ffmpeg_worker.suggestions import did_you_mean

_JOB_ID = "local_test"
_MAX_LISTED = 50


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
    shown = f"The test input {path}"
    try:
        value = read_json(path.read_bytes(), shown)
    except OSError as error:
        raise InvalidJob(
            f"{shown} cannot be read: {error.strerror}.",
            code="test_input_unreadable",
            hint=f"TEST_INPUT_FILE_NAME names a file in that folder. {_describe_files(path)}",
        ) from None
    except InvalidJob as error:
        message = error.message if error.message.startswith(shown) else f"{shown}: {error.message}"
        raise InvalidJob(message, code=error.code, hint=error.hint) from None
    is_input_alone = not isinstance(value, dict) or "action" in value or "path" in value
    return {"id": _JOB_ID, "input": value} if is_input_alone else {"id": _JOB_ID, **value}


def _describe_files(path: Path) -> str:
    """Name the test inputs beside a missing one, the most similar first."""
    try:
        names = sorted(
            entry.name for entry in path.parent.iterdir() if entry.suffix == ".json" and entry.is_file()
        )
    except OSError:
        return "There is no such folder."
    if not names:
        return "It has no JSON files."
    hint = did_you_mean(path.name, names)
    listed = ", ".join(names[:_MAX_LISTED]) + (", …" if len(names) > _MAX_LISTED else "")
    return f"{hint} Its JSON files: {listed}." if hint else f"Its JSON files: {listed}."
