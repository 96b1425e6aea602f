"""The delivery stage: verified files go to the job's target, all of a lane or none."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.result_parts import OutputFile
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.leftover_files import describe_leftovers
from ffmpeg_worker.pipeline.output_keys import OutputKeys
from ffmpeg_worker.pipeline.quota import size_of
from ffmpeg_worker.pipeline.upload_steps import UploadSteps
from ffmpeg_worker.pipeline.verify import VerifiedFiles
from ffmpeg_worker.pipeline.verify_artifact import VerifiedFile
from ffmpeg_worker.sandbox.beneath import hardlink_beneath, open_plain_beneath
from ffmpeg_worker.storage.content_types import MANIFEST_TYPES, content_type
from ffmpeg_worker.storage.stores import Delivery, OutputLocation
from ffmpeg_worker.tasks import finish_shielded

_HOW_TO_GET = 'Give each a name of its own, and a place in "upload".'
_Stamp = tuple[int, int, int]
"""Inode, size and modification time of a file: equal stamps mean that it was not written in between."""


@dataclass(frozen=True, slots=True)
class DeliveredFiles:
    """Result of the delivery of one lane; `etags` are those of uploaded objects, by key."""

    outputs: tuple[OutputFile, ...]
    warnings: tuple[str, ...] = ()
    etags: Mapping[str, str] = field(default_factory=dict)


class LaneDelivery:
    """Delivers the files of one lane; segments may be sent while their command still runs."""

    def __init__(
        self,
        delivery: Delivery,
        keys: OutputKeys,
        early: Path,
        max_early_bytes: int,
        check: Callable[[Sequence[str]], None],
    ) -> None:
        """Open it.

        Args:
            delivery: the transfer to the target.
            keys: keys of the outputs of the job.
            early: a folder of the worker's own, on the disk of the lane.
            max_early_bytes: larger files are not sent early.
            check: refuses keys that the target does not accept.
        """
        self._delivery = delivery
        self._keys = keys
        self._check = check
        self._early = early
        self._max_early_bytes = max_early_bytes
        self._stamps: dict[str, _Stamp] = {}
        self._followed: dict[str, BinaryIO] = {}
        self._is_finished = False
        self.linked: set[Path] = set()
        """Files that have a second name while they are being sent."""

    def send_early(self, name: str, folder: Path, work_name: str) -> None:
        """Send a file that its command seems to have finished; `deliver` sends it again if it was not.

        A second name of it is sent, since the command may still replace the first.
        """
        second = self._early / str(len(self._stamps))
        try:
            self._early.mkdir(mode=0o700, exist_ok=True)
            hardlink_beneath(folder, work_name, second)
            status = second.lstat()
        except OSError:  # gone meanwhile, or no second names on this disk: it will be sent in the end
            return
        is_sendable = status.st_size > 0 and size_of(status) <= self._max_early_bytes
        if not stat.S_ISREG(status.st_mode) or not is_sendable:
            second.unlink()
            return
        self.linked.add(folder / work_name)
        self._stamps[name] = _stamp(status)
        self._delivery.send(self._keys.of(name), second)

    def expect_growing(self, names: Iterable[str]) -> None:
        """Name the files that `follow` may be called with."""
        self._delivery.expect_growing([self._keys.of(name) for name in names])

    def follow(self, name: str, folder: Path, work_name: str) -> None:
        """Send parts of a file that its command still writes; `deliver` sends those again that have changed."""
        try:
            file = self._followed.get(name) or open_plain_beneath(folder, work_name)
        except OSError:  # not there yet
            return
        self._followed[name] = file
        if not file.closed:
            self._delivery.follow(self._keys.of(name), file, os.fstat(file.fileno()).st_size)

    async def stop_following(self) -> None:
        """Drop the parts of files that were not delivered."""
        await self._delivery.stop_following()

    async def deliver(self, verified: VerifiedFiles, folder: Path) -> DeliveredFiles:
        """Send the verified files of a working directory, but for those that were sent early and did not change.

        It can be repeated: keys do not depend on the attempt, and a file that is sent again replaces itself.

        Raises:
            TargetError: nothing was left behind, or the error says what.
        """
        left_out = {file.name for file in verified.files if file.is_optional and not self._has_place(file.name)}
        files = [file for file in verified.files if file.name not in left_out]
        keys = {file.name: self._keys.of(file.name) for file in files}
        for file in files:
            path = folder / file.work_name
            if self._stamps.pop(file.name, None) != _stamp(path.lstat()):
                self._delivery.send(keys[file.name], path)
        for name in self._stamps:
            self._delivery.withdraw(self._keys.of(name))
        try:
            places = await self._delivery.finish() if keys else {}
        except WorkerError as error:
            raise _with_output_name(error, keys) from None
        self._is_finished = True
        outputs = tuple(_describe(file, places[keys[file.name]]) for file in files)
        missed = describe_leftovers(left_out, _HOW_TO_GET)
        etags = {place.path: place.etag for place in places.values() if place.etag is not None}
        return DeliveredFiles(outputs, (*verified.warnings, *missed, *_warnings(outputs)), etags)

    def adopt(self, delivered: DeliveredFiles) -> None:
        """Count files as sent that an earlier attempt at the job has delivered."""
        if not self._is_finished:
            for output in delivered.outputs:
                self._delivery.adopt(self._keys.of(output.name))

    async def undo(self) -> None:
        """Remove what was sent, because the job failed or was cancelled."""
        await self._delivery.undo()

    def _has_place(self, name: str) -> bool:
        """Whether the target accepts a file that was not planned."""
        try:
            self._check([self._keys.of(name)])
        except WorkerError:
            return False
        return self._keys.claim(name, str(self._early))


async def deliver(
    context: JobContext, executed: Executed, verified: VerifiedFiles, delivery: LaneDelivery
) -> DeliveredFiles:
    """Bring the files of a lane to the job's target.

    Raises:
        TargetError: nothing was left behind, or the error says what.
        EngineTimedOut: the job's time was used up.
    """
    delivered = await context.runtime.step(
        f"{executed.name}/deliver",
        DeliveredFiles,
        partial(delivery.deliver, verified, executed.folder),
        doing="its outputs were uploaded",
    )
    delivery.adopt(delivered)
    return delivered


@asynccontextmanager
async def open_delivery(context: JobContext, keys: OutputKeys, lane_name: str) -> AsyncIterator[LaneDelivery]:
    """The delivery of one lane; files that were sent are removed again if anything inside fails."""
    records = UploadSteps(context.runtime, lane_name)
    delivery = context.stores.target.open_delivery(context.progress.sending(), records)
    try:
        early = context.workspace.root / f"early-{lane_name}"
        max_bytes = context.resources.quota.max_file_bytes
        yield LaneDelivery(delivery, keys, early, max_bytes, context.stores.target.check)
    except BaseException:
        await finish_shielded(delivery.stop_following())
        if not await finish_shielded(records.keeps_outputs()):
            await delivery.undo()
        raise
    await delivery.stop_following()


def _with_output_name(error: WorkerError, keys: Mapping[str, str]) -> WorkerError:
    """Name the output as the caller does, not by its key."""
    names = {display_name(key): display_name(name) for name, key in keys.items()}
    output = error.where.get("output")
    if isinstance(output, str) and output in names:
        error.where["output"] = names[output]
    return error


def _warnings(outputs: Sequence[OutputFile]) -> Iterator[str]:
    for output in outputs:
        if output.content_type in MANIFEST_TYPES and output.url and "?" in output.url:
            yield (
                f'The url of "{display_name(output.name)}" is presigned, but players fetch its segments without a '
                "signature: serve the bucket under a public base."
            )


def _describe(file: VerifiedFile, place: OutputLocation) -> OutputFile:
    return OutputFile(
        name=file.name,
        path=place.path,
        url=place.url,
        size=file.size,
        content_type=content_type(file.name),
        media=file.media.summary() if file.media else None,
    )


def _stamp(status: os.stat_result) -> _Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns
