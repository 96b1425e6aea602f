"""Decide what a measured shift means for a comparison: what to trim and what to warn about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ffmpeg_worker.planning.vmaf.frame_offset import FrameOffset, find_offset, split_signatures
from ffmpeg_worker.planning.vmaf.graph import Trim
from ffmpeg_worker.planning.vmaf.pairing import Pairing

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
        properties: rates, sizes and durations, as in the result.
        warnings: sentences for the caller.
    """

    status: Status
    trim: Trim
    offset_frames: int
    offset_s: float
    confidence: float | None
    overlap_s: float | None
    properties: dict[str, Any]
    warnings: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        """The result's `alignment`."""
        durations = {**self.properties["durations"], "compared": _rounded(self.overlap_s)}
        return {
            "status": self.status,
            "offset_frames": self.offset_frames,
            "offset_s": round(self.offset_s, 6),
            "confidence": _rounded(self.confidence),
            **self.properties,
            "durations": durations,
        }


def judge_alignment(
    pairing: Pairing, signatures: bytes | None, *, mode: Literal["auto", "report", "off"]
) -> Alignment:
    """Decide what to do about the shift between two videos.

    Args:
        pairing: the two videos.
        signatures: output of the signature step; `None` if it did not run.
        mode: `auto` trims the video that starts earlier if the shift is certain; `report` and `off` never trim.
    """
    found = None if signatures is None else _measure(pairing, signatures)
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
        properties=pairing.properties(),
        warnings=(*_shift_warnings(status, offset_s, mode), *_tail_warnings(pairing, durations)),
    )


def _measure(pairing: Pairing, signatures: bytes) -> FrameOffset | None:
    reference, distorted = split_signatures(signatures)
    return find_offset(reference, distorted, max_shift=round(SEARCH_S * pairing.measured_rate))


def _status(found: FrameOffset | None, mode: str) -> Status:
    if mode == "off" or found is None:
        return "unchecked"
    if found.frames == 0:
        return (
            "ok" if found.confidence >= LIKELY_CONFIDENCE or found.correlation >= MIN_CORRELATION else "unchecked"
        )
    if found.confidence >= CERTAIN_CONFIDENCE and found.correlation >= MIN_CORRELATION:
        return "corrected" if mode == "auto" else "suspect"
    return "suspect" if found.confidence >= LIKELY_CONFIDENCE else "unchecked"


def _shift_warnings(status: Status, offset_s: float, mode: str) -> tuple[str, ...]:
    size = f"{abs(offset_s):.3f} s"
    if status == "corrected":
        trimmed = "reference" if offset_s > 0 else "distorted video"
        way = "later" if offset_s > 0 else "earlier"
        changed = f"the first {size} of the {trimmed} were left out."
        return (f"The distorted video starts {size} {way} than the reference: {changed}",)
    if status == "suspect":
        way = "later" if offset_s > 0 else "earlier"
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
    longer = "reference" if reference > distorted else "distorted video"
    verb = "lasts" if exact else "claims to last"
    return (f"The {longer} {verb} {abs(reference - distorted):.3f} s longer; that tail was not compared.",)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
