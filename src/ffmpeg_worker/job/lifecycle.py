"""Stages and progress of a running job."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass


class Stage(StrEnum):
    """Stages of a job, in order; before each command it may wait."""

    FETCHING = "fetching"
    WAITING = "waiting"
    RUNNING = "running"
    VERIFYING = "verifying"
    DELIVERING = "delivering"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Progress of a job; what is not known is left out."""

    stage: Annotated[Stage, Field(description="The current stage.", examples=["running"])]
    percent: Annotated[float, Field(description="From 0 to 100; it never decreases.", examples=[41.3])]
    speed: Annotated[
        float | None,
        Field(description="Seconds of media made per second, by all running commands.", examples=[3.2]),
    ] = None
    received_bytes: Annotated[
        int, Field(description="Bytes downloaded from other machines.", examples=[1048576])
    ] = 0
    expected_bytes: Annotated[
        int | None,
        Field(description="Sum of the sizes that servers have announced for downloads.", examples=[3071976]),
    ] = None
    sent_bytes: Annotated[int, Field(description="Bytes uploaded to other machines.", examples=[183422])] = 0
    position: Annotated[
        int | None,
        Field(description="Place among the waiting jobs, 1 is next; only while the job waits.", examples=[2]),
    ] = None
    fps: Annotated[
        float | None, Field(description="Frames made per second, by all running commands.", examples=[96.0])
    ] = None
    eta_s: Annotated[
        float | None,
        Field(description="Estimated seconds until the job ends, without its last uploads.", examples=[12.4]),
    ] = None
    output: Annotated[
        str | None, Field(description="Name of the output that is being made.", examples=["small.mp4"])
    ] = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON that every door shows: rounded, without what is not known."""
        progress: dict[str, Any] = {"stage": self.stage.value, "percent": round(self.percent, 1)}
        rounded = {
            "position": self.position,
            "speed": None if self.speed is None else round(self.speed, 2),
            "fps": None if self.fps is None else round(self.fps, 1),
            "eta_s": None if self.eta_s is None else round(self.eta_s, 1),
            "output": self.output,
        }
        progress |= {name: value for name, value in rounded.items() if value is not None}
        moved = {name: getattr(self, name) for name in ("received_bytes", "expected_bytes", "sent_bytes")}
        return progress | {name: value for name, value in moved.items() if value}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> JobEvent:
        """Read what `as_json` has made, perhaps by another version of the worker.

        Fields that are unknown or have an unexpected type are left out; an unknown stage is read as `running`.
        """
        stage = value.get("stage")
        output = value.get("output")
        return cls(
            Stage(stage) if isinstance(stage, str) and stage in set(Stage) else Stage.RUNNING,
            _read_number(value, "percent") or 0.0,
            _read_number(value, "speed"),
            received_bytes=_read_count(value, "received_bytes") or 0,
            expected_bytes=_read_count(value, "expected_bytes"),
            sent_bytes=_read_count(value, "sent_bytes") or 0,
            position=_read_count(value, "position"),
            fps=_read_number(value, "fps"),
            eta_s=_read_number(value, "eta_s"),
            output=output if isinstance(output, str) else None,
        )


def _read_number(value: Mapping[str, Any], name: str) -> float | None:
    number = value.get(name)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        return None
    return max(float(number), 0.0)


def _read_count(value: Mapping[str, Any], name: str) -> int | None:
    number = value.get(name)
    return max(number, 0) if isinstance(number, int) and not isinstance(number, bool) else None


Observer = Callable[[JobEvent], None]
"""Called on the event loop with every progress; must return at once."""


def ignore_event(_event: JobEvent) -> None:
    """Do nothing; the observer of jobs that nobody watches."""
