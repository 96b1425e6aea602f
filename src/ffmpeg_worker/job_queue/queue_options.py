"""Options of a queue, read from the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """Options of a queue.

    Attributes:
        engine_url: of the database of the engine.
        slots: jobs that this process runs at once; 0: it only takes jobs, and other workers run them.
        max_queued: jobs that may wait; `None`: no limit. Likewise `max_queued_per_key` of one API key.
        grace_s: seconds that running jobs may take after the worker was told to end.
        job_retention_s, output_retention_s: seconds from the end of a job until its record and its outputs go.
        link_lifetime_s: seconds that links to outputs are valid.
        default_timeout_s, max_timeout_s: of jobs.
    """

    engine_url: str
    slots: int
    max_queued: int | None = None
    max_queued_per_key: int | None = None
    grace_s: float = 0.0
    job_retention_s: float = 30 * 86400.0
    output_retention_s: float = 86400.0
    link_lifetime_s: float = 86400.0
    default_timeout_s: float = 600.0
    max_timeout_s: float = 21600.0
