"""Base classes of all jobs and of their data."""

from __future__ import annotations

from collections.abc import Sequence

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.common_fields import CommonFields


class JobData(FrozenModel):
    """The `data` of a job. Each action has its own subclass."""

    def secret_values(self) -> Sequence[str]:
        """Return the values in the data that no result, error or log may show."""
        return ()


class Job(CommonFields):
    """A validated job. Each action has its own subclass, with its name as `action` and its own `data`."""

    action: str
    data: JobData
