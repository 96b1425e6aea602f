"""The request body of an action's route, before it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ffmpeg_worker.job.job import Job
from ffmpeg_worker.job.parse import parse_action, parse_job
from ffmpeg_worker.job.sent_files import add_sent_files
from ffmpeg_worker.job.strict_json import read_json


@dataclass(frozen=True, slots=True)
class JobBody:
    """JSON as a caller sent it to the route of `action`, with the query string of the request.

    Without an `action` it is a whole job, which names its action itself. `platform_job_id` is the id of the job at
    the platform that hands it out. `files` were sent with it: relative names of inputs by their names.
    `trace` has the headers of the trace that it belongs to.
    """

    action: str | None
    content: bytes = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    platform_job_id: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    trace: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Digest of the whole request."""
        head = json.dumps([self.action, sorted(self.query.items())]).encode()
        return hashlib.sha256(head + b"\n" + self.content).hexdigest()

    def decode(self) -> Any:
        """Decode the JSON; the files that were sent with it are among its inputs.

        Raises:
            InvalidJob: see `read_json` and `add_sent_files`.
        """
        return add_sent_files(read_json(self.content), self.files)

    def parse(self, value: Any) -> Job:
        """Parse the decoded JSON.

        Raises:
            InvalidJob, UnsupportedFeature: see `parse_action` and `parse_job`.
        """
        return parse_job(value) if self.action is None else parse_action(self.action, value, self.query)
