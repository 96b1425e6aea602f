"""Inspects the inputs of a job: media facts by probing, and the content of texts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ffmpeg_worker.budgets import MAX_TEXT_FILE_BYTES, MAX_TEXT_FILES_BYTES
from ffmpeg_worker.errors import EngineKilled, NothingSelected, SourceError, SourceTooLarge, SourceUnreadable
from ffmpeg_worker.job.file_kinds import HEAD_BYTES, recognize_kind
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.media import MediaInfo, read_media
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.planning.expectations import (
    Expectations,
    Written,
    expect,
    expect_without_media,
    explain_nothing_selected,
)
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.planning.step_result import StepResult
from ffmpeg_worker.storage.ranged.ranged_file import RangedFile
from ffmpeg_worker.tasks import cancel_and_wait


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """Result of the inspection: the media facts of required inputs by their number; others are not media."""

    by_number: Mapping[int, MediaInfo] = field(default_factory=dict)


class InspectedInputs:
    """Fetched inputs, and what their media let expect.

    `files` have media facts where the plan depends on them; otherwise the first commands run during probing, or
    before it, if nobody asks for the facts.
    """

    def __init__(self, context: JobContext, files: LocalFiles) -> None:
        self.files = files
        self._context = context
        self._media: asyncio.Task[Mapping[str, MediaInfo]] | None = None

    def start(self) -> asyncio.Task[Mapping[str, MediaInfo]]:
        """Begin to probe the inputs, if that was not begun before."""
        if self._media is None:
            self._media = asyncio.ensure_future(_find_media(self._context, self.files))
        return self._media

    async def close(self) -> None:
        """Stop probing."""
        if self._media is not None:
            await cancel_and_wait(self._media)

    def expect_now(self, lane: Lane) -> Expectations:
        """Expectations from what is known by now, for progress."""
        media = self._media
        is_known = media is not None and media.done() and not media.cancelled() and not media.exception()
        return expect(lane, media.result() if media is not None and is_known else {})

    async def media(self) -> Mapping[str, MediaInfo]:
        """The media facts of the inputs, by their keys."""
        return await asyncio.shield(self.start())

    async def expect(self, lane: Lane, written: Written = ()) -> Expectations:
        """Expectations from all media facts, and from what each command has `written`."""
        return expect(lane, await self.media(), written)

    async def expect_enough(self, lane: Lane, results: Sequence[StepResult]) -> Expectations:
        """Expectations after all steps of a lane, without the media facts if FFmpeg's log tells enough.

        See `Expectations.at_most_s`; facts that are known, or that another part of the job asks for, are used.
        """
        found = expect_without_media(lane, results) if self._media is None else None
        return found or await self.expect(lane, [result.outputs for result in results])

    async def explain(self, lane: Lane, error: NothingSelected) -> NothingSelected:
        """Explain an empty output by all media facts."""
        return explain_nothing_selected(lane, await self.media(), error)


@asynccontextmanager
async def inspect_inputs(context: JobContext, files: LocalFiles) -> AsyncIterator[InspectedInputs]:
    """Begin to inspect the inputs, unless that may prove needless; wait only where the plan depends on the facts.

    Verification can do without in most jobs. Progress cannot, and a recorded step cannot begin within another one.

    Raises:
        SourceUnreadable: a text is too long, or not text.
    """
    inputs = InspectedInputs(context, files)
    try:
        if _plan_needs_media(context) or context.progress.is_watched or context.runtime.records_steps:
            inputs.start()
        if _plan_needs_media(context):
            inputs.files = await _with_facts(files, await inputs.media(), context.read.required_inputs)
        yield inputs
    finally:
        await inputs.close()


def _plan_needs_media(context: JobContext) -> bool:
    read = context.read
    return read.needs_media or bool(context.machine.gpu.encoders and read.wants_gpu)


async def _find_media(context: JobContext, files: LocalFiles) -> Mapping[str, MediaInfo]:
    required = context.read.required_inputs
    if not any(item.is_media for item in required):
        return {}
    facts = await context.runtime.step("inspect", MediaFacts, partial(_probe_all, context, files))
    return {required[number].key: media for number, media in facts.by_number.items()}


async def _probe_all(context: JobContext, files: LocalFiles) -> MediaFacts:
    """Probe the media among the inputs; what cannot be probed may be raw video, which ffmpeg will judge."""
    found: dict[int, MediaInfo] = {}
    # Verification only compares lengths.
    skips_pixels = not _plan_needs_media(context) and not context.read.job.data.may_be_split
    ignored = (SourceError,) if context.read.needs_media else (SourceError, EngineKilled)
    for number, item in enumerate(context.read.required_inputs):
        file = files.by_key.get(item.key)
        if file is not None and item.is_media and not item.is_text and not item.is_list and file.path.is_file():
            opened = context.by_range.find(file.staged) if file.by_range else None
            other_kind = await _recognize(context, file, opened) if context.read.needs_media else None
            if other_kind is not None:
                found[number] = MediaInfo("", (), other_kind=other_kind)
                continue
            with contextlib.suppress(*ignored):
                document = await context.probes.describe(
                    file.path, is_brief=True, skips_pixels=skips_pixels, file=opened
                )
                found[number] = read_media(document)
            if opened is not None:
                context.by_range.raise_problem((opened,))
    return MediaFacts(found)


async def _recognize(context: JobContext, file: LocalFile, opened: RangedFile | None) -> str | None:
    if opened is not None:
        return recognize_kind(await context.by_range.read_head(opened, HEAD_BYTES))
    return await asyncio.to_thread(_recognize_file, file.path)


def _recognize_file(path: Path) -> str | None:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return recognize_kind(file.read(HEAD_BYTES))
    return None


async def _with_facts(
    files: LocalFiles, media: Mapping[str, MediaInfo], required: tuple[RequiredInput, ...]
) -> LocalFiles:
    by_key = {key: replace(file, media=media.get(key)) for key, file in files.by_key.items()}
    texts = (by_key[item.key] for item in required if item.is_text and item.key in by_key)
    if sum(file.size for file in texts) > MAX_TEXT_FILES_BYTES:
        raise SourceTooLarge(
            f"The subtitle files and SVG images of the job have more than {MAX_TEXT_FILES_BYTES >> 20} MiB.",
            hint="Use smaller files, or convert large drawings to PNG.",
        )
    for item in required:
        file = by_key.get(item.key)
        if file is not None and item.is_text:
            by_key[item.key] = replace(file, text=await asyncio.to_thread(_read_text, file, item))
    return LocalFiles(by_key, files.failed)


def _read_text(file: LocalFile, item: RequiredInput) -> str:
    """Decode UTF-8 with or without a byte order mark, else Windows-1252, which Western European programs write."""
    content = file.path.read_bytes() if file.size <= MAX_TEXT_FILE_BYTES else None
    if content is None or b"\0" in content:
        raise SourceUnreadable(
            "The file is no text, or far too long for one.",
            code="source_not_text",
            hint="Give subtitles as .srt, .vtt or .ass, and drawings as .svg, in UTF-8.",
        ).at(input=display_name(item.key), field=item.field)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
