"""Filter graphs of a comparison: the signatures for measuring a shift, and the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.planning.vmaf.color import COMMON_COLOR_TAGS, color_options
from ffmpeg_worker.planning.vmaf.pairing import PairedBy, Pairing, Video
from ffmpeg_worker.planning.vmaf.scores import LIBVMAF_FEATURES

LOG_NAME = "vmaf.json"

# Pairs frames by nearest timestamp and ends with the shorter video. By default FFmpeg compares the last frame of
# the shorter video with the whole rest of the other.
_SYNC = "shortest=1:ts_sync_mode=nearest"


@dataclass(frozen=True, slots=True)
class Trim:
    """Frames to drop from the start of each video, counted at `Pairing.measured_rate`."""

    reference: int = 0
    distorted: int = 0


def signature_graph(pairing: Pairing) -> str:
    """A graph that outputs 8 x 16 gray samples per frame as `[out]`: the reference above the distorted video."""
    cells = "scale=8:8:flags=area,format=gray16le"
    chain = f"{_resample(pairing, pairing.measured_rate)},{cells}"
    return f"[1:V]{chain}[r];[0:V]{chain}[d];[r][d]vstack=shortest=1[out]"


def score_graph(
    pairing: Pairing,
    trim: Trim,
    *,
    model: str,
    threads: int,
    subsample: int,
    features: Sequence[str],
    ten_bits: bool,
) -> tuple[str, tuple[str, ...]]:
    """The scoring graph and the labels of its outputs. Input 0 is the distorted video, input 1 the reference."""
    pix_fmt = "yuv420p10le" if ten_bits or pairing.reference.is_deep or pairing.distorted.is_deep else "yuv420p"
    reference = _comparable(pairing.reference, pairing, pix_fmt, trim.reference)
    distorted = _comparable(pairing.distorted, pairing, pix_fmt, trim.distorted)
    options = [f"model=version={model}", "log_fmt=json", f"log_path={LOG_NAME}", f"n_threads={threads}"]
    if subsample > 1:
        options.append(f"n_subsample={subsample}")
    names = [LIBVMAF_FEATURES[feature].name for feature in features if feature in LIBVMAF_FEATURES]
    if names:
        options.append("feature=" + "|".join(f"name={name}" for name in names))
    libvmaf = f"libvmaf={':'.join(options)}:{_SYNC}[score]"
    if "xpsnr" not in features:
        return f"[0:V]{distorted}[d];[1:V]{reference}[r];[d][r]{libvmaf}", ("[score]",)
    both = f"[0:V]{distorted},split[d][dx];[1:V]{reference},split[r][rx]"
    return f"{both};[d][r]{libvmaf};[dx][rx]xpsnr=stats_file=-:{_SYNC}[xpsnr]", ("[score]", "[xpsnr]")


def _comparable(video: Video, pairing: Pairing, pix_fmt: str, drop: int) -> str:
    clock = (
        _resample(pairing, pairing.rate) if pairing.paired_by is PairedBy.RESAMPLED else _round_timestamps(pairing)
    )
    filters = [*_drop_start(pairing, drop), clock]
    options = color_options(video.stream, pairing.reference.stream, pairing.distorted.stream)
    size = pairing.width, pairing.height
    if options or (video.width, video.height) != size or video.stream.pix_fmt != pix_fmt:
        filters.append(":".join((f"scale={size[0]}:{size[1]}:flags=bicubic", *options)))
    return ",".join((*filters, f"format={pix_fmt}", "setsar=1", COMMON_COLOR_TAGS))


def _drop_start(pairing: Pairing, drop: int) -> tuple[str, ...]:
    if not drop:
        return ()
    if pairing.paired_by is PairedBy.NUMBER:
        return (f"trim=start_frame={drop}",)
    # By time, half a frame early, so that variable rates and timestamps rounded to milliseconds work too.
    start = (drop - Fraction(1, 2)) / pairing.measured_rate
    return ("setpts=PTS-STARTPTS", f"trim=start={_format_seconds(start)}")


def _round_timestamps(pairing: Pairing) -> str:
    """Filters that move timestamps to start at 0 on a grid of quarter frames.

    Matroska rounds timestamps to milliseconds, other containers do not. Without the grid, framesync takes the
    previous frame if a timestamp of the reference is slightly later, and loses the last frame: VMAF 70 instead of
    88 on equal content.
    """
    grid = 1 / (4 * pairing.rate)
    if pairing.paired_by is PairedBy.NUMBER:
        return f"settb=expr={grid},setpts=N*4"
    return f"setpts=PTS-STARTPTS,settb=expr={grid}"


def _resample(pairing: Pairing, rate: Fraction) -> str:
    """Filters that resample to a constant `rate`: the frame shown at each time, up to a quarter frame early."""
    if pairing.paired_by is PairedBy.NUMBER:
        return _round_timestamps(pairing)
    rates = (pairing.reference.rate, pairing.distorted.rate)
    early = 1 / (4 * max(known for known in (*rates, rate) if known))
    return f"setpts=PTS-STARTPTS-{_format_seconds(early)}/TB,fps={rate}:round=up:start_time=0"


def _format_seconds(value: Fraction) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")
