"""Progress of a split job, from the progress of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ffmpeg_worker.job.lifecycle import JobEvent, Stage
from ffmpeg_worker.pipeline.progress import sum_known
from ffmpeg_worker.runpod_worker.parts import Part


def merge_progress(parts: Sequence[Part], known: Mapping[int, JobEvent]) -> JobEvent:
    """Merge what is known of the parts, by the number of their first process, into the progress of the whole.

    A part counts by its number of processes. The whole ends with its last part, so its time is known when those of
    all parts are that have not ended.
    """
    done = sum(known[part.begin].percent * part.count for part in parts if part.begin in known)
    busy = [known.get(part.begin) for part in parts]
    busy = [event for event in busy if event is None or event.stage is not Stage.DONE]
    events = [event for event in busy if event is not None]
    times = [None if event is None else event.eta_s for event in busy]
    expected = [event.expected_bytes for event in known.values() if event.expected_bytes is not None]
    return JobEvent(
        Stage.RUNNING,
        done / parts[-1].end,
        sum_known(event.speed for event in events),
        received_bytes=sum(event.received_bytes for event in known.values()),
        expected_bytes=sum(expected) if expected else None,
        sent_bytes=sum(event.sent_bytes for event in known.values()),
        fps=sum_known(event.fps for event in events),
        eta_s=None if None in times else max((time for time in times if time is not None), default=None),
        output=next((event.output for event in events if event.output is not None), None),
    )
