"""Options of an encoder whose frames fit to those of a source that are copied."""

from __future__ import annotations

from ffmpeg_worker.bitstreams.h264 import read_sequence
from ffmpeg_worker.bitstreams.stream_parameters import read_stream_parameters
from ffmpeg_worker.planning.stream_copy.coded_frames import CodedFrames
from ffmpeg_worker.planning.stream_copy.copy_request import NotCopied

_CRF = {"h264": "14", "hevc": "10"}
"""Quality of the encoded frames: differences to the source cannot be seen.

Frames to which few others refer must not be worse, since the last frames of a piece are such: no `mbtree`."""
_REORDERED = (0, 2, 3)
"""B-frames in a row, by how many frames the order of decoding runs ahead; with three, some refer to others."""
_H264_PROFILES = {66: "baseline", 77: "main", 100: "high", 110: "high10", 122: "high422", 244: "high444"}
_H264_FORMATS = frozenset(
    "yuv420p yuvj420p yuv422p yuvj422p yuv444p yuvj444p yuv420p10le yuv422p10le yuv444p10le gray gray10le".split()
)
_HEVC_PROFILES = {
    "yuv420p": "main",
    "yuvj420p": "main",
    "yuv420p10le": "main10",
    "yuv422p": "main422-10",
    "yuv422p10le": "main422-10",
    "yuv444p": "main444-8",
    "yuv444p10le": "main444-10",
    "yuv420p12le": "main12",
    "yuv422p12le": "main422-12",
    "yuv444p12le": "main444-12",
}
_UNSPECIFIED = 2
_RANGES = {1: "tv", 2: "pc"}
_COLOR_OPTIONS = ("-color_primaries", "-color_trc", "-colorspace")
ENCODERS = {"h264": "libx264", "hevc": "libx265"}


def match_encoder(frames: CodedFrames, number: int) -> tuple[str, ...]:
    """The options for encoded piece `number` (from 0) of a video.

    Decoders hold back as many frames as the first parameter sets say, so pieces reorder frames as the source does.
    Those of H.264 have parameter sets with numbers of their own.

    Raises:
        NotCopied: no encoder makes such a stream.
    """
    if frames.field_order > 1:
        raise NotCopied("the video is interlaced")
    try:
        own = _match_h264(frames, number) if frames.codec == "h264" else _match_hevc(frames)
    except ValueError:
        raise NotCopied("the parameters of the video cannot be read") from None
    return (
        *own,
        "-pix_fmt",
        frames.pix_fmt,
        "-bf",
        str(_REORDERED[min(frames.delay, 2)]),
        "-crf",
        _CRF[frames.codec],
        *_color_options(frames),
    )


def _match_h264(frames: CodedFrames, number: int) -> tuple[str, ...]:
    sets = read_stream_parameters("h264", frames.extradata)
    sequence = read_sequence(sets.h264_sequences[0])
    profile = _H264_PROFILES.get(sequence.profile)
    if not sequence.is_progressive:
        raise NotCopied("the video is interlaced or coded in fields")
    if profile is None or frames.pix_fmt not in _H264_FORMATS:
        raise NotCopied(
            f'no encoder makes H.264 of the profile "{frames.profile}" with the format "{frames.pix_fmt}"'
        )
    pyramid = "normal" if frames.delay > 1 else "none"
    own = sets.find_free_ids(number + 1)[number]
    return (
        *("-c:v", ENCODERS["h264"], "-preset", "veryfast", "-profile:v", profile),
        *(
            "-level",
            f"{sequence.level // 10}.{sequence.level % 10}",
            "-refs",
            str(min(max(sequence.references, 1), 4)),
        ),
        *(
            "-x264-params",
            f"sps-id={own}:open-gop=0:mbtree=0:b-pyramid={pyramid}",
        ),
    )


def _match_hevc(frames: CodedFrames) -> tuple[str, ...]:
    profile = _HEVC_PROFILES.get(frames.pix_fmt)
    if profile is None or frames.level <= 0:
        raise NotCopied(f'no encoder makes HEVC of the format "{frames.pix_fmt}"')
    parameters = {
        "level-idc": f"{frames.level / 30:.1f}",
        "open-gop": 0,
        "cutree": 0,
        "b-pyramid": int(frames.delay > 1),
        "repeat-headers": 0,
        "info": 0,
        "log-level": "error",
    }
    given = ":".join(f"{name}={value}" for name, value in parameters.items())
    return ("-c:v", ENCODERS["hevc"], "-preset", "veryfast", "-profile:v", profile, "-x265-params", given)


def _color_options(frames: CodedFrames) -> tuple[str, ...]:
    known = zip(_COLOR_OPTIONS, frames.color, strict=False)
    colors = [token for name, value in known if value != _UNSPECIFIED for token in (name, str(value))]
    range_name = _RANGES.get(frames.color_range)
    return (*colors, *(("-color_range", range_name) if range_name else ()))
