"""Finds the outputs of a lane that can be uploaded while their command writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.plan import Lane
from ffmpeg_worker.planning.steps import DependentStep, FfmpegStep, RenderStep

_SHIFTING_OPTIONS = {
    # The index goes to the front, and everything behind it moves.
    "movflags": "faststart",
    "flvflags": "add_keyframe_index",
    "cues_to_front": "",
}


def find_growing_outputs(lane: Lane) -> tuple[Artifact, ...]:
    """Outputs that consist of one file, without those that FFmpeg writes again when it has ended.

    It may still change some bytes of them, such as sizes in the head. As long as the options of a step are not
    known, because they depend on earlier steps, only outputs count that another step writes.
    """
    is_known = not any(isinstance(step, DependentStep) for step in lane.steps)
    written = {name for name, _ in _find_named(lane)}
    shifted = {*_find_shifted(lane)}
    return tuple(
        artifact
        for artifact in lane.artifacts
        if artifact.kind is ArtifactKind.FILE
        and not (artifact.is_side or artifact.is_copy)
        and artifact.work_name not in shifted
        and (is_known or artifact.work_name in written)
    )


def _find_shifted(lane: Lane) -> Iterator[str]:
    return (name for name, is_shifted in _find_named(lane) if is_shifted)


def _find_named(lane: Lane) -> Iterator[tuple[str, bool]]:
    """Each output that a command names, and whether its options make FFmpeg write it again."""
    names = {artifact.work_name for artifact in lane.artifacts}
    for arguments in _all_arguments(lane):
        shifts = False
        for option, value in zip(("", *arguments), (*arguments, ""), strict=True):
            name = value.removeprefix("file:")
            if _shifts(option, value):
                shifts = True
            elif name in names:
                yield name, shifts
                shifts = False


def _all_arguments(lane: Lane) -> Iterable[Sequence[str]]:
    for step in lane.steps:
        if isinstance(step, FfmpegStep):
            yield step.invocation.arguments
        elif isinstance(step, RenderStep):
            yield from (part.encode.arguments for part in step.ranges)
            yield from (other.invocation.arguments for other in step.beside if isinstance(other, FfmpegStep))


def _shifts(option: str, value: str) -> bool:
    name = option.removeprefix("-").partition(":")[0]
    word = _SHIFTING_OPTIONS.get(name) if option.startswith("-") else None
    if word is None:
        return False
    return word in value and (bool(word) or value not in {"0", "false"})
