"""Makes the command that encodes the whole part from one that copies the video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ffmpeg_worker.command.command_line import FileGroup, Option
from ffmpeg_worker.job.media import MediaInfo
from ffmpeg_worker.planning.commands.read_chain import Chain

_COPIES = frozenset({"-c:v", "-codec:v", "-vcodec", "-c:v:0", "-codec:v:0"})
_COPIES_ALL = frozenset({"-c", "-codec"})
_ENCODERS = {"h264": ("libx264", "16"), "hevc": ("libx265", "18"), "vp9": ("libvpx-vp9", "20")}


def encode_whole(chain: Chain, media: MediaInfo | None) -> Chain:
    """The chain with a video encoder of good quality instead of `copy`; for a source that is not copied."""
    (read,) = chain.commands
    video = media.video if media is not None else None
    groups = tuple(
        group if group.is_input else _encode(group, video.codec if video is not None else None)
        for group in read.line.groups
    )
    return replace(chain, commands=(replace(read, line=replace(read.line, groups=groups)),))


def _encode(output: FileGroup, codec: str | None) -> FileGroup:
    if codec is None:
        return output
    return replace(output, options=tuple(_replace_copies(output, codec)))


def _replace_copies(output: FileGroup, codec: str) -> Iterator[Option]:
    names = {option.token for option in output.options if option.value == "copy"}
    if not names & (_COPIES | _COPIES_ALL):
        yield from output.options
        return
    yield from (option for option in output.options if option.token not in _COPIES or option.value != "copy")
    if names & _COPIES or not any(option.token in _COPIES for option in output.options):
        encoder, crf = _ENCODERS.get(codec, ("libx264", "16"))
        yield Option("-c:v", encoder)
        if not output.has("crf"):
            yield Option("-crf", crf)
        if encoder == "libvpx-vp9":
            yield Option("-b:v", "0")
