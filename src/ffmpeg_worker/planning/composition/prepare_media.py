"""What ffmpeg makes of inputs that the renderer does not draw as they are."""

from __future__ import annotations

from ffmpeg_worker.command.invocation import Invocation
from ffmpeg_worker.planning.composition.libass_subtitles import draw
from ffmpeg_worker.planning.option_policy.command_limits import CommandLimits
from ffmpeg_worker.planning.plan import FfmpegStep
from ffmpeg_worker.scene.preparation import LibassDrawing, Preparation, ToneMapping

# From PQ or HLG to light, its peak brought down to that of a usual screen, and back to BT.709. Both come with the
# colors of BT.2020 only, which not every file says.
_TONE_MAP = (
    "setparams=color_primaries=bt2020:colorspace=bt2020nc,zscale=transfer=linear:npl=100,format=gbrpf32le,"
    "zscale=primaries=bt709,tonemap=hable:desat=0,zscale=transfer=bt709:matrix=bt709:range=limited,format=yuv420p"
)
# Where the file is cut there is seldom a frame. Its time is nought all the same: all others count from there.
_FROM_THE_CUT = "setpts='if(eq(N,0),0,PTS)'"
# ffmpeg would move frames to the nearest multiple of their length otherwise.
_AT_THEIR_TIMES = ("-fps_mode", "passthrough", "-enc_time_base", "1/1000")
_NEARLY_EXACT = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8")


def prepare(preparation: Preparation, limits: CommandLimits | None) -> FfmpegStep:
    """Make a file that the renderer reads."""
    if isinstance(preparation, LibassDrawing):
        return draw(preparation)
    return _tone_map(preparation, limits)


def _tone_map(preparation: ToneMapping, limits: CommandLimits | None) -> FfmpegStep:
    length = preparation.end_s - preparation.begin_s
    arguments = (
        *("-ss", f"{preparation.begin_s:.6f}", "-t", f"{length:.6f}"),
        *(() if limits is None else limits.media_options()),
        *("-i", f"file:{preparation.file}", "-map", "0:v:0", "-vf", f"{_TONE_MAP},{_FROM_THE_CUT}"),
        *(*_AT_THEIR_TIMES, *_NEARLY_EXACT, f"file:{preparation.prepared}"),
    )
    return FfmpegStep(Invocation(arguments), expected_s=length, is_auxiliary=True)
