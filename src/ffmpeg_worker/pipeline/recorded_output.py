"""Turns what was recorded of a run into what callers may see, in pieces that do not hold up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ffmpeg_worker.ffmpeg.recorder import Recorder
from ffmpeg_worker.measurements.metadata import FrameMetadata, MetadataMeasurement
from ffmpeg_worker.measurements.table import AnyMeasurement

Reword = Callable[[str], str]
"""Puts the caller's names in the place of staged ones, and removes secrets."""
_PAUSE_AFTER_ROWS = 200


@dataclass(frozen=True, slots=True)
class RecordedOutput:
    """The record of a run, as fields of its `StepResult`."""

    log: str = ""
    stdout: str | None = None
    is_log_cut: bool = False
    measurements: tuple[AnyMeasurement, ...] = ()
    warnings: tuple[str, ...] = ()


async def read_record(recorder: Recorder | None, command: int, reword: Reword) -> RecordedOutput:
    """Read the record of a run of the command with this index; without a recorder it is empty."""
    if recorder is None:
        return RecordedOutput()
    stdout = await _join(recorder.stdout(), reword) if recorder.has_stdout else None
    log = await _join(recorder.log(), reword)
    measured = [await _reword(one, reword) for one in recorder.measurements(command)]
    return RecordedOutput(log, stdout, recorder.is_log_cut, tuple(measured), tuple(_warnings(recorder, command)))


def _warnings(recorder: Recorder, command: int) -> Iterable[str]:
    if recorder.has_left_out:
        yield (
            f'Command {command} measured more than a result can hold: "measurements" has a part of it. '
            "Measure fewer things in one job."
        )


async def _join(pieces: Iterable[str], reword: Reword) -> str:
    done: list[str] = []
    for piece in pieces:
        done.append(reword(piece))
        await asyncio.sleep(0)
    return "\n".join(done)


async def _reword(measurement: AnyMeasurement, reword: Reword) -> AnyMeasurement:
    """Reword the texts that callers and media choose: names of instances, and metadata."""
    instance = measurement.instance and reword(measurement.instance)
    if not isinstance(measurement, MetadataMeasurement):
        return measurement.model_copy(update={"instance": instance})
    frames: list[FrameMetadata] = []
    names = {key: reword(key) for key in measurement.summary}
    for number, frame in enumerate(measurement.frames):
        values = {
            names.get(key) or reword(key): reword(value) if isinstance(value, str) else value
            for key, value in frame.values.items()
        }
        frames.append(frame.model_copy(update={"values": values}))
        if number % _PAUSE_AFTER_ROWS == 0:
            await asyncio.sleep(0)
    summary = {names[key]: found for key, found in measurement.summary.items()}
    return measurement.model_copy(update={"instance": instance, "frames": tuple(frames), "summary": summary})
