"""What a measured shift means for a comparison: what is cut, what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ffmpeg_worker.planning.vmaf.frame_offset import FrameOffset, find_offset, split_signatures
from ffmpeg_worker.planning.vmaf.graph import Trim
from ffmpeg_worker.planning.vmaf.pairing import Pairing

WINDOW_S = 6
"""Seconds at the start of both videos that are looked at."""
SEARCH_S = 2
"""Greatest shift that can be found, in seconds."""

SURE = 0.9
"""From here on a shift is corrected. Real clips of different content stayed below 0.25 in trials."""
LIKELY = 0.5
ALIKE = 0.3

Status = Literal["ok", "corrected", "suspect", "unchecked"]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The verdict. `overlap_s` is how long both videos last together after the cut, if that is known."""

    status: Status
    trim: Trim
    offset_frames: int
    offset_s: float
    confidence: float | None
    overlap_s: float | None
    facts: dict[str, Any]
    warnings: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        """The result's `alignment`; `offset_frames` counts frames of the reference."""
        durations = {**self.facts["durations"], "compared": _rounded(self.overlap_s)}
        return {
            "status": self.status,
            "offset_frames": self.offset_frames,
            "offset_s": round(self.offset_s, 6),
            "confidence": _rounded(self.confidence),
            **self.facts,
            "durations": durations,
        }


def judge_alignment(
    pairing: Pairing, signatures: bytes | None, *, mode: Literal["auto", "report", "off"]
) -> Alignment:
    """Decide what to do about a shift.

    Args:
        pairing: the two videos.
        signatures: what the signature step printed; `None` when it did not run.
        mode: `auto` cuts the video that starts earlier when the shift is certain, `report` and `off` never.
    """
    found = None if signatures is None else _measure(pairing, signatures)
    status = _status(found, mode)
    frames = found.frames if found is not None and status != "unchecked" else 0
    trim = Trim(max(frames, 0), max(-frames, 0)) if status == "corrected" else Trim()
    offset_s = float(frames / pairing.measured_rate)
    lasting = _lasting(pairing, trim)
    return Alignment(
        status=status,
        trim=trim,
        offset_frames=round(frames / pairing.measured_rate * pairing.rate),
        offset_s=offset_s,
        confidence=found.confidence if found is not None else None,
        overlap_s=min(lasting) if lasting else None,
        facts=pairing.facts(),
        warnings=(*_shift_warnings(status, offset_s, mode), *_tail_warnings(pairing, lasting)),
    )


def _measure(pairing: Pairing, signatures: bytes) -> FrameOffset | None:
    reference, distorted = split_signatures(signatures)
    return find_offset(reference, distorted, max_shift=round(SEARCH_S * pairing.measured_rate))


def _status(found: FrameOffset | None, mode: str) -> Status:
    if mode == "off" or found is None:
        return "unchecked"
    if found.frames == 0:
        return "ok" if found.confidence >= LIKELY or found.correlation >= ALIKE else "unchecked"
    if found.confidence >= SURE and found.correlation >= ALIKE:
        return "corrected" if mode == "auto" else "suspect"
    return "suspect" if found.confidence >= LIKELY else "unchecked"


def _shift_warnings(status: Status, offset_s: float, mode: str) -> tuple[str, ...]:
    size = f"{abs(offset_s):.3f} s"
    if status == "corrected":
        cut = "reference" if offset_s > 0 else "distorted video"
        late = "later" if offset_s > 0 else "earlier"
        changed = f"the first {size} of the {cut} were left out."
        return (f"The distorted video starts {size} {late} than the reference: {changed}",)
    if status == "suspect":
        way = "later" if offset_s > 0 else "earlier"
        return (f"The distorted video seems to start {size} {way} than the reference; that was not corrected.",)
    if status == "unchecked" and mode != "off":
        seen = f"No common motion was found in the first {WINDOW_S} s (nothing moves, or the pictures differ)"
        return (f"{seen}: a shift could not be ruled out.",)
    return ()


def _lasting(pairing: Pairing, trim: Trim) -> tuple[float, float] | None:
    """Seconds of reference and distorted video after the cut."""
    ours, theirs = pairing.length_s(pairing.reference), pairing.length_s(pairing.distorted)
    if ours is None or theirs is None:
        return None
    step = float(1 / pairing.measured_rate)
    return ours - trim.reference * step, theirs - trim.distorted * step


def _tail_warnings(pairing: Pairing, lasting: tuple[float, float] | None) -> tuple[str, ...]:
    if lasting is None:
        return ()
    ours, theirs = lasting
    exact = pairing.reference.length_is_exact and pairing.distorted.length_is_exact
    step = float(1 / pairing.measured_rate)
    # The length of a whole file includes its sound, which may end a little later than the picture.
    if abs(ours - theirs) <= max(1.5 * step, 0.0 if exact else 0.25):
        return ()
    longer = "reference" if ours > theirs else "distorted video"
    said = "lasts" if exact else "says that it lasts"
    return (f"The {longer} {said} {abs(ours - theirs):.3f} s longer; that tail was not compared.",)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
