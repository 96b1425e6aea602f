"""The option policy refuses every attack by arguments before any process starts."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import ForbiddenOption, InvalidJob
from ffmpeg_worker.job.local_files import LocalFile, LocalFiles
from ffmpeg_worker.planning.plan import Plan
from ffmpeg_worker.planning.required_inputs import RequiredInput
from ffmpeg_worker.planning.steps import FfmpegStep
from support.jobs.everyday_commands import EVERYDAY, Spelling
from support.jobs.guide_commands import GUIDES
from support.jobs.plans import plan_job

SECRET = "/srv/worker/secret.env"
CLIP = "-i clip.mp4"
PICTURE = "-f lavfi -i testsrc2=s=64x64:d=1"


COMMANDS = {**EVERYDAY, **GUIDES}


def planned(command: Spelling, **inputs: Any) -> Plan:
    job = {"action": "process", "data": {"chainCmds": command}, "inputs": inputs}
    return plan_job(job, files=_files_with_suffixes)


def _files_with_suffixes(required: tuple[RequiredInput, ...]) -> LocalFiles:
    return LocalFiles(
        {
            item.key: LocalFile(Path("/x"), f"{number}{Path(item.key).suffix}", 1)
            for number, item in enumerate(required)
        }
    )


# Attack: the command, and the argument that the error names.
ATTACKS: dict[str, tuple[str, str]] = {
    # Reading through inputs
    "any bytes as data": (f"-f data -i {SECRET} -map 0 -c copy -f data o.bin", "-f"),
    "a part of a file": (f"-i subfile,,start,0,end,0,,:{SECRET} o.mp4", "-i"),
    "files of a list": ("-i concatf:list.txt o.mp4", "-i"),
    "a wrapped file": (f"-i async:file:{SECRET} o.mp4", "-i"),
    "a cached file": (f"-i cache:{SECRET} o.mp4", "-i"),
    "a decrypted file": (f"-i crypto+file:{SECRET} o.mp4", "-i"),
    "a shared cache": (f"-cache_dir . -i shared:{SECRET} o.mp4", "-cache_dir"),
    "a descriptor": ("-fd 3 -i clip.mp4 o.mp4", "-fd"),
    "a graph that reads": (f"-f lavfi -i movie={SECRET} o.mp4", "-i"),
    "a graph that reads raw bytes": (f"-f lavfi -i movie=filename={SECRET}:f=rawvideo o.bin", "-i"),
    "a graph from a file": ("-f lavfi -graph_file x -i y o.mp4", "-graph_file"),
    "drefs of a film": (f"-enable_drefs 1 -use_absolute_path 1 {CLIP} o.mp4", "-enable_drefs"),
    "a playlist's guards off": ("-extension_picky 0 -allowed_extensions ALL -i in.m3u8 o.mp4", "-extension_picky"),
    "all of a playlist's names": ("-allowed_extensions ALL -i in.m3u8 o.mp4", "-allowed_extensions"),
    "subtitles elsewhere": (f"-f vobsub -sub_name {SECRET} -i x.idx o.mkv", "-f"),
    "assets elsewhere": ("-f imf -assetmaps x -i cpl.xml o.mp4", "-f"),
    "a script": ("-f avisynth -i x.avs o.mp4", "-f"),
    "a palette": (f"-ifo_palette {SECRET} {CLIP} o.mkv", "-ifo_palette"),
    # Reading through options
    "a value from a file": (f"{CLIP} -/metadata {SECRET} o.mp4", "-/metadata"),
    "a graph from a file, old": (f"{CLIP} -filter_complex_script {SECRET} o.mp4", "-filter_complex_script"),
    "an attachment": (f"{CLIP} -attach {SECRET} o.mkv", "-attach"),
    "a preset": (f"{CLIP} -fpre {SECRET} o.mp4", "-fpre"),
    "a key file": (f"{CLIP} -hls_key_info_file {SECRET} o.m3u8", "-hls_key_info_file"),
    "text": (f"{PICTURE} -vf drawtext=textfile={SECRET} o.mp4", "-vf"),
    "text as a value": (f"{PICTURE} -vf drawtext=/text={SECRET} o.mp4", "-vf"),
    "metadata as a value": (f"{PICTURE} -vf metadata=add:key=k:/value={SECRET} o.mp4", "-vf"),
    "subtitles": (f"{PICTURE} -vf subtitles={SECRET} o.mp4", "-vf"),
    "a font": (f"{PICTURE} -vf drawtext=fontfile={SECRET}:text=a o.mp4", "-vf"),
    "a look-up table": (f"{PICTURE} -vf lut3d={SECRET} o.mp4", "-vf"),
    "cells": (f"-f lavfi -i life=filename={SECRET} o.mp4", "-i"),
    "a curve": (f"{PICTURE} -vf curves=psfile={SECRET} o.mp4", "-vf"),
    "hints": (f"{PICTURE} -vf fieldhint={SECRET} o.mp4", "-vf"),
    "weights": (f"{PICTURE} -vf nnedi=weights={SECRET} o.mp4", "-vf"),
    "a model": (f"{PICTURE} -lavfi libvmaf=model=path={SECRET} o.mp4", "-lavfi"),
    "a matrix file": (f"{CLIP} -x264-params cqmfile={SECRET} o.mp4", "-x264-params"),
    "a lambda file": (f"{CLIP} -x265-params lambda-file={SECRET} o.mp4", "-x265-params"),
    "a grain table": (f"{CLIP} -aom-params film-grain-table={SECRET} o.mp4", "-aom-params"),
    "bytes in the log": (f"-dump -hex {CLIP} -f null -", "-dump"),
    # Writing
    "progress": (f"{CLIP} -progress {SECRET} o.mp4", "-progress"),
    "a report": (f"{CLIP} -report o.mp4", "-report"),
    "statistics": (f"{CLIP} -vstats_file {SECRET} o.mp4", "-vstats_file"),
    "statistics of encoders": (f"{CLIP} -stats_enc_post:v {SECRET} o.mp4", "-stats_enc_post:v"),
    "a picture of the graph": (f"{CLIP} -print_graphs_file {SECRET} o.mp4", "-print_graphs_file"),
    "a session description": (f"{CLIP} -sdp_file {SECRET} o.mp4", "-sdp_file"),
    "an attachment taken out": (f"-dump_attachment:t {SECRET} {CLIP} o.mp4", "-dump_attachment:t"),
    "an attachment under its own name": ("-dump_attachment:t '' -i full.mkv o.mp4", "-dump_attachment:t"),
    "a pass log": (f"{CLIP} -pass 1 -passlogfile {SECRET} o.mp4", "-passlogfile"),
    "a pass log of x264": (f"{CLIP} -x264-params pass=1:stats={SECRET} o.mp4", "-x264-params"),
    "pictures of x264": (f"{CLIP} -x264opts dump-yuv={SECRET} o.mp4", "-x264opts"),
    "a table of x265": (f"{CLIP} -x265-params csv={SECRET} o.mp4", "-x265-params"),
    "several outputs": (f"{CLIP} -f tee [f=mp4]{SECRET}", "output"),
    "a list of segments": (f"{CLIP} -f segment -segment_list {SECRET} s%d.ts", "-segment_list"),
    "segments": (f"{CLIP} -hls_segment_filename /srv/s%d.ts o.m3u8", "-hls_segment_filename"),
    "segments by variant": (f"{CLIP} -var_stream_map v:0,name:../x -f hls %v.m3u8", "-var_stream_map"),
    "segments of dash": (f"{CLIP} -media_seg_name ../$Number$ o.mpd", "-media_seg_name"),
    "segments by tee": (f"{CLIP} -f segment -segment_format tee s%d", "-segment_format"),
    "deleting": (f"{CLIP} -hls_flags append_list+delete_segments o.m3u8", "-hls_flags"),
    "frame scores": (f"{PICTURE} -vf psnr=stats_file={SECRET} o.mp4", "-vf"),
    "metadata": (f"{PICTURE} -vf metadata=print:file={SECRET} o.mp4", "-vf"),
    "movements": (f"{PICTURE} -vf vidstabdetect=result={SECRET} o.mp4", "-vf"),
    "signatures": (f"{PICTURE} -vf signature=filename={SECRET} o.mp4", "-vf"),
    "plots": (f"{PICTURE} -vf curves=plot={SECRET} o.mp4", "-vf"),
    "trees": (f"{PICTURE} -vf paletteuse=debug_kdtree={SECRET} o.mp4", "-vf"),
    "loudness": (f"{PICTURE} -af loudnorm=stats_file={SECRET} o.mp4", "-af"),
    "a header of chunks": (f"{CLIP} -f webm_chunk -header {SECRET} o%d.chk", "-f"),
    "a hash": (f"{CLIP} -f mpegts md5:{SECRET}", "output"),
    "an encrypted file": (f"{CLIP} -f mpegts crypto:{SECRET}", "output"),
    "a socket of the machine": (f"{CLIP} -f mpegts unix:{SECRET}", "output"),
    "a hidden file": (f"{CLIP} .config/x.mp4", "output"),
    # Running
    "a plugin": (f"{PICTURE} -vf frei0r=filter_name=evil o.mp4", "-vf"),
    "another plugin": (f"{PICTURE} -af lv2=p=file\\\\://evil o.mp4", "-af"),
    "a program for the graphics card": (f"{PICTURE} -vf program_opencl=source=x.cl o.mp4", "-vf"),
    "commands to filters": (f"{PICTURE} -vf sendcmd=c='0 drawtext reinit textfile=x' o.mp4", "-vf"),
    # The network
    "a screen": ("-f x11grab -i 127.0.0.1:1.0 o.mp4", "-f"),
    "a sound server": ("-f pulse -server tcp:127.0.0.1 -i default o.mp4", "-f"),
    "a listening filter": (f"{PICTURE} -vf zmq o.mp4", "-vf"),
    "a film elsewhere": ("-f lavfi -i movie=http\\\\://host/x o.mp4", "-i"),
    "an attachment elsewhere": (f"{CLIP} -attach http://host/x o.mkv", "-attach"),
    "a proxy": ("-http_proxy http://host -i https://host/x o.mp4", "-http_proxy"),
    "a gateway": (f"-gateway http://host {CLIP} o.mp4", "-gateway"),
    "protocols let in": (f"-protocol_whitelist http,tcp {CLIP} o.mp4", "-protocol_whitelist"),
    "formats let in": (f"-format_whitelist hls {CLIP} o.mp4", "-format_whitelist"),
    "uploading": (f"{CLIP} -method PUT -f hls o.m3u8", "-method"),
    "a display": (f"-init_hw_device vaapi=d:host:0 {CLIP} o.mp4", "-init_hw_device"),
    # Exhausting resources
    "a long graph": (f"{PICTURE} -vf {','.join(['null'] * 500)} o.mp4", "-vf"),
    "options behind the end": (f"{CLIP} o.mp4 -report", "-report"),
    "the end of options": (f"{CLIP} -- -report o.mp4", "--"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_refused_before_any_process_starts(attack: str) -> None:
    command, argument = ATTACKS[attack]
    with pytest.raises(ForbiddenOption) as caught:
        planned([shlex.split(command)])
    assert caught.value.where == {"command": 0, "argument": argument}
    assert SECRET not in str(caught.value.as_problem())


@pytest.mark.parametrize(
    "command",
    [
        f"{CLIP} ../../x.mp4",
        "-i ../../x.mp4 o.mp4",
        "-i pipe:0 o.mp4",
        "-i fd: o.mp4",
        f"{CLIP} -f mpegts tcp://127.0.0.1:1",
        f"{CLIP} -f rtsp rtsp://host/x",
        "-i {{x}} o.mp4",
    ],
)
def test_commands_with_invalid_paths_or_sources_are_refused(command: str) -> None:
    with pytest.raises(InvalidJob):
        planned(command)


def test_an_input_may_be_a_playlist_only_if_it_says_so() -> None:
    for command, formats in (
        ("-i x.mp4 o.mp4", set()),
        ("-i x.m3u8 o.mp4", {"hls"}),
        ("-f hls -i x.mp4 o.mp4", {"hls"}),
        ("-i x.mpd o.mp4", {"dash"}),
        ("-f concat -i x.txt o.mp4", {"concat"}),
        ("-f mov -i x.m3u8 o.mp4", set()),
    ):
        (step,) = planned(command).lanes[0].steps
        assert isinstance(step, FfmpegStep)
        arguments = step.invocation.arguments
        accepted = set(arguments[arguments.index("-format_whitelist") + 1].split(","))
        assert accepted & {"hls", "dash", "concat", "lavfi", "sdp", "data", "svg_pipe"} == formats, command


def test_callers_cannot_override_the_limits() -> None:
    (step,) = planned("-max_streams 9999 -max_pixels 1 -i x.mp4 -i y.mp4 o.mp4").lanes[0].steps
    assert isinstance(step, FfmpegStep)
    line = " ".join(step.invocation.arguments)
    assert line.count("-max_streams 64 -i ") == 2  # ffmpeg takes the last one before each input


@pytest.mark.parametrize("purpose", COMMANDS)
def test_everyday_commands_are_accepted(purpose: str) -> None:
    assert planned(COMMANDS[purpose]).lanes
