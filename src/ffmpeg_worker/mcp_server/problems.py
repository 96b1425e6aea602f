"""Errors as answers of tools, so that the model can correct its call."""

from __future__ import annotations

import logging
from typing import Any

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.logs import log


def describe_error(error: Exception, job_id: str | None = None) -> dict[str, Any]:
    """Return the problem of the error that is being handled.

    The traceback of an unexpected one goes to the log; the model sees nothing of it.
    """
    if isinstance(error, WorkerError):
        return error.as_problem(job_id)
    log(logging.ERROR, "unexpected error", exc_info=True)
    hint = "Tell the user; the log of the MCP server has the cause."
    return WorkerError("The worker failed unexpectedly.", hint=hint).as_problem(job_id)
