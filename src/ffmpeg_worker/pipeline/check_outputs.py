"""Judges outputs by what FFmpeg's log and the media of the inputs say: proof rejects them, doubt is a warning."""

from __future__ import annotations

from collections.abc import Sequence

from ffmpeg_worker.errors import OutputRejected
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.pipeline.execute import Executed
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.commands.empty_streams import warn_of_empty_streams
from ffmpeg_worker.planning.commands.promised_lengths import Promise
from ffmpeg_worker.planning.expectations import Expectations


def check_selected(executed: Executed, expected: Expectations) -> list[str]:
    """Refuse outputs without a packet; warn where a filter let nothing pass to a command that only measures.

    Outputs that only later commands read are left to these.

    Raises:
        NothingSelected: an output is empty, and is delivered or was to be measured.
    """
    wanted = {artifact.name for artifact in executed.lane.artifacts}
    warnings = []
    for command, empty in expected.empty:
        if empty.names and wanted.isdisjoint(empty.names):
            continue
        if empty.names or not empty.is_choice:
            if executed.damage and not empty.is_past_end:
                raise _undecodable(executed.damage, empty.names).at(command=command)
            raise empty.as_error(command)
        warnings.append(f"Command {command} had no frame or packet to measure. {empty.hint}")
    return warnings


def _undecodable(damage: str, names: Sequence[str]) -> OutputRejected:
    return OutputRejected(
        f"No frame of the input could be decoded.{_reported(damage)}",
        code="input_corrupt",
        hint="Send an undamaged file.",
        where={"output": names[0][:128]} if names else None,
    )


def _reported(damage: str | None) -> str:
    return "" if damage is None else f" FFmpeg reported: {damage.rstrip('.')}."


def check_length(artifact: Artifact, found: MediaInfo, executed: Executed, expected: Expectations) -> list[str]:
    """Compare the length of an output with what its input or its plan promised.

    Raises:
        OutputRejected: it is too short, and the plan itself guarantees the length or FFmpeg reported damage; or
            cover art became its video.
    """
    planned = artifact.promised_s
    promise = expected.promised.get(artifact.name) if planned is None else Promise(planned)
    missing = promise.find_missing(found) if promise is not None else None
    if missing is None:
        return []
    if artifact.kind is ArtifactKind.PLAYLIST and artifact.name in expected.covers:
        raise rejected(
            artifact,
            "The playlist {} cannot be played: the cover art became its video, which is one frame long.",
            code="cover_art_as_video",
            hint="Leave the cover out: add -vn before the output.",
        )
    length_s = found.duration_s or 0.0
    length = f"{length_s:.2f} s long, but its input promised {length_s + missing:.2f} s"
    if planned is None and executed.damage is None:
        return [f'The output "{artifact.name}" is {length}. FFmpeg reported no damage, so it was delivered.']
    raise rejected(
        artifact,
        f"The output {{}} is {length}.{_reported(executed.damage)}",
        code="output_too_short",
        hint="The input is probably cut or damaged: send it again. To take what is there, say how long with -t.",
    )


def check_streams(artifact: Artifact, found: MediaInfo, executed: Executed, expected: Expectations) -> list[str]:
    """Warn of streams that the command maps and that have no packet."""
    written = expected.written.get(artifact.name)
    if written is None or artifact.kind is not ArtifactKind.FILE:
        return []
    return warn_of_empty_streams(artifact.name, written, found, is_damaged=executed.damage is not None)


def rejected(
    artifact: Artifact, message: str, *, code: str, hint: str | None = None, stderr: str | None = None
) -> OutputRejected:
    """The error of an artifact whose name stands for `{}` in the message."""
    name = artifact.name
    quoted = message.replace("{}", f'"{name}"', 1)
    return OutputRejected(quoted, code=code, hint=hint, where={"output": name[:128]}, stderr=stderr)
