"""The client's calls on a RunPod endpoint."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any

from ffmpeg_worker.client.errors import unsupported_on_runpod
from ffmpeg_worker.client.job import Job
from ffmpeg_worker.client.runpod_endpoint import RunpodEndpoint
from ffmpeg_worker.client.runpod_state import read_state

_FIRST_PAUSE_S = 0.5
_MAX_PAUSE_S = 3.0
_PAUSE_GROWTH = 1.3
_BESIDE_INPUT = ("policy", "s3Config")


class RunpodDoor:
    """An endpoint that runs this worker. All methods raise ApiError."""

    def __init__(self, endpoint: RunpodEndpoint) -> None:
        self.endpoint = endpoint

    async def submit(self, job: bytes, *, idempotency_key: str | None = None) -> Job:
        """Send a whole job, as JSON. It is sent again only while RunPod has certainly not taken it."""
        if idempotency_key is not None:
            raise unsupported_on_runpod(
                "know idempotency keys",
                "Leave idempotency_key out: RunPod takes a job once, and the client never sends it twice.",
            )
        state = await self.endpoint.run(make_request(json.loads(job)))
        return read_state({"status": "IN_QUEUE", **state}, str(state["id"]))

    async def get(self, job_id: str) -> Job:
        """Return a job as it is now."""
        return read_state(await self.endpoint.status(job_id), job_id)

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job."""
        state = await self.endpoint.cancel(job_id)
        # The answer names the status only: what has completed meanwhile has its result elsewhere.
        return await self.get(job_id) if state.get("status") == "COMPLETED" else read_state(state, job_id)

    async def retry(self, job_id: str) -> Job:
        """Run a job that failed again, under the same id."""
        return read_state({"status": "IN_QUEUE", **await self.endpoint.retry(job_id)}, job_id)

    async def changes(
        self,
        job_id: str,
        *,
        revision: int,  # noqa: ARG002 - RunPod has none
        timeout_s: float | None,  # noqa: ARG002 - a status comes at once
    ) -> AsyncGenerator[Job, None]:
        """Yield the state of a job now: RunPod tells the progress of a worker's job in its status only."""
        yield read_state(await self.endpoint.status(job_id, repeats=False), job_id)

    def pauses(self) -> Iterator[float]:
        """See `Changes.pauses`."""
        pause_s = _FIRST_PAUSE_S
        while True:
            yield pause_s
            pause_s = min(pause_s * _PAUSE_GROWTH, _MAX_PAUSE_S)

    async def read_health(self) -> dict[str, Any]:
        """Return `{"jobs": {…}, "workers": {…}}`: their numbers by state."""
        return await self.endpoint.health()


def make_request(job: Any) -> dict[str, Any]:
    """Make the body of `/run`: RunPod calls the webhook itself, so it stands beside `input`."""
    if not isinstance(job, Mapping):
        return {"input": job}
    beside = {key: job[key] for key in _BESIDE_INPUT if key in job}
    webhook = job.get("callback_url") or job.get("webhook")
    if isinstance(job.get("input"), Mapping) and not {"action", "path"} & job.keys():  # the job is wrapped already
        return {**job}
    if webhook and not job.get("callback_auth_header"):
        beside["webhook"] = webhook
    left_out = {*_BESIDE_INPUT, *({"callback_url", "webhook"} if "webhook" in beside else ())}
    return {"input": {key: value for key, value in job.items() if key not in left_out}, **beside}
