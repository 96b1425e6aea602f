"""The verification stage: outputs must exist and hold something; what is only doubtful gets a warning.

Exit code 0 of ffmpeg does not prove that. docs/jobs.md lists what is proof enough to reject an output.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ffmpeg_worker.budgets import MAX_PRODUCED_NAMES
from ffmpeg_worker.command.manifest import Manifest, read_manifest
from ffmpeg_worker.errors import OutputRejected
from ffmpeg_worker.pipeline.check_outputs import check_selected
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.pipeline.job_context import JobContext
from ffmpeg_worker.pipeline.leftover_files import describe_leftovers, find_leftovers
from ffmpeg_worker.pipeline.playlist_files import find_playlist_files
from ffmpeg_worker.pipeline.small_folders import work_on_folder
from ffmpeg_worker.pipeline.verify_artifact import ArtifactCheck, ExpectAll, VerifiedFile
from ffmpeg_worker.planning.artifact import Artifact
from ffmpeg_worker.planning.expectations import Expectations

_NOT_DELIVERABLE = "Name them in the command, as files of at most the allowed size and number."
_HOW_TO_GET = 'Add it to "output", or leave "output" out to get every file.'


@dataclass(frozen=True, slots=True)
class VerifiedFiles:
    """The files of all outputs of a lane, a playlist before its segments; only `verify` makes it.

    `warnings` say what is doubtful about them.
    """

    files: tuple[VerifiedFile, ...]
    warnings: tuple[str, ...] = ()


async def verify(
    context: JobContext,
    executed: Executed,
    expected: Expectations,
    *,
    linked: Collection[Path] = (),
    expect_all: ExpectAll | None = None,
) -> VerifiedFiles:
    """Check the artifacts of a lane; their files belong to the worker afterwards.

    `linked` are files that the worker itself holds under a second name. `expect_all` looks at the media of the
    inputs, for an output that may be too short, if `expected` was made without them.

    Raises:
        NothingSelected: no frame and no packet was selected for an output.
        OutputRejected: missing, empty, too large, not regular, incomplete, without streams, or cut like its
            source.
        JobTooLarge: the job has written more than it may.
    """
    name = f"{executed.name}/verify"
    run = partial(_verify_all, context, executed, expected, linked, expect_all)
    has_files = context.workspace.has_done(name)
    verified = await context.runtime.step(name, VerifiedFiles, run, is_usable=lambda _: has_files)
    context.workspace.mark_done(name)
    return verified


async def _verify_all(
    context: JobContext,
    executed: Executed,
    expected: Expectations,
    linked: Collection[Path],
    expect_all: ExpectAll | None,
) -> VerifiedFiles:
    context.workspace.hand_over(executed.folder)
    files: list[VerifiedFile] = []
    warnings = check_selected(executed, expected)
    read = partial(_read_manifest, context)
    playlists = await find_playlist_files(executed.lane, executed.folder, read, beside=executed.beside)
    for artifact in executed.lane.artifacts:
        playlist = playlists.get(artifact.work_name)
        warnings += playlist.warnings if playlist is not None else ()
        check = ArtifactCheck(context, artifact, executed, expected, linked, warnings, playlist, expect_all)
        files += await check.run()
    if executed.lane.chain is not None and not executed.is_fused:
        others = await work_on_folder(executed.folder, partial(_find_others, executed, files))
        if not executed.lane.delivers_all:
            warnings += describe_leftovers(others, _HOW_TO_GET)
        else:
            checks = {
                name: ArtifactCheck(context, _unplanned(name), executed, expected, linked, warnings)
                for name in others
            }
            found, missed = await _verify_others(checks)
            files += found
            warnings += describe_leftovers(missed, _NOT_DELIVERABLE)
    root = context.workspace.root
    await work_on_folder(root, partial(context.resources.quota.check_written, root))
    return VerifiedFiles(tuple(files), tuple(warnings))


async def _read_manifest(context: JobContext, text: str) -> Manifest | None:
    compute = context.resources.compute
    return await compute.call(
        len(text), read_manifest, text, deadline=context.runtime.deadline, owner=context.runtime.owner
    )


def _unplanned(name: str) -> Artifact:
    return Artifact(name, name, is_media=False, is_side=True, is_optional=True)


async def _verify_others(checks: Mapping[str, ArtifactCheck]) -> tuple[list[VerifiedFile], list[str]]:
    """Check files that no output stands for; return those that can be delivered, and the names of the others."""
    found: list[VerifiedFile] = []
    missed: list[str] = []
    for number, (name, check) in enumerate(checks.items()):
        if number >= MAX_PRODUCED_NAMES or not name.isprintable():
            missed.append(name)
            continue
        try:
            found += await check.run()
        except OutputRejected:
            missed.append(name)
    return found, missed


def _find_others(executed: Executed, files: Collection[VerifiedFile]) -> list[str]:
    return find_leftovers(executed.folder, executed.lane, {file.work_name for file in files})
