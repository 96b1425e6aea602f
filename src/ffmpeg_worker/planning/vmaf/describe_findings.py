"""Describes findings about two videos, in plain sentences and in the fields of the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ffmpeg_worker.planning.vmaf.findings import Area, Edit, EditKind, Findings, Geometry, Turn
from ffmpeg_worker.planning.vmaf.pairing import Pairing, Video

_MAX_NAMED = 3
"""Changes of one kind that get a sentence each; more are counted in one."""

_TURNS = {
    Turn.MIRRORED: "mirrored: left and right are exchanged (horizontal flip)",
    Turn.UPSIDE_DOWN: "upside down: top and bottom are exchanged (vertical flip)",
    Turn.HALF: "rotated by 180 degrees",
    Turn.RIGHT: "rotated by 90 degrees clockwise",
    Turn.LEFT: "rotated by 90 degrees counterclockwise",
}
_ONE = {
    EditKind.DROPPED: "lacks {frames} of the reference before {place} (dropped frames).",
    EditKind.DUPLICATED: "repeats {frames} from {place} on (duplicated frames): all later ones come later.",
    EditKind.INSERTED: "has {frames} from {place} on that the reference lacks (inserted frames): all later ones "
    "come later.",
    EditKind.FROZEN: "shows one picture for {frames} from {place} on (frozen frames).",
    EditKind.UNMATCHED: "shows something else than the reference in {frames} from {place} on.",
}
_MANY = {
    EditKind.DROPPED: "lacks {frames} of the reference (dropped frames)",
    EditKind.DUPLICATED: "repeats {frames} (duplicated frames)",
    EditKind.INSERTED: "has {frames} that the reference lacks (inserted frames)",
    EditKind.FROZEN: "shows the picture before again in {frames} (frozen frames)",
    EditKind.UNMATCHED: "shows something else than the reference in {frames}",
}


def describe_shift(pairing: Pairing, offset: int, *, is_corrected: bool) -> str:
    """A sentence about a shift of the whole clip."""
    size = f"{abs(float(offset / pairing.rate)):.3f} s"
    way, trimmed = ("later", "reference") if offset > 0 else ("earlier", "distorted video")
    if is_corrected:
        changed = f"the first {size} of the {trimmed} were left out."
        return f"The distorted video starts {size} {way} than the reference: {changed}"
    return f"The distorted video seems to start {size} {way} than the reference; this was not corrected."


def describe_edits(pairing: Pairing, found: Findings) -> tuple[str, ...]:
    """Sentences about changes in the sequence of frames."""
    return tuple(
        sentence
        for kind in EditKind
        for sentence in _describe_kind(pairing, kind, [edit for edit in found.edits if edit.kind is kind])
    )


def _describe_kind(pairing: Pairing, kind: EditKind, edits: Sequence[Edit]) -> Iterator[str]:
    if len(edits) > _MAX_NAMED:
        frames = _MANY[kind].format(frames=_count(sum(edit.frames for edit in edits)))
        yield f"The distorted video {frames}, in {len(edits)} places, the first at {_place(pairing, edits[0])}."
        return
    for edit in edits:
        said = _ONE[kind].format(frames=_count(edit.frames), place=_place(pairing, edit))
        yield f"The distorted video {said}"


def _count(frames: int) -> str:
    return "1 frame" if frames == 1 else f"{frames} frames"


def _place(pairing: Pairing, edit: Edit) -> str:
    return f"frame {edit.frame} ({float(edit.tick * pairing.tick):.3f} s)"


def describe_geometry(pairing: Pairing, geometry: Geometry | None) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The entries of the result's `alignment.geometry`, and a sentence for each."""
    if geometry is None:
        return [], ()
    parts = [*_turn(geometry), *_frame(pairing, geometry), *_crop(pairing, geometry)]
    return [entry for entry, _ in parts], tuple(sentence for _, sentence in parts)


def _turn(geometry: Geometry) -> Iterator[tuple[dict[str, Any], str]]:
    if geometry.turn is not Turn.NONE:
        yield {"kind": geometry.turn.value}, f"The distorted video is {_TURNS[geometry.turn]}."


def _frame(pairing: Pairing, geometry: Geometry) -> Iterator[tuple[dict[str, Any], str]]:
    if geometry.visible == Area():
        return
    kind = "bars" if geometry.has_bars else "frame"
    what = _bars(geometry.visible) if geometry.has_bars else "a frame of something else around its picture"
    entry, size = _pixels(pairing.distorted, geometry.visible)
    whole = f"{pairing.distorted.width}x{pairing.distorted.height}"
    yield (
        {"kind": kind, "picture": entry},
        (f"The distorted video has {what}: its picture fills only about {size} of {whole} pixels."),
    )


def _bars(visible: Area) -> str:
    across, down = visible.right - visible.left < 1, visible.bottom - visible.top < 1
    if across and down:
        return "bars on all sides (windowbox)"
    return "bars at the sides (pillarbox)" if across else "bars above and below (letterbox)"


def _crop(pairing: Pairing, geometry: Geometry) -> Iterator[tuple[dict[str, Any], str]]:
    if geometry.shown == Area():
        return
    entry, size = _pixels(pairing.reference, geometry.shown)
    whole = f"{pairing.reference.width}x{pairing.reference.height}"
    is_enlarged = geometry.shown != geometry.visible
    yield (
        {"kind": "crop", "picture": entry},
        (
            f"The distorted video shows only about {size} of the reference's {whole} pixels"
            f"{' (cropped and enlarged, or zoomed)' if is_enlarged else ' (cropped)'}."
        ),
    )


def _pixels(video: Video, area: Area) -> tuple[dict[str, int], str]:
    x, y = round(area.left * video.width), round(area.top * video.height)
    width = round((area.right - area.left) * video.width)
    height = round((area.bottom - area.top) * video.height)
    return {"x": x, "y": y, "width": width, "height": height}, f"{width}x{height}"
