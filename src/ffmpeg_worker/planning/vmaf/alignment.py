"""Decide what a measured shift means for a comparison: what to trim and what to warn about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ffmpeg_worker.planning.vmaf.frame_offset import FrameOffset, find_offset, split_signatures
from ffmpeg_worker.planning.vmaf.graph import Trim
from ffmpeg_worker.planning.vmaf.pairing import Pairing, rounded

WINDOW_S = 6
"""Seconds at the start of both videos that are searched for a shift."""
SEARCH_S = 2
"""Largest shift that can be found, in seconds, either way."""

CERTAIN_CONFIDENCE = 0.9
"""Confidence from which a shift is corrected. Clips of different content stayed below 0.25 in measurements."""
LIKELY_CONFIDENCE = 0.5
"""Confidence from which a shift is reported."""
MIN_CORRELATION = 0.3
"""Correlation from which two videos count as the same content."""

Status = Literal["ok", "corrected", "suspect", "unchecked"]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The decision about a shift.

    Attributes:
        status: as in the result.
        trim: frames to drop.
        offset_frames: the shift in frames of the reference; positive if the distorted video starts later.
        offset_s: the shift in seconds.
        confidence: of the shift, 0 to 1; `None` if it was not measured.
        overlap_s: seconds that both videos share after trimming; `None` if unknown.
        pairing: the two videos.
        warnings: sentences for the caller.
    """

    status: Status
    trim: Trim
    offset_frames: int
    offset_s: float
    confidence: float | None
    overlap_s: float | None
    pairing: Pairing
    warnings: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        """The result's `alignment`."""
        return {
            "status": self.status,
            "offset_frames": self.offset_frames,
            "offset_s": round(self.offset_s, 6),
            "confidence": rounded(self.confidence),
            **self.pairing.properties(self.overlap_s),
        }


def judge_alignment(
    pairing: Pairing, signatures: bytes | None, *, mode: Literal["auto", "report", "off"]
) -> Alignment:
    """Decide what to do about the shift between two videos.

    `signatures` are the output of the signature step, `None` if it did not run. The mode `auto` trims the video
    that starts earlier if the shift is certain; `report` and `off` never trim.
    """
    found = None
    if signatures is not None:
        found = find_offset(*split_signatures(signatures), max_shift=round(SEARCH_S * pairing.measured_rate))
    status = _status(found, mode)
    frames = found.frames if found is not None and status != "unchecked" else 0
    trim = Trim(max(frames, 0), max(-frames, 0)) if status == "corrected" else Trim()
    offset_s = float(frames / pairing.measured_rate)
    durations = _trimmed_durations(pairing, trim)
    return Alignment(
        status=status,
        trim=trim,
        offset_frames=round(frames / pairing.measured_rate * pairing.rate),
        offset_s=offset_s,
        confidence=found.confidence if found is not None else None,
        overlap_s=min(durations) if durations else None,
        pairing=pairing,
        warnings=(*_shift_warnings(status, offset_s, mode), *_tail_warnings(pairing, durations)),
    )


def _status(found: FrameOffset | None, mode: str) -> Status:
    if mode == "off" or found is None:
        return "unchecked"
    is_likely, is_alike = found.confidence >= LIKELY_CONFIDENCE, found.correlation >= MIN_CORRELATION
    if found.frames == 0:
        return "ok" if is_likely or is_alike else "unchecked"
    if found.confidence >= CERTAIN_CONFIDENCE and is_alike and mode == "auto":
        return "corrected"
    return "suspect" if is_likely else "unchecked"


def _shift_warnings(status: Status, offset_s: float, mode: str) -> tuple[str, ...]:
    size = f"{abs(offset_s):.3f} s"
    way, trimmed = ("later", "reference") if offset_s > 0 else ("earlier", "distorted video")
    if status == "corrected":
        changed = f"the first {size} of the {trimmed} were left out."
        return (f"The distorted video starts {size} {way} than the reference: {changed}",)
    if status == "suspect":
        return (f"The distorted video seems to start {size} {way} than the reference; this was not corrected.",)
    if status == "unchecked" and mode != "off":
        found = f"No common motion was found in the first {WINDOW_S} s (nothing moves, or the content differs)"
        return (f"{found}: a shift cannot be ruled out.",)
    return ()


def _trimmed_durations(pairing: Pairing, trim: Trim) -> tuple[float, float] | None:
    """Seconds of the reference and the distorted video after trimming; `None` if one is unknown."""
    reference, distorted = (pairing.length_s(video) for video in pairing.videos)
    if reference is None or distorted is None:
        return None
    step = float(1 / pairing.measured_rate)
    return reference - trim.reference * step, distorted - trim.distorted * step


def _tail_warnings(pairing: Pairing, durations: tuple[float, float] | None) -> tuple[str, ...]:
    if durations is None:
        return ()
    reference, distorted = durations
    exact = pairing.reference.length_is_exact and pairing.distorted.length_is_exact
    step = float(1 / pairing.measured_rate)
    # The duration of a file includes its audio, which may end a little later than the video.
    if abs(reference - distorted) <= max(1.5 * step, 0.0 if exact else 0.25):
        return ()
    longer = pairing.reference if reference > distorted else pairing.distorted
    verb = "lasts" if exact else "claims to last"
    return (f"The {longer.label} {verb} {abs(reference - distorted):.3f} s longer; that tail was not compared.",)
