"""Errors of FFmpeg in terms of the composition that it renders."""

from __future__ import annotations

from ffmpeg_worker.codes import Fault
from ffmpeg_worker.errors import EngineFailed, EngineKilled, SourceUnreadable, WorkerError
from ffmpeg_worker.planning.steps import FailureContext


def explain_in_composition(error: WorkerError, context: FailureContext) -> WorkerError:
    """Explain an error in terms of the composition: ffmpeg's own message names files that no caller knows.

    Errors that are the worker's fault, such as too little memory, stay so.
    """
    error.at(field=context.field)
    if not isinstance(error, EngineFailed | EngineKilled):
        return error
    error.detail = "\n".join(filter(None, (error.message, error.stderr, error.detail)))
    if error.fault in {Fault.CALLER, Fault.SOURCE}:
        return SourceUnreadable(
            context.message, code=context.code, hint=context.hint, where=error.where, detail=error.detail
        )
    error.message, error.hint, error.stderr = f"{context.message} {error.message}", context.hint, None
    return error
