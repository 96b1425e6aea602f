"""The context and the result of resolving one layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ffmpeg_worker.composition.layer_base import VisualLayer
from ffmpeg_worker.scene.clips import SourceInfo
from ffmpeg_worker.scene.geometry import Box, CropFractions, resolve_crop
from ffmpeg_worker.scene.lint_warning import LintWarning
from ffmpeg_worker.scene.preparation import Preparation
from ffmpeg_worker.scene.reference_box import ReferenceBox
from ffmpeg_worker.scene.resolve_timing import ScheduledLayer
from ffmpeg_worker.scene.scene import Content, FontFile
from ffmpeg_worker.scene.subtitle_budget import SubtitleBudget


@dataclass(frozen=True, slots=True)
class ResolvedContent:
    """A content with its box and the visible part of it."""

    content: Content
    box: Box
    crop: CropFractions | None = None


@dataclass(frozen=True, slots=True)
class ResolveContext:
    """Shared by all layers of a composition while they are resolved.

    Attributes:
        sources: what is known of each `src`.
        file_of: the file of a `src`, as the scene names it.
        fps: frame rate of the canvas.
        by_id: layers by their ids.
        fonts: fonts of the composition.
        draws_ass: whether FFmpeg can draw ASS subtitles with libass.
        subtitles: counts the subtitles of the job.
        warnings, preparations: collect what comes up.
    """

    sources: SourceInfo
    file_of: Callable[[str], str]
    fps: Fraction
    by_id: Mapping[str, ScheduledLayer]
    fonts: tuple[FontFile, ...] = ()
    draws_ass: bool = True
    subtitles: SubtitleBudget = field(default_factory=SubtitleBudget)
    warnings: list[LintWarning] = field(default_factory=list)
    preparations: list[Preparation] = field(default_factory=list)


def resolve_box_crop(layer: VisualLayer, box: Box, reference: ReferenceBox, where: str) -> CropFractions | None:
    """Resolve the crop of a layer whose content has the size of its box."""
    size = box.initial_size
    scale = reference.pixel_scale
    return resolve_crop(layer.crop, size and (size[0] / scale, size[1] / scale), where)
