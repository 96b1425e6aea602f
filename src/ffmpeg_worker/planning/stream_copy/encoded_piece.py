"""The command that encodes the frames of a source between two copied parts, or before or after one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ffmpeg_worker.bitstreams.nal_units import KEY_KINDS
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames
from ffmpeg_worker.planning.stream_copy.matched_encoder import match_encoder

_MARGIN_S = 1
_HALF = Fraction(1, 2)


def encode_piece(
    frames: CodedFrames, shown: Sequence[int], number: int, source: Sequence[str], output: str
) -> tuple[str, ...]:
    """The arguments of FFmpeg that encode some frames in a row.

    Args:
        frames: the source.
        shown: times of the frames in order.
        number: of the piece in its file, from 0.
        source: arguments that open the source, up to its name.
        output: name of an MP4 file.

    Frames are told by times halfway between two of them. Decoding begins earlier.

    Raises:
        NotCopied: no encoder makes such a stream.
    """
    every = sorted(frames.pts)
    first, last = every.index(shown[0]), every.index(shown[-1])
    pairs = zip(frames.pts, frames.kinds, strict=True)
    keys = [pts for pts, kind in pairs if kind in KEY_KINDS and pts <= shown[0]]
    begin = (every[first] - ((every[first] - every[first - 1]) * _HALF if first else _HALF)) * frames.time_base
    # The demuxer of MPEG-TS finds a place by decoding times, and not a key frame.
    seek = frames.seconds(max(keys, default=every[0])) - _MARGIN_S
    limits = [f"start={_seconds(begin)}"]
    if last + 1 < len(every):
        limits.append(f"end={_seconds((every[last] + every[last + 1]) * _HALF * frames.time_base)}")
    return (
        *("-copyts", "-noautorotate"),
        *(("-ss", _seconds(seek), "-noaccurate_seek") if seek > 0 else ()),
        *source,
        *("-map", "0:V:0", "-map_metadata", "-1", "-map_chapters", "-1", "-vf", f"trim={':'.join(limits)}"),
        *("-fps_mode", "passthrough", "-enc_time_base", str(frames.time_base)),
        *match_encoder(frames, number),
        output,
    )


def _seconds(time: Fraction) -> str:
    return f"{float(time):.6f}"
