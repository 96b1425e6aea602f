"""A chain of commands on the card: whole, or not at all; two passes become one command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ffmpeg_worker.job.local_files import LocalFiles
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.commands.chain import ReadCommand
from ffmpeg_worker.planning.file_references import InputKind
from ffmpeg_worker.planning.hardware.map_command import map_command
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped
from ffmpeg_worker.planning.hardware.video_settings import software_encoder

_NOWHERE = frozenset({"/dev/null", "-", "NUL"})


def map_chain(
    chain: Sequence[ReadCommand], files: LocalFiles, gpu: Gpu, *, may_scale: bool
) -> tuple[tuple[int, ReadCommand], ...]:
    """Map every command that encodes video; the others stay.

    Args:
        chain: the commands.
        files: what their inputs hold.
        gpu: what the card can do.
        may_scale: see `map_command`.

    Returns:
        The commands with their numbers in the caller's chain, where a first pass may be missing.

    Raises:
        NotMapped: one command cannot be mapped, or none has anything to map.
    """
    if not gpu.encoders:
        raise NotMapped(gpu.reason or "There is no card that encodes.")
    mapped: list[tuple[int, ReadCommand]] = []
    found_any = False
    is_second_pass = False
    for number, read in enumerate(chain):
        if _is_first_pass(read, chain[number + 1 : number + 2]):
            is_second_pass = True
            continue
        media = [_media(read, place, files) for place in range(len(read.inputs))]
        line = map_command(read.line, media, gpu, may_scale=may_scale, two_passes=is_second_pass)
        found_any = found_any or line is not None
        mapped.append((number, read if line is None else replace(read, line=line)))
        is_second_pass = False
    if not found_any:
        raise NotMapped("No output is encoded with libx264, libx265, libsvtav1 or libaom-av1.")
    return tuple(mapped)


def _is_first_pass(read: ReadCommand, following: Sequence[ReadCommand]) -> bool:
    outputs = read.line.outputs
    if not following or len(outputs) != 1 or len(following[0].line.outputs) != 1:
        return False
    writes_nothing = outputs[0].url in _NOWHERE or outputs[0].value_of("f") == "null"
    passes = (outputs[0].value_of("pass"), following[0].line.outputs[0].value_of("pass"))
    encoders = {software_encoder(outputs[0]), software_encoder(following[0].line.outputs[0])}
    is_same = read.line.inputs == following[0].line.inputs and len(encoders) == 1
    return writes_nothing and passes == ("1", "2") and is_same


def _media(read: ReadCommand, place: int, files: LocalFiles) -> MediaInfo | None:
    reference = read.inputs[place]
    return files[reference.keys[0]].media if reference.kind is InputKind.SOURCE else None
