"""Uploads of one lane as steps of the runtime, so that a later attempt at the job goes on with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ffmpeg_worker.pipeline.runtime import Runtime


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """Result of an upload: the ETag that the store gave it, where it gives one."""

    etag: str | None


@dataclass(frozen=True, slots=True)
class BegunUpload:
    """Result of the start of an upload in parts: the id that the store gave it."""

    upload: str


class _NoneBegun(Exception):
    """There is no record of the start of an upload in parts."""


@dataclass(frozen=True, slots=True)
class UploadSteps:
    """The `UploadRecords` of a lane, each a step of the runtime."""

    runtime: Runtime
    lane_name: str

    async def once(self, name: str, upload: Callable[[], Awaitable[str | None]]) -> str | None:
        """See `UploadRecords.once`."""

        async def run() -> UploadedFile:
            return UploadedFile(await upload())

        step = f"{self.lane_name}/upload/{name}"
        return (await self.runtime.step(step, UploadedFile, run, has_effects=True)).etag

    async def begin(self, name: str, begin: Callable[[str | None], Awaitable[str]]) -> str:
        """See `UploadRecords.begin`."""
        left: list[str] = []

        async def run() -> BegunUpload:
            return BegunUpload(await begin(left[0] if left else None))

        def leave(found: BegunUpload) -> bool:
            left.append(found.upload)
            return False

        # An upload without a record could not be removed after a crash.
        step = self._begin_step(name)
        return (await self.runtime.step(step, BegunUpload, run, is_usable=leave, has_effects=True)).upload

    async def find_begun(self, name: str) -> str | None:
        """See `UploadRecords.find_begun`."""

        async def run() -> BegunUpload:
            raise _NoneBegun

        try:
            return (await self.runtime.step(self._begin_step(name), BegunUpload, run)).upload
        except _NoneBegun:
            return None

    def _begin_step(self, name: str) -> str:
        return f"{self.lane_name}/begin/{name}"

    async def keeps_outputs(self) -> bool:
        """See `UploadRecords.keeps_outputs`."""
        return await self.runtime.keeps_outputs()
