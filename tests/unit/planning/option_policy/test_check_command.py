"""Commands of whole jobs: which options are refused, under which name, and which pass unchanged."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from ffmpeg_worker.errors import ForbiddenOption, InvalidJob
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.planning.steps import FfmpegStep
from support.jobs.plans import plan_job, read

TONE = ["-f", "lavfi", "-i", "sine=d=1"]


def arguments_of(*arguments: str, cores: int = 2, option_policy: bool = True) -> tuple[str, ...]:
    """The planned command line of a job that reads no file."""
    job: dict[str, Any] = {"action": "process", "data": {"chainCmds": [[*TONE, *arguments]]}}
    plan = plan_job(job, Machine(cores, option_policy))
    step = plan.lanes[0].steps[0]
    assert isinstance(step, FfmpegStep)
    return step.invocation.arguments


# Options before the output, and the option that the error names.
REFUSED = {
    # Spelling does not help: specifiers, letters, prefixes, repetition, Unicode.
    "-report": "-report",
    "-noreport": "-noreport",
    "--report": "--report",
    "-repor x": "-repor",
    "-REPORT x": "-REPORT",
    "-stats_enc_post:v:0 x": "-stats_enc_post:v:0",
    "-progress x -progress pipe:1": "-progress",
    "-protocol_whitelist:x file": "-protocol_whitelist:x",
    "-vprotocol_whitelist file": "-vprotocol_whitelist",
    "-venable_drefs 1": "-venable_drefs",
    "-crf\N{ZERO WIDTH SPACE} 3": "-crf\N{ZERO WIDTH SPACE}",
    "-\N{FULLWIDTH LATIN SMALL LETTER V}f null": "-\N{FULLWIDTH LATIN SMALL LETTER V}f",
    "-: x": "-:",
    "-- x": "--",
    "-i:0 x": "-i:0",
    # Values from files
    "-/vf graph": "-/vf",
    "-/metadata:s:0 x": "-/metadata:s:0",
    "-filter_script:v x": "-filter_script:v",
    "-vpre x": "-vpre",
    # Options that the worker sets, that lead elsewhere, or that use the network
    "-format_whitelist mov": "-format_whitelist",
    "-use_absolute_path 1": "-use_absolute_path",
    "-cache_dir x": "-cache_dir",
    "-fd 3": "-fd",
    "-method PUT": "-method",
    "-headers X": "-headers",
    "-graph_file x": "-graph_file",
    "-key 00": "-key",
    # Formats
    "-f fifo": "-f",
    "-f RTP_mpegts": "-f",
    "-f TEE": "-f",
    "-f:v pulse": "-f:v",
    "-f no-such-format": "-f",
    "-segment_format tee": "-segment_format",
    # File names
    "-attach /etc/passwd": "-attach",
    "-attach http://host/x": "-attach",
    "-dump_attachment:t ''": "-dump_attachment:t",
    "-vstats_file ../x": "-vstats_file",
    "-passlogfile /tmp/x": "-passlogfile",
    "-segment_list _in/0.mp4": "-segment_list",
    "-hls_segment_filename .x/%d.ts": "-hls_segment_filename",
    "-var_stream_map v:0,name:../x": "-var_stream_map",
    "-master_pl_name a/../../x": "-master_pl_name",
    "-init_hw_device vaapi=v:/dev/mem": "-init_hw_device",
    "-hls_flags delete_segments+append_list": "-hls_flags",
    "-hls_flags append_list -hls_flags +delete_segments": "-hls_flags",
    "-hls_flags 34": "-hls_flags",
    # Dictionaries inside options
    "-segment_format_options protocol_whitelist=http": "-segment_format_options",
    "-hls_segment_options movflags=faststart:hls_key_info_file=/x": "-hls_segment_options",
    "-format_options 'method=PUT'": "-format_options",
    "-segment_format_options nonsense": "-segment_format_options",
    # Parameters of encoder libraries
    "-x264-params stats=x": "-x264-params",
    "-x264-params keyint=2:cqm=/etc/passwd": "-x264-params",
    "-x264-params no-stats=x": "-x264-params",
    "-x264opts dump_yuv=x": "-x264opts",
    "-x264-params st\\\\ats=x": "-x264-params",
    "-x265-params:v:0 csv=x": "-x265-params:v:0",
    "-x265-params scaling-list=file": "-x265-params",
    "-svtav1-params stats=x": "-svtav1-params",
    "-aom-params film-grain-table=x": "-aom-params",
    # Threads as expressions
    "-threads 1K": "-threads",
    "-bsf:v nosuch": "-bsf:v",
}


@pytest.mark.parametrize(("options", "named"), REFUSED.items())
def test_refused(options: str, named: str) -> None:
    with pytest.raises(ForbiddenOption) as caught:
        arguments_of(*shlex.split(options), "o.mp4")
    assert caught.value.where == {"command": 0, "argument": named}
    assert caught.value.hint
    assert "passwd" not in f"{caught.value.message} {caught.value.hint}"


REFUSED_GRAPHS = [
    "frei0r=x",
    "FREI0R=x",
    "null,[a]lv2@x=p=y",
    "zmq",
    "sendcmd=c='0 drawtext reinit textfile=/x'",
    "nosuchfilter=1",
    "drawtext=/text=f",
    "drawtext=text=a:textfile=/etc/passwd",
    "drawtext=textfile=/etc/passwd:textfile=a.txt",
    "drawtext=font.ttf:a:/etc/passwd",
    "drawtext=/etc/passwd",
    "drawtext=no_such_option=1",
    "movie=/etc/passwd",
    "movie='/etc/passwd'",
    r"mo\vie=\/etc/passwd",
    r"movie=filename=http\\://host/x",
    "movie=a.png:data",
    "movie=a.png:f=lavfi",
    "movie=a.png:format_opts='protocol_whitelist=http'",
    r"movie=a.png:format_opts=video_size=1x1\\:use_absolute_path=1",
    "subtitles=/x.srt",
    "subtitles=a.srt:fontsdir=/etc",
    "psnr=/x",
    "psnr=stats_file=_in/0.mp4",
    "metadata=print:file=/x",
    "metadata=mode=add:key=k:/value=/x",
    "libvmaf=model=path=/x",
    r"libvmaf=model=version=a\\:path=../x",
    "libvmaf=model='version=a|path=/x'",
    "paletteuse=debug_kdtree=/x",
    "nnedi=weights=/x",
    "arnndn=m=/x",
    "libplacebo=custom_shader_path=a.hook",
    "vidstabdetect=result=a/../../x",
    "null[",
    ",".join(["null"] * 401),
]


@pytest.mark.parametrize("graph", REFUSED_GRAPHS)
@pytest.mark.parametrize("option", ["-vf", "-filter:a:0", "-lavfi"])
def test_refused_in_graphs(option: str, graph: str) -> None:
    with pytest.raises(ForbiddenOption) as caught:
        arguments_of(option, graph, "o.mp4")
    assert caught.value.where == {"command": 0, "argument": option}
    assert "passwd" not in f"{caught.value.message} {caught.value.hint}"


ALLOWED = [
    "-c:v libx264 -crf 23 -vb 1M -tune film -x264-params keyint=30:no_scenecut=1:no-cabac=1:cqm=jvt",
    "-c:v libx265 -x265-params log-level=error:no-sao=1:scaling-list=default:master-display=G(1,2)B(3,4)",
    "-c:v libsvtav1 -svtav1-params tune=0:film-grain=8 -g:v 240",
    "-movflags +faststart -brand mp42 -metadata title=/etc/passwd -metadata:s:a:0 language=eng",
    "-f segment -segment_format mp4 -segment_format_options movflags=+faststart:brand=mp42 -segment_list l.csv",
    "-f hls -hls_flags independent_segments+append_list",
    "-f hls -hls_flags independent_segments+delete_segments -hls_segment_filename v%v/s%d.ts",
    "-var_stream_map 'v:0,a:0,name:high v:1,a:1,agroup:x' -master_pl_name m.m3u8",
    "-bsf:v h264_mp4toannexb,filter_units=remove_types=6 -bsf:a null",
    "-init_hw_device vaapi=va:/dev/dri/renderD128 -filter_hw_device va",
    "-pass 1 -passlogfile logs/pass -progress - -threads auto -nostats -noautorotate",
    "-vf drawtext=fontfile=/usr/share/fonts/a.ttf:text='a/b':x=(w-tw)/2",
    "-vf drawtext=a.ttf:Hello",
    "-vf \"movie=logo.png:f=png_pipe:format_opts=framerate=5[l];[in][l]overlay=5:5:enable='lt(t,1)'\"",
    "-vf metadata=print:file=-",
    "-vf curves=vintage:plot=a.plt",
    "-lavfi libvmaf=log_fmt=json:log_path=v.json:model=version=vmaf_v0.6.1",
    r"""-lavfi "libvmaf=model='version=vmaf_v0.6.1\\:name=a|path=m.json'" """,
    "-af loudnorm=-16:-1.5:stats_file=l.json,aresample=48000",
]


@pytest.mark.parametrize("options", ALLOWED)
def test_accepted_options_are_planned_as_written(options: str) -> None:
    written = shlex.split(options)
    planned = arguments_of(*written, "o.mp4")
    own = {"-progress", "-", "-nostats"}
    assert [token for token in written if token not in own] == [*planned[planned.index("sine=d=1") + 1 : -1]]


def test_a_tee_list_is_checked_entry_by_entry() -> None:
    entries = r"[f=mp4:movflags=faststart]a.mp4|[select=\'a:0\':bsfs/v=null]b.ts|c.mkv"
    assert entries in arguments_of("-f", "tee", entries)


@pytest.mark.parametrize(
    "entries",
    ["/x", "[f=tee]a", "[f=mp4:method=PUT]a", r"[f=\'mp4]x\':a=1]/app/x", r"[f=mp4\\]x]/app/x", "a|/b", "[f]a"],
)
def test_tee_lists_that_are_refused(entries: str) -> None:
    with pytest.raises(ForbiddenOption):
        arguments_of("-f", "tee", entries)


def test_threads_are_limited_to_the_cores() -> None:
    assert "-threads 2 " in " ".join(arguments_of("-threads", "64", "o.mp4"))
    assert "-threads 64 " in " ".join(arguments_of("-threads", "64", "o.mp4", cores=96))


def test_a_command_that_is_too_long_is_refused() -> None:
    for arguments in (["-metadata", "a=b"] * 300, ["-metadata", "a" * (128 << 10)]):
        with pytest.raises(InvalidJob) as caught:
            arguments_of(*arguments, "o.mp4")
        assert caught.value.code == "command_too_long"


def test_characters_that_no_argument_can_contain_are_refused() -> None:
    with pytest.raises(InvalidJob) as caught:
        arguments_of("-metadata", "a=\ud800", "o.mp4")
    assert caught.value.code == "invalid_argument"


def test_a_misspelled_name_gets_the_nearest_one_as_hint() -> None:
    for arguments, near in ((["-movflag", "x"], "-movflags"), (["-vf", "scael=1"], "scale")):
        with pytest.raises(ForbiddenOption) as caught:
            arguments_of(*arguments, "o.mp4")
        assert near in str(caught.value.hint)


def test_without_policy_commands_are_planned_as_written() -> None:
    line = arguments_of("-vf", "frei0r=x", "-threads", "64", "o.mp4", option_policy=False)
    assert line == (*TONE, "-vf", "frei0r=x", "-threads", "64", "file:o.mp4")


def test_nothing_is_fetched_for_a_command_that_is_refused() -> None:
    job = {"action": "process", "data": {"chainCmds": "-i https://host/a.mp4 -report o.mp4"}}
    with pytest.raises(ForbiddenOption):
        read(job)
    assert read(job, Machine(2, option_policy=False)).required_inputs


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("/app/x%d.ts", "-i /app/x1.ts"),
        ("a.x/y%d.png", "-pattern_type glob -i .?/*.png"),
        (".x/y%d.png", "-pattern_type glob -i .?/*.png"),
        ("file:file:/app/x", "-i concat:file:file:/app/x|b.ts"),
        ("x:y.ts", "-i concat:x:y.ts|b.ts"),
    ],
)
def test_names_of_earlier_outputs_stay_inside_the_job_folder(first: str, then: str) -> None:
    """No output of one command becomes an outside name for the next."""
    job = {"action": "process", "data": {"chainCmds": f"-f lavfi -i sine {first} && {then} o.mp4"}}
    try:
        needs = read(job).required_inputs
    except ForbiddenOption:
        return
    assert [need.key for need in needs] == [then.rpartition(" ")[2]]  # not an earlier output: storage decides


GPU_COMMANDS = {
    "decoded, filtered and encoded there": "-hwaccel cuda -hwaccel_device 0 -hwaccel_output_format cuda "
    "-extra_hw_frames 4 -i a.mp4 -vf yadif_cuda,scale_cuda=w=1280:h=-2:interp_algo=lanczos:format=nv12 "
    "-c:v h264_nvenc -preset p5 -tune hq -rc vbr -cq 23 -b:v 0 -multipass fullres -spatial-aq 1 -temporal-aq 1 "
    "-rc-lookahead 20 -b_ref_mode middle -gpu 0 b.mp4",
    "with a logo": "-init_hw_device cuda=gpu:0 -filter_hw_device gpu -i a.mp4 -i l.png -filter_complex "
    "[0]hwupload_cuda[v];[1]format=yuva420p,hwupload_cuda[l];[v][l]overlay_cuda=x=8:y=8[o] -map [o] "
    "-c:v hevc_nvenc -profile:v main10 -tier high -rc cbr -no-scenecut 1 -forced-idr 1 b.mp4",
    "by its own decoder": "-c:v h264_cuvid -resize 64x36 -i a.mp4 -c:v av1_nvenc -highbitdepth 1 -tf_level 4 b.ts",
}


@pytest.mark.parametrize("name", GPU_COMMANDS)
def test_callers_may_write_commands_for_a_gpu(name: str) -> None:
    assert read({"action": "process", "data": {"chainCmds": GPU_COMMANDS[name]}}).required_inputs


def test_a_command_with_many_inputs_gets_the_hint_to_use_a_list() -> None:
    pictures = [
        token for i in range(100) for token in ("-framerate", "5", "-loop", "1", "-t", "3", "-i", f"{i}.png")
    ]
    with pytest.raises(InvalidJob) as caught:
        read(
            {
                "action": "process",
                "data": {"chainCmds": [*pictures, "-filter_complex", "concat=n=100", "-an", "o.mp4"]},
            }
        )
    assert caught.value.code == "command_too_long"
    assert "-f concat" in (caught.value.hint or "")


def test_many_texts_get_the_hint_to_use_subtitles() -> None:
    texts = ",".join(f"drawtext=text={i}:enable='between(t,{i},{i + 1})'" for i in range(450))
    with pytest.raises(ForbiddenOption) as caught:
        read({"action": "process", "data": {"chainCmds": ["-i", "a.mp4", "-vf", texts, "o.mp4"]}})
    assert "subtitles=" in (caught.value.hint or "")
    assert ".ass" in (caught.value.hint or "")
