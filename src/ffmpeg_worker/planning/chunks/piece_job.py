"""A piece of a split encode as a `process` job that any worker can run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ffmpeg_worker.planning.chunks.plan_chunks import Piece


def as_job(piece: Piece, inputs: Any) -> dict[str, Any]:
    """The JSON of a job that runs a piece.

    Args:
        piece: of the plan.
        inputs: `inputs` of the whole job as the caller wrote them: with headers and credentials; `None` if it has
            none.

    Its only output is `piece.output`. The caller of this function adds where that goes, and `timeout`.
    """
    job: dict[str, Any] = {"action": "process", "data": {"chainCmds": [[*piece.command]], "output": piece.output}}
    if isinstance(inputs, Mapping | list) and inputs:
        job["inputs"] = inputs
    return job
