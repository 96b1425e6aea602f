"""Plans files that FFmpeg produces for the renderer."""

from __future__ import annotations

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.composition.libass_subtitles import plan_libass_drawing
from ffmpeg_worker.planning.option_policy.command_limits import media_input_options
from ffmpeg_worker.planning.steps import FfmpegStep
from ffmpeg_worker.scene.preparation import LibassDrawing, Preparation

# From PQ or HLG to linear light, with the peak reduced to that of a standard display, and to BT.709. The primaries
# are set because files with these transfers always use BT.2020, but do not always say so.
_TONE_MAP = (
    "setparams=color_primaries=bt2020:colorspace=bt2020nc,zscale=transfer=linear:npl=100,format=gbrpf32le,"
    "zscale=primaries=bt709,tonemap=hable:desat=0,zscale=transfer=bt709:matrix=bt709:range=limited,format=yuv420p"
)
# The seek seldom hits a frame exactly; the first frame gets time 0, the others keep their distance from the seek.
_ZERO_FIRST_FRAME = "setpts='if(eq(N,0),0,PTS)'"
# By default FFmpeg rounds times to multiples of the frame duration.
_EXACT_TIMES = ("-fps_mode", "passthrough", "-enc_time_base", "1/1000")
_NEARLY_LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8")


def plan_preparation(preparation: Preparation, machine: Machine) -> FfmpegStep:
    """Plan a file that the renderer reads."""
    if isinstance(preparation, LibassDrawing):
        return plan_libass_drawing(preparation)
    length = preparation.end_s - preparation.begin_s
    arguments = (
        *("-ss", f"{preparation.begin_s:.6f}", "-t", f"{length:.6f}"),
        *media_input_options(machine),
        *("-i", f"file:{preparation.file}", "-map", "0:v:0", "-vf", f"{_TONE_MAP},{_ZERO_FIRST_FRAME}"),
        *(*_EXACT_TIMES, *_NEARLY_LOSSLESS, f"file:{preparation.prepared}"),
    )
    return FfmpegStep(Invocation(arguments), expected_s=length, is_auxiliary=True)
