"""Filter graphs of a comparison: scores, and thumbnails of every frame from the same decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from ffmpeg_worker.planning.vmaf.color import COMMON_COLOR_TAGS, color_options
from ffmpeg_worker.planning.vmaf.findings import Run, Turn
from ffmpeg_worker.planning.vmaf.frame_ranges import select_ranges
from ffmpeg_worker.planning.vmaf.pairing import PairedBy, Pairing, Video
from ffmpeg_worker.planning.vmaf.scores import LIBVMAF_FEATURES
from ffmpeg_worker.planning.vmaf.thumbnail_format import SIDE

LOG_NAME = "vmaf.json"
MATCHED_LOG = "matched.json"
"""Name of the log of a second scoring, of the frames that show the same."""

# Pairs frames by nearest timestamp and ends with the shorter video. By default FFmpeg compares the last frame of
# the shorter video with the whole rest of the other.
_SYNC = "shortest=1:ts_sync_mode=nearest"

_UNDO = {
    Turn.NONE: (),
    Turn.MIRRORED: ("hflip",),
    Turn.UPSIDE_DOWN: ("vflip",),
    Turn.HALF: ("hflip", "vflip"),
    Turn.RIGHT: ("transpose=cclock",),
    Turn.LEFT: ("transpose=clock",),
}


@dataclass(frozen=True, slots=True)
class Trim:
    """Frames to drop from the start of each video, counted at `Pairing.rate`."""

    reference: int = 0
    distorted: int = 0


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a frame in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Repair:
    """The changes to both videos that make their pictures comparable.

    Attributes:
        trim: frames to drop from the start.
        runs: the frames to compare, one by one; empty: all.
        turn: of the distorted video, which is undone.
        reference_part, distorted_part: the parts of both frames to compare; `None`: all.
    """

    trim: Trim = Trim()
    runs: tuple[Run, ...] = ()
    turn: Turn = Turn.NONE
    reference_part: Rectangle | None = None
    distorted_part: Rectangle | None = None


@dataclass(frozen=True, slots=True)
class Scoring:
    """Options of libvmaf; `features` are names as in the job, `log` is the name of its log."""

    model: str
    threads: int
    subsample: int
    features: Sequence[str]
    ten_bits: bool
    log: str = LOG_NAME


def thumbnail_labels() -> tuple[str, str]:
    """The labels of the thumbnails of the reference and the distorted video."""
    return "[rt]", "[dt]"


def score_graph(
    pairing: Pairing, scoring: Scoring, repair: Repair = Repair(), *, thumbnails_s: float | None = None
) -> tuple[str, tuple[str, ...]]:
    """The scoring graph and the labels of its scores. Input 0 is the distorted video, input 1 the reference.

    With `thumbnails_s`, it also outputs thumbnails of both videos, up to this time in seconds.
    """
    is_deep = scoring.ten_bits or pairing.reference.is_deep or pairing.distorted.is_deep
    pix_fmt = "yuv420p10le" if is_deep else "yuv420p"
    distorted = _chain(pairing.distorted, pairing, repair, pix_fmt, "d", thumbnails_s)
    reference = _chain(pairing.reference, pairing, repair, pix_fmt, "r", thumbnails_s)
    libvmaf = f"libvmaf={_libvmaf_options(scoring)}:{_SYNC}[score]"
    if "xpsnr" not in scoring.features:
        return f"[0:V]{distorted}[d];[1:V]{reference}[r];[d][r]{libvmaf}", ("[score]",)
    both = f"[0:V]{distorted},split[d][dx];[1:V]{reference},split[r][rx]"
    return f"{both};[d][r]{libvmaf};[dx][rx]xpsnr=stats_file=-:{_SYNC}[xpsnr]", ("[score]", "[xpsnr]")


def _libvmaf_options(scoring: Scoring) -> str:
    options = [
        f"model=version={scoring.model}",
        "log_fmt=json",
        f"log_path={scoring.log}",
        f"n_threads={scoring.threads}",
    ]
    if scoring.subsample > 1:
        options.append(f"n_subsample={scoring.subsample}")
    names = [LIBVMAF_FEATURES[feature].name for feature in scoring.features if feature in LIBVMAF_FEATURES]
    if names:
        options.append("feature=" + "|".join(f"name={name}" for name in names))
    return ":".join(options)


def _chain(
    video: Video, pairing: Pairing, repair: Repair, pix_fmt: str, name: str, thumbnails_s: float | None
) -> str:
    """The filters of one video; the label of the graph's input stands before them, none behind them."""
    timing = ",".join(_timing(video, pairing, repair))
    picture = ",".join(_picture(video, pairing, repair, pix_fmt))
    if thumbnails_s is None:
        return f"{timing},{picture}"
    end = f"trim=end={thumbnails_s:.3f}," if isfinite(thumbnails_s) else ""
    thumbnails = f"{end}scale={SIDE}:{SIDE}:flags=area,format=gray"
    return f"{timing},split[{name}0][{name}1];[{name}1]{thumbnails}[{name}t];[{name}0]{picture}"


def _timing(video: Video, pairing: Pairing, repair: Repair) -> tuple[str, ...]:
    is_reference = video is pairing.reference
    drop = repair.trim.reference if is_reference else repair.trim.distorted
    is_resampled = pairing.paired_by is PairedBy.RESAMPLED
    clock = _resample(pairing) if is_resampled else _round_timestamps(pairing)
    starts = [(run.reference if is_reference else run.distorted, run.frames) for run in repair.runs]
    chosen = (select_ranges(starts), _number(pairing)) if starts else ()
    return (*_drop_start(pairing, drop), clock, *chosen)


def _picture(video: Video, pairing: Pairing, repair: Repair, pix_fmt: str) -> tuple[str, ...]:
    part = repair.reference_part if video is pairing.reference else repair.distorted_part
    turn = Turn.NONE if video is pairing.reference else repair.turn
    filters: list[str] = []
    if part is not None:
        filters.append(f"crop={part.width}:{part.height}:{part.x}:{part.y}")
    filters += _UNDO[turn]
    options = color_options(video.stream, pairing.reference.stream, pairing.distorted.stream)
    size = compared_size(pairing, repair)
    is_other_size = bool(filters) or (video.width, video.height) != size
    if options or is_other_size or video.stream.pix_fmt != pix_fmt:
        filters.append(":".join((f"scale={size[0]}:{size[1]}:flags=bicubic", *options)))
    return (*filters, f"format={pix_fmt}", "setsar=1", COMMON_COLOR_TAGS)


def compared_size(pairing: Pairing, repair: Repair) -> tuple[int, int]:
    """Width and height of the compared frames in pixels: those of the compared part of the reference."""
    part = repair.reference_part
    if part is None:
        return pairing.width, pairing.height
    across, down = pairing.width / pairing.reference.width, pairing.height / pairing.reference.height
    return max(round(part.width * across / 2) * 2, 2), max(round(part.height * down / 2) * 2, 2)


def _drop_start(pairing: Pairing, drop: int) -> tuple[str, ...]:
    if not drop:
        return ()
    if pairing.paired_by is PairedBy.NUMBER:
        return (f"trim=start_frame={drop}",)
    # By time, half a frame early, so that variable rates and timestamps rounded to milliseconds work too.
    start = (drop - Fraction(1, 2)) / pairing.rate
    return ("setpts=PTS-STARTPTS", f"trim=start={_format_seconds(start)}")


def _round_timestamps(pairing: Pairing) -> str:
    """Filters that move timestamps to start at 0 on a grid of quarter frames.

    Matroska rounds timestamps to milliseconds, other containers do not. Without the grid, framesync takes the
    previous frame if a timestamp of the reference is slightly later, and loses the last frame: VMAF 70 instead of
    88 on equal content.
    """
    if pairing.paired_by is PairedBy.NUMBER:
        return _number(pairing)
    return f"setpts=PTS-STARTPTS,settb=expr={pairing.tick}"


def _number(pairing: Pairing) -> str:
    """Filters that set timestamps by the number of the frame."""
    return f"settb=expr={pairing.tick},setpts=N*4"


def _resample(pairing: Pairing) -> str:
    """Filters that resample to the compared rate: the frame shown at each time, up to a quarter frame early."""
    rate = pairing.rate
    rates = (pairing.reference.rate, pairing.distorted.rate)
    early = 1 / (4 * max(known for known in (*rates, rate) if known))
    return f"setpts=PTS-STARTPTS-{_format_seconds(early)}/TB,fps={rate}:round=up:start_time=0"


def _format_seconds(value: Fraction) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")
