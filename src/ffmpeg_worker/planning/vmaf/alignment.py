"""Decide what the findings about two videos mean for their comparison: the status, and what can be repaired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ffmpeg_worker.planning.vmaf.describe_findings import describe_edits, describe_geometry, describe_shift
from ffmpeg_worker.planning.vmaf.findings import EditKind, Findings
from ffmpeg_worker.planning.vmaf.graph import Repair, Trim
from ffmpeg_worker.planning.vmaf.pairing import Pairing, rounded

SEARCH_S = 2
"""Largest shift that can be found, in seconds, either way."""

CERTAIN_CONFIDENCE = 0.5
"""Confidence from which frames are paired anew."""
MIN_SIMILARITY = 0.9
"""Correlation from which pictures show the same; those of different content stayed below 0.5."""

Status = Literal["ok", "corrected", "suspect", "unchecked"]
Mode = Literal["auto", "report", "off"]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The decision about two videos.

    Attributes:
        status: as in the result.
        repair: what a second scoring changes; `None`: there is none.
        pairing: the two videos.
        findings: of their examination; `None` if there was none.
        warnings: sentences for the caller.
    """

    status: Status
    repair: Repair | None
    pairing: Pairing
    findings: Findings | None
    warnings: tuple[str, ...]

    @property
    def offset(self) -> int:
        """The shift of the whole clip in frames; 0 if there is none, or more than one."""
        segments = self.findings.segments if self.findings is not None else ()
        return segments[0].offset if len(segments) == 1 else 0

    @property
    def trim(self) -> Trim:
        """The frames that the score leaves out at the start."""
        return self.repair.trim if self.repair is not None and self.status == "corrected" else Trim()

    @property
    def overlap_s(self) -> float | None:
        """Seconds that both videos share after trimming; `None` if unknown."""
        durations = _trimmed_durations(self.pairing, self.findings, self.trim)
        return min(durations) if durations else None

    @property
    def expected_s(self) -> float | None:
        """Seconds that should be compared: as the files claim, where they do so exactly; `None` if unknown."""
        if all(video.length_is_exact for video in self.pairing.videos):
            claimed = _trimmed_durations(self.pairing, None, self.trim)
            return min(claimed) if claimed else None
        return self.overlap_s

    def as_result(self) -> dict[str, Any]:
        """The result's `alignment`."""
        found = self.findings
        shift = self.offset if self.status in {"corrected", "suspect"} else 0
        result: dict[str, Any] = {
            "status": self.status,
            "offset_frames": shift,
            "offset_s": round(float(shift / self.pairing.rate), 6),
            "confidence": rounded(found.confidence) if found is not None else None,
            **self.pairing.properties(self.overlap_s),
        }
        if found is not None:
            result |= {
                "similarity": rounded(found.similarity),
                "segments": [
                    {
                        "frame": part.first,
                        "time": self._time(part.tick),
                        "frames": part.last - part.first,
                        "offset_frames": part.offset,
                    }
                    for part in found.segments
                ],
                "edits": [
                    {
                        "kind": edit.kind.value,
                        "frame": edit.frame,
                        "time": self._time(edit.tick),
                        "frames": edit.frames,
                    }
                    for edit in found.edits
                ],
                "geometry": describe_geometry(self.pairing, found.geometry)[0],
            }
        return result

    def _time(self, tick: int) -> float | None:
        return rounded(tick * self.pairing.tick)


def judge_alignment(pairing: Pairing, findings: Findings | None, *, mode: Mode) -> Alignment:
    """Decide what to do about what was found.

    The mode `auto` pairs frames anew if that is certain; `report` and `off` never do.
    """
    status, repair, said = _judge(pairing, findings, mode)
    decided = Alignment(status, repair, pairing, findings, said)
    durations = _trimmed_durations(pairing, findings, decided.trim)
    is_over = 1 in {video.frame_count for video in pairing.videos}
    tails = () if is_over else tuple(_tail_warnings(pairing, findings, durations))
    return Alignment(status, repair, pairing, findings, (*said, *tails, *_part_warnings(findings)))


def _judge(pairing: Pairing, found: Findings | None, mode: Mode) -> tuple[Status, Repair | None, tuple[str, ...]]:
    if found is None or not found.reference_frames or not found.distorted_frames:
        return "unchecked", None, ()
    if found.similarity is None:
        return "unchecked", None, ("Nothing is to be seen in the videos: all frames have one color.",)
    if found.similarity < MIN_SIMILARITY and found.geometry is None:
        return "suspect", None, ("The two videos do not seem to show the same pictures: the score means little.",)
    pictures = describe_geometry(pairing, found.geometry)[1]
    edits = describe_edits(pairing, found)
    shift = found.segments[0].offset if len(found.segments) == 1 else 0
    if found.geometry is not None:
        repair = _repair(found, shift) if mode == "auto" and found.geometry.is_exact else None
        return "suspect", repair, (*pictures, *edits)
    if not shift and not edits:
        return _judge_unchanged(found)
    is_paired_wrongly = shift or any(edit.kind in _MOVING for edit in found.edits)
    is_certain = found.confidence >= CERTAIN_CONFIDENCE
    repair = _repair(found, shift) if mode == "auto" and is_certain else None
    status: Status = "corrected" if repair is not None and is_paired_wrongly else "suspect"
    said = (describe_shift(pairing, shift, is_corrected=status == "corrected"),) if shift else ()
    return status, repair, (*said, *edits)


_MOVING = {EditKind.DROPPED, EditKind.DUPLICATED, EditKind.INSERTED}
"""Changes after which all frames come at another time."""


def _judge_unchanged(found: Findings) -> tuple[Status, Repair | None, tuple[str, ...]]:
    if found.is_still and min(found.reference_frames, found.distorted_frames) > 1:
        return "unchecked", None, ("No common motion was found (nothing moves): a shift cannot be ruled out.",)
    return "ok", None, ()


def _repair(found: Findings, shift: int) -> Repair | None:
    """What makes both videos show the same; the parts of pictures are added when bars were measured."""
    if not found.runs or not found.is_whole:
        return None
    turn = found.geometry.turn if found.geometry is not None else Repair().turn
    if found.edits:
        return Repair(runs=found.runs, turn=turn)
    return Repair(Trim(max(shift, 0), max(-shift, 0)), turn=turn)


def _part_warnings(found: Findings | None) -> Iterator[str]:
    if found is not None and not found.is_whole:
        frames = max(found.reference_frames, found.distorted_frames)
        yield f"Only the first {frames} frames were examined for differences in time and picture."


def _lengths(pairing: Pairing, found: Findings | None) -> tuple[float | None, float | None]:
    """Seconds of both videos: measured where they were examined to the end, else as the files claim."""
    ends = (found.reference_end, found.distorted_end) if found is not None else (0, 0)
    claimed = [pairing.length_s(video) for video in pairing.videos]
    limit = pairing.examined_s(SEARCH_S)
    lengths: list[float | None] = []
    for end, length in zip(ends, claimed, strict=True):
        measured = float((end + 4) * pairing.tick)
        is_measured = end > 0 and (limit is None or measured < limit - 2 / float(pairing.rate))
        lengths.append(measured if is_measured else length)
    return lengths[0], lengths[1]


def _trimmed_durations(pairing: Pairing, found: Findings | None, trim: Trim) -> tuple[float, float] | None:
    """Seconds of the reference and the distorted video after trimming; `None` if one is unknown."""
    reference, distorted = _lengths(pairing, found)
    if reference is None or distorted is None:
        return None
    step = float(1 / pairing.rate)
    if found is not None and len(found.segments) > 1:
        # What was dropped or added before the end is no tail.
        reference -= found.segments[-1].offset * step
    return reference - trim.reference * step, distorted - trim.distorted * step


def _tail_warnings(
    pairing: Pairing, found: Findings | None, durations: tuple[float, float] | None
) -> Iterator[str]:
    if durations is None:
        return
    reference, distorted = durations
    is_measured = found is not None and found.is_whole and min(found.reference_end, found.distorted_end) > 0
    exact = is_measured or (pairing.reference.length_is_exact and pairing.distorted.length_is_exact)
    # The duration of a file includes its audio, which may end a little later than the video.
    if abs(reference - distorted) <= max(1.5 / float(pairing.slower_rate), 0.0 if exact else 0.25):
        return
    longer = pairing.reference if reference > distorted else pairing.distorted
    verb = "lasts" if exact else "claims to last"
    yield f"The {longer.label} {verb} {abs(reference - distorted):.3f} s longer; that tail was not compared."
