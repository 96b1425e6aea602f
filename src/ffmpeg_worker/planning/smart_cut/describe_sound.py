"""Tells the caller how far copied sound is from the cuts."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ffmpeg_worker.planning.smart_cut.plan_cut import CutPlan

_LEAST_MS = 1


def describe_sound(ends: Mapping[str, str], plan: CutPlan) -> tuple[str, ...]:
    """A sentence about copied sound that begins or ends at the border of a packet, not at the cut.

    `ends` are the times of the file with the sound; see `find_sound_ends` in ffmpeg/probe/.
    """
    parts = [_side((Fraction(ends["begin"]) - plan.early_s) * 1000, "begins", "the first frame")]
    if plan.length_s is not None:
        parts.append(_side((Fraction(ends["end"]) - plan.early_s - plan.length_s) * 1000, "ends", "the part does"))
    told = " and ".join(part for part in parts if part)
    if not told:
        return ()
    return (f'The sound was copied in whole packets: it {told}. To cut it exactly, encode it ("-c:a aac").',)


def _side(late_ms: Fraction, verb: str, what: str) -> str:
    if abs(late_ms) < _LEAST_MS:
        return ""
    return f"{verb} {round(abs(late_ms))} ms {'after' if late_ms > 0 else 'before'} {what}"
