"""The filter graphs of a comparison: thumbnails for result a shift, and the scores themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ffmpeg_worker.planning.vmaf.color import COMMON_COLOR_TAGS, color_options
from ffmpeg_worker.planning.vmaf.pairing import PairedBy, Pairing, Video
from ffmpeg_worker.planning.vmaf.scores import LIBVMAF_FEATURES

LOG_NAME = "vmaf.json"

# Pairs by nearest time and ends with the shorter video; else the last frame of one would be judged against
# all that is left of the other.
_SYNC = "shortest=1:ts_sync_mode=nearest"


@dataclass(frozen=True, slots=True)
class Trim:
    """Frames (at the measured rate) to drop from the start of each video."""

    reference: int = 0
    distorted: int = 0


def signature_graph(pairing: Pairing) -> str:
    """One frame of 8 x 16 grey cells per frame: the reference above the distorted video, labelled `[out]`."""
    cells = "scale=8:8:flags=area,format=gray16le"
    chain = f"{_steady(pairing, pairing.measured_rate)},{cells}"
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
    """The graph (input 0 distorted, input 1 reference), and the labels of its outputs."""
    pix_fmt = "yuv420p10le" if ten_bits or pairing.reference.deep or pairing.distorted.deep else "yuv420p"
    ours = _picture(pairing.reference, pairing, pix_fmt, trim.reference)
    theirs = _picture(pairing.distorted, pairing, pix_fmt, trim.distorted)
    options = [f"model=version={model}", "log_fmt=json", f"log_path={LOG_NAME}", f"n_threads={threads}"]
    if subsample > 1:
        options.append(f"n_subsample={subsample}")
    names = [LIBVMAF_FEATURES[feature].name for feature in features if feature in LIBVMAF_FEATURES]
    if names:
        options.append("feature=" + "|".join(f"name={name}" for name in names))
    libvmaf = f"libvmaf={':'.join(options)}:{_SYNC}[score]"
    if "xpsnr" not in features:
        return f"[0:V]{theirs}[d];[1:V]{ours}[r];[d][r]{libvmaf}", ("[score]",)
    both = f"[0:V]{theirs},split[d][dx];[1:V]{ours},split[r][rx]"
    return f"{both};[d][r]{libvmaf};[dx][rx]xpsnr=stats_file=-:{_SYNC}[xpsnr]", ("[score]", "[xpsnr]")


def _picture(video: Video, pairing: Pairing, pix_fmt: str, drop: int) -> str:
    clock = _steady(pairing, pairing.rate) if pairing.clock is PairedBy.RESAMPLED else _stamp(pairing)
    filters = [*_start(pairing, drop), clock]
    options = color_options(video.stream, pairing.reference.stream, pairing.distorted.stream)
    size = pairing.width, pairing.height
    if options or (video.width, video.height) != size or video.stream.pix_fmt != pix_fmt:
        filters.append(":".join((f"scale={size[0]}:{size[1]}:flags=bicubic", *options)))
    return ",".join((*filters, f"format={pix_fmt}", "setsar=1", COMMON_COLOR_TAGS))


def _start(pairing: Pairing, drop: int) -> tuple[str, ...]:
    if not drop:
        return ()
    if pairing.clock is PairedBy.NUMBER:
        return (f"trim=start_frame={drop}",)
    # By time, half a frame early: right for variable rates too, and for time stamps rounded to milliseconds.
    start = (drop - Fraction(1, 2)) / pairing.measured_rate
    return ("setpts=PTS-STARTPTS", f"trim=start={_seconds(start)}")


def _stamp(pairing: Pairing) -> str:
    """Time stamps from 0 on a grid of quarter frames.

    Matroska rounds to milliseconds and others do not. Unrounded, framesync takes the previous frame whenever
    the reference's stamp is a fraction later, and loses the last one (VMAF 70 instead of 88 on equal content).
    """
    grid = 1 / (4 * pairing.rate)
    if pairing.clock is PairedBy.NUMBER:
        return f"settb=expr={grid},setpts=N*4"
    return f"setpts=PTS-STARTPTS,settb=expr={grid}"


def _steady(pairing: Pairing, rate: Fraction) -> str:
    """Constant `rate`: at each tick the frame that is on screen, forgiving a quarter of the shortest frame."""
    if pairing.clock is PairedBy.NUMBER:
        return _stamp(pairing)
    rates = (pairing.reference.rate, pairing.distorted.rate)
    early = 1 / (4 * max(known for known in (*rates, rate) if known))
    return f"setpts=PTS-STARTPTS-{_seconds(early)}/TB,fps={rate}:round=up:start_time=0"


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")
