"""Splits scenes into ranges of frames for parallel renderers, and makes the files of ranges and single frames."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Hashable, Iterator, Sequence
from fractions import Fraction

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.composition.encoding import Encoding
from ffmpeg_worker.planning.placed_files import BundledFonts, TextFile
from ffmpeg_worker.planning.steps import FfmpegStep, Step, StillStep
from ffmpeg_worker.scene.content import ImageContent
from ffmpeg_worker.scene.scene import BUNDLED_FONTS_FOLDER, Element, Scene
from ffmpeg_worker.scene.text_metrics import iterate_elements

MIN_RANGE_S = 2.0
"""Shorter ranges are not split: starting another renderer and encoder would cost what it saves."""


def split_frames(first: int, last: int, fps: Fraction, max_count: int) -> tuple[tuple[int, int], ...]:
    """Split frames `first` to `last` (exclusive) into at most `max_count` ranges of nearly equal length."""
    frames = last - first
    count = max(1, min(max_count, int(frames / float(fps) / MIN_RANGE_S)))
    edges = [first + frames * number // count for number in range(count + 1)]
    return tuple(itertools.pairwise(edges))


def find_shared_elements(scenes: Sequence[Scene]) -> frozenset[Element]:
    """Return the elements that all scenes have in common, at the same times."""
    first, *others = (frozenset(scene.elements) for scene in scenes)
    return first.intersection(*others)


def split_at_unshared_elements(
    scene: Scene, first: int, last: int, shared: Collection[Element]
) -> tuple[tuple[int, int], ...]:
    """Split frames `first` to `last` (exclusive) where elements that only this scene has start and end.

    Ranges too short to be worth a renderer stay part of their neighbor.
    """
    own = [element for element in scene.elements if element not in shared]
    edges = sorted({edge for element in own for edge in (element.first, element.last)})
    min_frames = MIN_RANGE_S * float(Fraction(*scene.fps))
    kept = [first]
    for edge in edges:
        if edge - kept[-1] >= min_frames and last - edge >= min_frames:
            kept.append(edge)
    return tuple(itertools.pairwise((*kept, last)))


def number_elements(elements: Sequence[Element], known: dict[Element, int]) -> list[int]:
    """Return a number for each element; equal elements, also of other rows, have the same one.

    `known` has the numbers so far. Numbers are faster to hash and compare than elements with many keyframes.
    """
    return [known.setdefault(element, len(known)) for element in elements]


def range_key(scene: Scene, first: int, last: int, numbers: Sequence[int]) -> Hashable:
    """Return everything that the frames depend on: frames with equal keys look equal.

    `numbers` are those of the elements of the scene (see `number_elements`).
    """
    elements = [*zip(scene.elements, numbers, strict=True)]
    shown = [(element, number) for element, number in elements if element.first < last and element.last > first]
    visible = [number for _, number in shown]
    replaced = [None if element.replaces is None else numbers[element.replaces] for element, _ in shown]
    look = (scene.width, scene.height, scene.fps, scene.background, scene.fonts)
    return (*look, first, last, tuple(visible), tuple(replaced))


def plan_still_frame(scene: Scene, frame: int, name: str) -> Iterator[Step]:
    """Yield the steps for one frame as a file; formats other than PNG are converted from PNG."""
    fonts = place_svg_fonts(scene)
    if name.lower().endswith(".png"):
        yield StillStep(scene, frame, name, fonts)
        return
    yield StillStep(scene, frame, f"_{frame}.png", fonts)
    arguments = ("-i", f"file:_{frame}.png", "-frames:v", "1", "-q:v", "2", "-update", "1", f"file:{name}")
    yield FfmpegStep(Invocation(arguments), is_auxiliary=True)


def place_svg_fonts(scene: Scene) -> tuple[BundledFonts, ...]:
    """Return the fonts that a renderer of the scene needs as files: those for SVG, which may contain text."""
    images = (each.content for each in iterate_elements(scene.elements) if isinstance(each.content, ImageContent))
    if any(image.file.lower().endswith((".svg", ".svgz")) for image in images):
        return (BundledFonts(BUNDLED_FONTS_FOLDER, in_color=True),)
    return ()


def encode_range(encoding: Encoding, size: tuple[int, int], fps: Fraction, output: Sequence[str]) -> Invocation:
    """Return the command that encodes raw frames from its standard input; `output` are its last arguments."""
    width, height = size
    return Invocation(
        (
            *("-f", "rawvideo", "-pixel_format", encoding.form, "-video_size", f"{width}x{height}"),
            *("-framerate", str(fps), "-i", "pipe:0"),
            *(("-vf", ",".join(encoding.filters)) if encoding.filters else ()),
            *encoding.video,
            *("-fps_mode", "passthrough", *output),
        )
    )


def join_ranges(parts: Sequence[tuple[str, Fraction]], sound: str | None, output: str, stem: str) -> FfmpegStep:
    """Concatenate ranges (file and duration in seconds) and add the audio, without encoding again.

    `stem` is the prefix of intermediate files.
    """
    video_input, setup = _concat_input(parts, stem)
    arguments = (
        *video_input,
        *(("-i", f"file:{sound}") if sound else ()),
        *("-map", "0:v:0", *(("-map", "1:a:0") if sound else ())),
        *("-c", "copy"),
        *container_options(output),
        f"file:{output}",
    )
    return FfmpegStep(Invocation(arguments), expected_s=_length(parts), setup=setup, is_auxiliary=True)


def reduce_palette(parts: Sequence[tuple[str, Fraction]], output: str, stem: str) -> tuple[FfmpegStep, FfmpegStep]:
    """Make a looping GIF of lossless ranges: compute the palette of all frames, then apply it.

    `stem` is the prefix of intermediate files.
    """
    video_input, setup = _concat_input(parts, stem)
    palette = f"{stem}-colours.png"
    find = (*video_input, "-vf", "palettegen=stats_mode=diff", "-frames:v", "1", f"file:{palette}")
    use = (
        *(*video_input, "-i", f"file:{palette}"),
        *("-lavfi", "paletteuse=dither=sierra2_4a:diff_mode=rectangle:alpha_threshold=128"),
        *("-loop", "0", f"file:{output}"),
    )
    return (
        FfmpegStep(Invocation(find), expected_s=_length(parts), setup=setup, is_auxiliary=True),
        FfmpegStep(Invocation(use), expected_s=_length(parts), is_auxiliary=True),
    )


def container_options(output: str) -> tuple[str, ...]:
    """Return the options that let players start before they have the whole file."""
    return ("-movflags", "+faststart") if output.lower().endswith((".mp4", ".m4v", ".mov")) else ()


def _concat_input(
    parts: Sequence[tuple[str, Fraction]], stem: str
) -> tuple[tuple[str, ...], tuple[TextFile, ...]]:
    """Return the arguments of one input that is all ranges, and the list file that it needs.

    The list states durations, because a file with B-frames looks longer than it is.
    """
    if len(parts) == 1:
        return ("-i", f"file:{parts[0][0]}"), ()
    lines = ["ffconcat version 1.0"]
    for name, seconds in parts:
        lines += [f"file '{name}'", f"duration {float(seconds):.6f}"]
    listed = TextFile(f"{stem}.ffconcat", "\n".join(lines) + "\n")
    return ("-f", "concat", "-i", f"file:{listed.name}"), (listed,)


def _length(parts: Sequence[tuple[str, Fraction]]) -> float:
    return float(sum((seconds for _, seconds in parts), Fraction(0)))
