"""Removal of outputs that a delivery has uploaded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.logs import log
from ffmpeg_worker.storage.backends import NOT_REMOVABLE, ObjectWriter
from ffmpeg_worker.storage.content_types import is_manifest
from ffmpeg_worker.storage.output_upload import MAX_UPLOADS, OutputUpload, list_outputs

_TIMEOUT_S = 30.0


async def remove_outputs(writer: ObjectWriter, outputs: Mapping[str, OutputUpload]) -> list[str]:
    """Delete outputs from their store, manifests first, within a time limit.

    Returns:
        The names of those that are still stored, which are logged.
    """
    slots = asyncio.Semaphore(MAX_UPLOADS)  # not shared with uploads: those of other lanes may take long
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            for output in outputs.values():
                ended = await asyncio.gather(*output.uploads, return_exceptions=True)
                output.is_stored = output.is_stored or any(map(_is_not_removable, ended))
            for manifests in (True, False):
                names = [name for name in outputs if is_manifest(name) == manifests]
                await asyncio.gather(*(_remove(writer, name, outputs[name], slots) for name in names))
    except TimeoutError:
        pass
    left = [name for name, output in outputs.items() if output.may_be_stored]
    if left:
        log(logging.WARNING, "outputs left in the store", outputs=list_outputs(left))
    return left


async def _remove(writer: ObjectWriter, name: str, output: OutputUpload, slots: asyncio.Semaphore) -> None:
    if not output.is_stored:
        return
    async with slots:
        try:
            await writer.delete(name)
        except Exception as error:
            log(logging.DEBUG, "output not deleted", error=type(error).__name__)
            return
    output.is_stored = False


def _is_not_removable(ended: BaseException | None) -> bool:
    """Whether an upload ended so that its object had already arrived and could not be removed."""
    return isinstance(ended, WorkerError) and ended.code == NOT_REMOVABLE
