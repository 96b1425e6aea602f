"""Resolves compositions with the files that their job fetched."""

from __future__ import annotations

from collections.abc import Mapping

from ffmpeg_worker.composition.composition import Composition
from ffmpeg_worker.composition.sources import find_named_files
from ffmpeg_worker.job.local_files import STAGING_FOLDER, LocalFiles
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.file_references import input_key
from ffmpeg_worker.planning.required_inputs import Inputs
from ffmpeg_worker.scene.resolve import Resolved, resolve
from ffmpeg_worker.scene.subtitle_budget import SubtitleBudget


def resolve_fetched(
    composition: Composition,
    inputs: Inputs,
    files: LocalFiles,
    machine: Machine,
    *,
    render_scale: float,
    fps: float | None = None,
    placeholders: Mapping[str, MediaInfo | str] | None = None,
    subtitles: SubtitleBudget | None = None,
) -> Resolved:
    """Resolve a composition; `placeholders` stand for the files that were not fetched, by `src`.

    `subtitles` counts the subtitles of all rows of a job.

    Raises:
        InvalidJob, SourceUnreadable, SourceTooLarge: as for `resolve`.
    """
    sources = dict(placeholders or {})
    staged = dict.fromkeys(sources, "")
    for named in find_named_files(composition):
        if named.src not in staged:
            file = files[input_key(named.src, inputs)]
            staged[named.src] = f"{STAGING_FOLDER}/{file.staged}"
            known = file.media if file.text is None else file.text
            if known is not None:
                sources[named.src] = known
    return resolve(
        composition,
        sources,
        file_of=staged.__getitem__,
        render_scale=render_scale,
        fps=fps,
        draws_ass=machine.draws_ass,
        subtitles=subtitles,
    )
