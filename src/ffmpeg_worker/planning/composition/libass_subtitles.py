"""What draws subtitles with their own looks: libass, within ffmpeg, onto pictures of nothing.

The filter `ass` has an option for transparent pictures, but makes of half an opacity a quarter. So everything is
drawn twice, over black and over white: over black is what it looks like, multiplied with its opacity, and the less
the two differ, the more opaque it is. Pictures are drawn only for the moments when they may change, which the list
of inputs says: it names one small black picture for each, with the time until the next.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from html import escape

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.plan import FailureContext, FfmpegStep
from ffmpeg_worker.scene.preparation import LibassDrawing
from ffmpeg_worker.scene.scene import FontFile
from ffmpeg_worker.scene.subtitles.ass_script import frame_time_ms

_OWN_FONTS = "_ass-fonts"
_FALLBACKS = ("Inter", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai")
"""Families of the worker's own fonts for what no other font has."""

_BLACK = "YUV4MPEG2 W2 H2 F1000:1 Ip A1:1 Cmono XCOLORRANGE=FULL\nFRAME\n\0\0\0\0"
_TICKS = 10  # of a millisecond: half a one more, and rounding errors lead to no other one


def draw(drawing: LibassDrawing) -> FfmpegStep:
    """Draw its moments into a file that the renderer reads as a video."""
    folder = drawing.folder
    times = [frame_time_ms(moment, drawing.fps) for moment in drawing.moments]
    arguments = (
        # It would end well with half of the pictures, or none, where memory is short.
        *("-xerror", "-abort_on", "empty_output"),
        *("-f", "concat", "-i", f"file:{folder}/times.ffconcat"),
        *("-filter_complex", _graph(drawing, times[0]), "-fps_mode", "passthrough", "-enc_time_base", "1/1000"),
        # Few bytes and little time for what is mostly empty, both for whoever writes and for whoever reads it.
        *("-c:v", "qtrle", "-video_track_timescale", "1000", f"file:{drawing.prepared}"),
    )
    return FfmpegStep(
        Invocation(arguments),
        expected_s=(times[-1] - times[0]) / 1000,
        folders=(f"{folder}/fonts",),
        texts={
            f"{folder}/script.ass": drawing.script,
            f"{folder}/black.y4m": _BLACK,
            f"{folder}/times.ffconcat": _list(times),
            f"{folder}/fonts.conf": _font_config(folder, drawing.fonts),
        },
        links={_font_name(folder, number): font.file for number, font in enumerate(drawing.fonts)},
        own_fonts=_OWN_FONTS,
        environment={"FONTCONFIG_PATH": folder},
        failure_context=FailureContext(
            f"{drawing.where}.src",
            "The subtitles cannot be drawn with their own looks.",
            code="unreadable_subtitles",
            hint='Simplify their effects, or give the layer a "style": their texts are then shown in that one.',
        ),
        is_auxiliary=True,
    )


def _graph(drawing: LibassDrawing, first_ms: int) -> str:
    width, height = drawing.size
    full_width, full_height = drawing.full_size
    # The full size says how thick lines are, and how soft, in a draft.
    ass = f"ass={drawing.folder}/script.ass:original_size={full_width}x{full_height}"
    late = first_ms * _TICKS + _TICKS // 2
    return (
        f"scale={width}:{height}:flags=neighbor,format=gbrp,settb=1/{1000 * _TICKS},setpts=PTS+{late},split[b][w];"
        f"[b]{ass},format=gbrp,split[black][b];[b]extractplanes=g[b];"
        f"[w]negate,{ass},format=gbrp,extractplanes=g[w];"
        "[w][b]blend=all_mode=difference,negate[opacity];"
        f"[black][opacity]alphamerge,setpts='if(eq(N,0),0,PTS-{_TICKS // 2})',format=argb"
    )


def _list(times: Iterable[int]) -> str:
    """A picture for each time, in milliseconds."""
    lengths = (f"\nduration {(end - begin) / 1000:.3f}" for begin, end in itertools.pairwise(times))
    return "ffconcat version 1.0\n" + "".join(f"file black.y4m{length}\n" for length in (*lengths, ""))


def _font_name(folder: str, number: int) -> str:
    return f"{folder}/fonts/{number}-"


def _font_config(folder: str, fonts: Sequence[FontFile]) -> str:
    """The machine's fonts as it has configured them, the composition's under its names for them, and the worker's.

    Folders are named in two ways: the job's user may not pass the folders above the job's own, and where the
    job's root folder is its own there is no `/proc`.
    """
    lines = [*_both_ways("cachedir", f"{folder}/cache")]
    lines += ['<include ignore_missing="yes">/etc/fonts/fonts.conf</include>']
    lines += [*_both_ways("dir", f"{folder}/fonts"), *_both_ways("dir", _OWN_FONTS)]
    lines += [_named(_font_name(folder, number), font.family) for number, font in enumerate(fonts)]
    last = "".join(f'<edit name="family" mode="append_last"><string>{name}</string></edit>' for name in _FALLBACKS)
    lines += [f'<match target="pattern">{last}</match>']
    return "\n".join(('<?xml version="1.0"?>', "<fontconfig>", *lines, "</fontconfig>", ""))


def _both_ways(tag: str, name: str) -> tuple[str, str]:
    return f"<{tag}>/proc/self/cwd/{name}</{tag}>", f'<{tag} prefix="cwd">{name}</{tag}>'


def _named(file: str, family: str) -> str:
    family = "".join(letter for letter in family if letter.isprintable())
    return (
        f'<match target="scan"><test name="file" compare="contains"><string>{file}</string></test>'
        f'<edit name="family" mode="prepend"><string>{escape(family)}</string></edit></match>'
    )
