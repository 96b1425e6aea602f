"""Mapping any command onto a GPU changes only its video encoders, their options and the filters before them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.command.command_line import CommandLine, FileGroup, Option
from ffmpeg_worker.command.encoders import ENCODERS
from ffmpeg_worker.job.machine import Gpu
from ffmpeg_worker.job.media import MediaInfo, StreamInfo
from ffmpeg_worker.planning.hardware.map_command import map_command
from ffmpeg_worker.planning.hardware.not_mapped import NotMapped

L4 = Gpu(1, "NVIDIA L4", frozenset(ENCODERS), frozenset({"h264"}))
KEPT = [
    ("-map", "0:v"),
    ("-map", "0:a?"),
    ("-c:a", "aac"),
    ("-b:a", "128k"),
    ("-movflags", "+faststart"),
    ("-metadata", "title=x264 -crf 3"),
    ("-metadata:s:a:0", "language=deu"),
    ("-t", "3"),
    ("-r", "30"),
    ("-tag:v", "avc1"),
    ("-color_trc", "bt709"),
    ("-threads", "2"),
    ("-sn", None),
]
ENCODER_SETTINGS = [
    ("-crf", "20"),
    ("-preset", "fast"),
    ("-g", "50"),
    ("-keyint_min", "50"),
    ("-sc_threshold", "0"),
    ("-pix_fmt", "yuv420p"),
    ("-profile:v", "high"),
    ("-level", "4.1"),
    ("-bf", "2"),
    ("-b:v", "2M"),
    ("-x264-params", "keyint=60"),
]
REFUSED = [("-tune", "grain"), ("-qp", "20"), ("-x264-params", "me=umh"), ("-trellis", "2"), ("-q:v", "2")]
FILTERS = ["scale=-2:720", "yadif", "fps=25", "setsar=1", "hflip", "scale=640:360:flags=lanczos"]
ENCODER_OPTIONS = frozenset(
    "c preset tune profile level rc cq b maxrate bufsize multipass g no-scenecut bf rc-lookahead spatial-aq "
    "pix_fmt crf keyint_min sc_threshold x264-params".split()
)


def options(choices: Sequence[tuple[str, str | None]]) -> st.SearchStrategy[list[Option]]:
    return st.lists(st.sampled_from([Option(*one) for one in choices]), max_size=5, unique=True)


@st.composite
def commands(draw: st.DrawFn) -> CommandLine:
    groups = [FileGroup(True, "a.mp4", tuple(draw(options([("-ss", "1"), ("-t", "2"), ("-r", "25")]))))]
    for number in range(draw(st.integers(1, 2))):
        graph = draw(st.lists(st.sampled_from(FILTERS), max_size=2))
        filters = [Option("-vf", ",".join(graph))] if graph else []
        codec = [Option("-c:v", draw(st.sampled_from(["libx264", "libx265", "libvpx-vp9", "copy"])))]
        refused = draw(st.sampled_from([[], [], [], [Option(*draw(st.sampled_from(REFUSED)))]]))
        mixed = [*draw(options(KEPT)), *draw(options(ENCODER_SETTINGS)), *filters, *codec, *refused]
        groups.append(FileGroup(False, f"{number}.mp4", tuple(draw(st.permutations(mixed)))))
    return CommandLine(tuple(groups))


def kept_of(group: FileGroup) -> list[Option]:
    """Return the options that mapping must keep, in order: all except those of the video encoder."""
    frame_options = {"vf", "hwaccel", "hwaccel_output_format"}
    return [
        one
        for one in group.options
        if one.token.endswith(":a") or (one.name not in ENCODER_OPTIONS and one.name not in frame_options)
    ]


@given(line=commands(), may_scale=st.booleans())
def test_mapping_keeps_all_other_options(line: CommandLine, may_scale: bool) -> None:
    stream = StreamInfo("video", codec="h264", width=1920, height=1080, pix_fmt="yuv420p")
    try:
        mapped = map_command(line, [MediaInfo("mov", (stream,), 9.0)], L4, may_scale=may_scale)
    except NotMapped:
        return
    if mapped is None:
        assert {group.value_of("c") for group in line.outputs if group.value_of("c")} <= {
            "libvpx-vp9",
            "copy",
            "aac",
        }
        return
    assert [(g.is_input, g.url) for g in mapped.groups] == [(g.is_input, g.url) for g in line.groups]
    tokens = [token for option in mapped.options() for token in option.tokens()]
    assert not {"libx264", "libx265"} & set(tokens)
    runs_on_gpu = "-hwaccel" in tokens
    for before, after in zip(line.groups, mapped.groups, strict=True):
        assert kept_of(after) == kept_of(before)
        graphs = (before.value_of("vf") or "", after.value_of("vf") or "")
        assert len(graphs[0].split(",")) == len(graphs[1].split(","))
        assert runs_on_gpu or graphs[0] == graphs[1]
        assert not runs_on_gpu or not {"scale", "yadif", "hflip"} & {
            f.partition("=")[0] for f in graphs[1].split(",")
        }
        if "_nvenc" not in str(after.options):
            assert after.is_input or after == before
