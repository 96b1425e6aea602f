"""Stage five: verified files go where the caller wants them, all of a lane or none."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ffmpeg_worker.errors import EngineTimedOut, WorkerError
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.result_parts import OutputFile
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.output_keys import OutputKeys
from ffmpeg_worker.pipeline.verify import Produced, VerifiedFile
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.sandbox.beneath import hardlink_beneath
from ffmpeg_worker.storage.content_types import MANIFEST_TYPES, content_type
from ffmpeg_worker.storage.stores import Delivery, OutputLocation, Target
from ffmpeg_worker.storage.transfer import TransferMeter


@dataclass(frozen=True, slots=True)
class Delivered:
    """A lane whose files are in their place; only `LaneDelivery.finish` makes it."""

    executed: Executed
    outputs: tuple[OutputFile, ...]
    warnings: tuple[str, ...] = ()


_Stamp = tuple[int, int, int]
"""Inode, size and time of change of a file: equal ones mean that it was not written in between."""


class LaneDelivery:
    """The way of one lane's files to their destination, some of it while the lane still runs."""

    def __init__(self, delivery: Delivery, naming: OutputKeys, early: Path) -> None:
        """`early` is a folder of the worker's own, on the disk of the lane."""
        self._delivery = delivery
        self._naming = naming
        self._early = early
        self._stamps: dict[str, _Stamp] = {}
        self._files: list[VerifiedFile] = []
        self.linked: set[Path] = set()
        """Files of which a second name is held for the time of their transfer."""

    def send_early(self, name: str, folder: Path, work_name: str) -> None:
        """Send a file that its command seems to have finished; what it really was shows when it is verified.

        A second name is sent, since the first may come to mean another file as long as the command runs.
        """
        second = self._early / str(len(self._stamps))
        try:
            self._early.mkdir(mode=0o700, exist_ok=True)
            hardlink_beneath(folder, work_name, second)
            status = second.lstat()
        except OSError:  # gone meanwhile, or no second names on this disk: it will be sent in the end
            return
        if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
            second.unlink()
            return
        self.linked.add(folder / work_name)
        self._stamps[name] = _stamp(status)
        self._delivery.send(self._naming.of(name), second)

    def send(self, produced: Produced) -> None:
        """Send what has been verified, unless just that was sent before."""
        for file in produced.files:
            self._files.append(file)
            if self._stamps.pop(file.name, None) != _stamp(file.path.lstat()):
                self._delivery.send(self._naming.of(file.name), file.path)

    async def finish(self, executed: Executed, *, deadline: float) -> Delivered:
        """Wait until all files are in their place, by `deadline` of the monotonic clock.

        Raises:
            TargetError: nothing was left behind, or the error says what.
            EngineTimedOut: the time was used up.
        """
        for name in self._stamps:
            self._delivery.withdraw(self._naming.of(name))
        keys = {file.name: self._naming.of(file.name) for file in self._files}
        try:
            async with asyncio.timeout(max(deadline - time.monotonic(), 0.001)):
                places = await self._delivery.finish() if keys else {}
        except TimeoutError:
            raise EngineTimedOut(
                "The time for the job was used up while its outputs were uploaded.",
                hint='Allow more with "timeout".',
            ) from None
        except WorkerError as error:
            raise _in_callers_words(error, keys) from None
        outputs = tuple(_described(file, places[keys[file.name]]) for file in self._files)
        return Delivered(executed, outputs, tuple(_warnings(outputs)))


@asynccontextmanager
async def open_delivery(
    target: Target, naming: OutputKeys, early: Path, meter: TransferMeter
) -> AsyncIterator[LaneDelivery]:
    """The delivery of one lane; whatever goes wrong inside, what was sent is taken back."""
    delivery = target.open_delivery(meter)
    try:
        yield LaneDelivery(delivery, naming, early)
    except BaseException:
        await delivery.undo()
        raise


def check_targets(lane: Lane, target: Target, naming: OutputKeys) -> None:
    """Refuse outputs that could not be delivered, before any work is done.

    Raises:
        TargetError, InvalidJob: with `where.output`.
    """
    target.check([naming.of(artifact.name) for artifact in lane.artifacts])


def _in_callers_words(error: WorkerError, keys: Mapping[str, str]) -> WorkerError:
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


def _described(file: VerifiedFile, place: OutputLocation) -> OutputFile:
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
