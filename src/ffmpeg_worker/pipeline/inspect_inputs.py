"""What the inputs of a job hold: streams and lengths of media, the words of texts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace

from ffmpeg_worker.errors import SourceError, SourceUnreadable
from ffmpeg_worker.ffmpeg.probe.prober import ProbeSession
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.job.media import read_media
from ffmpeg_worker.planning.required_inputs import RequiredInput

_MAX_TEXT_BYTES = 16 << 20


async def inspect_inputs(files: LocalFiles, needs: Sequence[RequiredInput], probes: ProbeSession) -> LocalFiles:
    """The same files with what the media among them hold, and what the texts say.

    What cannot be probed stays unknown: it may still be raw video, and ffmpeg will judge it.

    Raises:
        SourceUnreadable: a text is too long to be one.
    """
    known = dict(files.by_key)
    for need in needs:
        file = known.get(need.key)
        if file is not None and need.is_text:
            known[need.key] = replace(file, text=await asyncio.to_thread(_read_text, file, need))
        elif file is not None and need.is_media and not need.is_list and file.path.is_file():
            with contextlib.suppress(SourceError):
                known[need.key] = replace(file, media=read_media(await probes.describe(file.path)))
    return LocalFiles(known, files.failed)


def _read_text(file: LocalFile, need: RequiredInput) -> str:
    """UTF-8 with or without its mark, else what Western European programs write."""
    content = file.path.read_bytes() if file.size <= _MAX_TEXT_BYTES else None
    if content is None or b"\0" in content:
        raise SourceUnreadable(
            "The file is no text, or far too long for one.",
            code="source_not_text",
            hint="Give subtitles as .srt, .vtt or .ass, and drawings as .svg, in UTF-8.",
            where={"input": display_name(need.key), **({"field": need.field} if need.field else {})},
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
