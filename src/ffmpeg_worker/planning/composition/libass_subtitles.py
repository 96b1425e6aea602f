"""Plans the drawing of ASS subtitles with libass into a transparent video.

The `ass` filter can draw onto transparent frames, but squares the opacity. Therefore it draws twice, over black
and over white: over black the result is the premultiplied color, and the difference of both is the transparency.
Frames are drawn only for the moments at which the picture may change: the input is a concat list with one small
black picture per moment, shown until the next one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from html import escape

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.placed_files import BundledFonts, Folder, InputLink, TextFile
from ffmpeg_worker.planning.steps import FailureContext, FfmpegStep, StreamedFile
from ffmpeg_worker.scene.preparation import LibassDrawing
from ffmpeg_worker.scene.scene import FontFile
from ffmpeg_worker.scene.subtitles.ass_script import frame_time_ms

_OWN_FONTS = "_ass-fonts"
_FALLBACKS = ("Inter", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai")
"""Bundled families for characters that no other font has."""

_BLACK = "YUV4MPEG2 W2 H2 F1000:1 Ip A1:1 Cmono XCOLORRANGE=FULL\nFRAME\n\0\0\0\0"
_TICKS = 10  # per millisecond: half a millisecond is added, so that rounding errors do not change the millisecond


def plan_libass_drawing(drawing: LibassDrawing) -> FfmpegStep:
    """Plan the drawing of all moments into a file that the renderer reads as a video."""
    return _plan(drawing, drawing.moments, "times", (f"file:{drawing.prepared}",))


def stream_libass_drawing(drawing: LibassDrawing, first: int, last: int) -> StreamedFile:
    """Plan the drawing of frames `first` to `last` (exclusive) of the canvas while the renderer reads them."""
    output = ("-f", "mov", "-movflags", "empty_moov+default_base_moof+frag_every_frame", "pipe:1")
    return StreamedFile(drawing.prepared, _plan(drawing, drawing.within(first, last), f"times-{first}", output))


def _plan(drawing: LibassDrawing, moments: Sequence[int], times_name: str, output: Sequence[str]) -> FfmpegStep:
    folder = drawing.folder
    times = [frame_time_ms(moment, drawing.fps) for moment in moments]
    arguments = (
        # Without these, FFmpeg would succeed with some or no frames when memory runs out.
        *("-xerror", "-abort_on", "empty_output"),
        *("-f", "concat", "-i", f"file:{folder}/{times_name}.ffconcat"),
        *("-filter_complex", _graph(drawing, times[0]), "-fps_mode", "passthrough", "-enc_time_base", "1/1000"),
        # Mostly empty frames take few bytes and little time to encode and decode.
        *("-c:v", "qtrle", "-video_track_timescale", "1000", *output),
    )
    return FfmpegStep(
        Invocation(arguments),
        expected_s=(times[-1] - times[0]) / 1000,
        setup=(
            Folder(f"{folder}/fonts"),
            TextFile(f"{folder}/script.ass", drawing.script),
            TextFile(f"{folder}/black.y4m", _BLACK),
            TextFile(f"{folder}/{times_name}.ffconcat", _concat_list(times)),
            TextFile(f"{folder}/fonts.conf", _font_config(folder, drawing.fonts)),
            *(InputLink(_font_name(folder, number), font.file) for number, font in enumerate(drawing.fonts)),
            BundledFonts(_OWN_FONTS),
        ),
        environment={"FONTCONFIG_PATH": folder},
        failure_context=FailureContext(
            f"{drawing.where}.src",
            "The subtitles cannot be drawn with their own styling.",
            code="unreadable_subtitles",
            hint='Simplify their effects, or give the layer a "style", which replaces theirs.',
        ),
        is_auxiliary=True,
    )


def _graph(drawing: LibassDrawing, first_ms: int) -> str:
    width, height = drawing.size
    full_width, full_height = drawing.full_size
    # The full size determines the width and blur of outlines in drafts.
    ass = f"ass={drawing.folder}/script.ass:original_size={full_width}x{full_height}"
    late = first_ms * _TICKS + _TICKS // 2
    return (
        f"scale={width}:{height}:flags=neighbor,format=gbrp,settb=1/{1000 * _TICKS},setpts=PTS+{late},split[b][w];"
        f"[b]{ass},format=gbrp,split[black][b];[b]extractplanes=g[b];"
        f"[w]negate,{ass},format=gbrp,extractplanes=g[w];"
        "[w][b]blend=all_mode=difference,negate[opacity];"
        f"[black][opacity]alphamerge,setpts='if(eq(N,0),0,PTS-{_TICKS // 2})',format=argb"
    )


def _concat_list(times: Iterable[int]) -> str:
    """Return the concat list with one picture per time, in milliseconds."""
    lengths = (f"\nduration {(end - begin) / 1000:.3f}" for begin, end in itertools.pairwise(times))
    return "ffconcat version 1.0\n" + "".join(f"file black.y4m{length}\n" for length in (*lengths, ""))


def _font_name(folder: str, number: int) -> str:
    return f"{folder}/fonts/{number}-"


def _font_config(folder: str, fonts: Sequence[FontFile]) -> str:
    """Return the fontconfig file: the fonts of the machine, of the composition, and the bundled ones.

    Folders are given in two ways: the job's user may not traverse the folders above the job's own, and inside the
    job's own root folder there is no `/proc`.
    """
    lines = [*_folder_elements("cachedir", f"{folder}/cache")]
    lines += ['<include ignore_missing="yes">/etc/fonts/fonts.conf</include>']
    lines += [*_folder_elements("dir", f"{folder}/fonts"), *_folder_elements("dir", _OWN_FONTS)]
    lines += [_rename_family(_font_name(folder, number), font.family) for number, font in enumerate(fonts)]
    last = "".join(f'<edit name="family" mode="append_last"><string>{name}</string></edit>' for name in _FALLBACKS)
    lines += [f'<match target="pattern">{last}</match>']
    return "\n".join(('<?xml version="1.0"?>', "<fontconfig>", *lines, "</fontconfig>", ""))


def _folder_elements(tag: str, name: str) -> tuple[str, str]:
    return f"<{tag}>/proc/self/cwd/{name}</{tag}>", f'<{tag} prefix="cwd">{name}</{tag}>'


def _rename_family(file: str, family: str) -> str:
    family = "".join(letter for letter in family if letter.isprintable())
    return (
        f'<match target="scan"><test name="file" compare="contains"><string>{file}</string></test>'
        f'<edit name="family" mode="prepend"><string>{escape(family)}</string></edit></match>'
    )
