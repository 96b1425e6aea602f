"""The folder of a request: files that were sent with its job, and outputs that are its answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from starlette.requests import Request

from ffmpeg_worker.api.app_state import app_state_of
from ffmpeg_worker.api.idempotency import IDEMPOTENCY_HEADER
from ffmpeg_worker.api.request_files import RequestFiles
from ffmpeg_worker.api.request_log import request_record_of
from ffmpeg_worker.job_queue.job_folders import INPUTS
from ffmpeg_worker.pipeline.scratch import remove_tree
from ffmpeg_worker.storage.local.file_area import FileArea

_QUEUE_SIGNS = ("async", "wait")


class RequestFolder:
    """Folder and files of a request, removed when its job has ended and its answer has been sent."""

    def __init__(self, request: Request) -> None:
        state, record = app_state_of(request), request_record_of(request.scope)
        self._services = state.services
        self._owner = record.owner
        self._job_id = record.job_id
        self._root = state.services.resources.scratch.root / f"request-{record.job_id}"
        self._files: RequestFiles | None = None

    @property
    def is_used(self) -> bool:
        """Whether there is anything to remove."""
        return self._files is not None or self._root.exists()

    @property
    def outputs(self) -> Path:
        """The folder of outputs that are the answer, which may not exist."""
        return self._root / "outputs"

    @property
    def inputs(self) -> Path | None:
        """The folder of the files that were sent; `None` if there are none."""
        return None if self._files is None or not self._files.names else self._files.folder

    @property
    def names(self) -> Mapping[str, str]:
        """Relative names of these files by the names of their inputs."""
        return {} if self._files is None else self._files.names

    async def open_files(self, *, may_be_queued: bool) -> RequestFiles:
        """Open the place for the files of the request: on the disk of queued jobs where the job may be one.

        Raises:
            UnsupportedFeature, Misconfigured: the queue cannot be used.
        """
        stores = self._services.resources.stores
        folder = self._root / INPUTS
        if may_be_queued and self._services.queue.is_on:
            queue = await self._services.queue.get()
            folder = queue.folders.of(self._job_id) / INPUTS
        folder.mkdir(mode=0o755, parents=True)
        area = FileArea(stores.roots_of(self._owner).only(folder), stores.data_usage, self._owner)
        self._files = RequestFiles(area, max_bytes=self._services.settings.max_upload_bytes)
        return self._files

    async def prepare_outputs(self) -> Path:
        """Make the folder of outputs."""
        self.outputs.mkdir(mode=0o755, parents=True, exist_ok=True)
        return self.outputs

    async def move_to_queue(self) -> None:
        """Move the files to where a worker of the queue finds them.

        Raises:
            DiskFull, FileError: they cannot be moved.
        """
        if self._files is None or not self._files.names:
            return
        queue = await self._services.queue.get()
        target = queue.folders.of(self._job_id) / INPUTS
        if self._files.folder != target:
            await self._files.move(target)

    def hand_over(self) -> None:
        """Leave the files to the job that is being queued."""
        if self._files is not None:
            self._files.hand_over()

    def take_back(self) -> None:
        """Undo `hand_over`: the job was not queued."""
        if self._files is not None:
            self._files.take_back()

    async def close(self) -> None:
        """Remove what was not handed over."""
        files = self._files
        if files is not None and not files.is_handed_over:
            await files.close()
            if files.folder.parent.name == self._job_id:
                with suppress(OSError):  # outputs are in it
                    files.folder.parent.rmdir()
        if self._root.exists():
            await remove_tree(self._root)


def may_be_queued(request: Request, *, is_queue_route: bool) -> bool:
    """Whether the job of a request may be a queued one, by what is known before its body is read."""
    return (
        is_queue_route
        or not app_state_of(request).services.queue.runs_jobs
        or any(name in request.query_params for name in _QUEUE_SIGNS)
        or "prefer" in request.headers
        or IDEMPOTENCY_HEADER in request.headers
    )
