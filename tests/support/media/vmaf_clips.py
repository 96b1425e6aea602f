"""Pairs of small videos with known differences, and a plain way to compare them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from ffmpeg_worker.ffmpeg.probe.pyav_probe import describe
from ffmpeg_worker.ffmpeg.tools import find_ffmpeg
from ffmpeg_worker.job.actions.vmaf import VmafData
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.job.machine import Machine
from ffmpeg_worker.job.media import read_media
from ffmpeg_worker.planning.steps import ComputeStep, FfmpegStep, OptionalStep, Step
from ffmpeg_worker.planning.vmaf.plan_vmaf import plan_vmaf

_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
_BAD = f"{_X264} -crf 32"
_GOOD = f"{_X264} -crf 10"
_X265 = "-c:v libx265 -x265-params log-level=none:pools=1"
_LATE = "-vf trim=start_frame=7,setpts=PTS-STARTPTS -c:v ffv1"
_REFERENCE = "-i reference.mp4"

_LONG = ("pan", "zoom")
_CHANGES = {
    "bad": "",
    "drop": "-vf select=not(eq(n\\,60)),setpts=N/25/TB",
    "drops": "-vf select=not(eq(mod(n\\,40)\\,39)),setpts=N/25/TB",
    "dup": "-vf loop=1:1:60,setpts=N/25/TB",
    "freeze": "-vf select=not(between(n\\,61\\,80)) -fps_mode cfr",
    "crop": "-vf crop=300:168,scale=320:180",
    "pillar": "-vf scale=240:180,pad=320:180:40:0",
    "cut": "-vf crop=240:180,pad=320:180:40:0",
    "window": "-vf scale=240:134,pad=320:180:40:22",
    "flip": "-vf hflip",
    "half": "-vf hflip,vflip",
    "late": "-vf trim=start_frame=3,setpts=PTS-STARTPTS",
}
"""Changes of the clips in `_LONG`."""

_RECIPES: Mapping[str, str] = MappingProxyType(
    {
        "reference.mp4": f"-f lavfi -i testsrc2=s=320x180:r=25:d=2 {_X264} -crf 14 -bf 2",
        "ntsc.mp4": f"-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=2 {_X264} -crf 14 -bf 3",
        "still.mp4": f"-f lavfi -i smptebars=s=320x180:r=25:d=2 {_GOOD}",
        "large.mp4": f"-f lavfi -i testsrc2=s=640x360:r=25:d=1 {_GOOD}",
        "picture.png": "-f lavfi -i mandelbrot=s=640x360:start_scale=0.3:end_scale=0.3 -frames:v 1",
        "zoom.mp4": f"-f lavfi -i mandelbrot=s=320x180:r=25 -t 6 {_GOOD}",
        "odd.mkv": "-f lavfi -i testsrc2=s=321x181:r=25:d=1 -c:v ffv1 -pix_fmt yuv444p",
        "pan.mp4": (
            f"-loop 1 -framerate 25 -i picture.png -t 6 "
            f"-vf crop=320:180:x=20+n:y=40+n/4,noise=alls=6:allf=t {_GOOD}"
        ),
        "one.mp4": f"-r 30 -i picture.png -frames:v 1 {_BAD}",
        "bad.mp4": f"{_REFERENCE} {_BAD}",
        "better.mp4": f"{_REFERENCE} {_X264} -crf 26",
        "worse.mp4": f"{_REFERENCE} {_X264} -crf 40",
        "reference_late.mkv": f"{_REFERENCE} {_LATE}",
        "brighter_late.mkv": f"{_REFERENCE} -vf trim=start_frame=5,eq=brightness=0.06,scale=160:90 {_BAD}",
        "double.mkv": f"{_REFERENCE} -vf fps=50 {_BAD}",
        "slow.mp4": f"-r 24000/1001 {_REFERENCE} {_BAD}",
        "short.mp4": f"{_REFERENCE} -t 1 {_BAD}",
        "ten.mp4": f"{_REFERENCE} {_X265} -pix_fmt yuv420p10le -crf 24",
        "gaps.mp4": f"{_REFERENCE} -vf select=not(eq(mod(n\\,5)\\,3)) -fps_mode vfr {_GOOD}",
        "gaps_bad.mkv": f"{_REFERENCE} -vf select=not(eq(mod(n\\,5)\\,3)) -fps_mode vfr {_BAD}",
        "tagged.mp4": f"{_REFERENCE} -vf setparams=colorspace=bt709:range=tv {_GOOD}",
        "full.mp4": f"{_REFERENCE} -vf scale=out_range=pc,format=yuvj420p -c:v libx264 -crf 10",
        "lying.mp4": f"{_REFERENCE} -vf transpose=1 {_GOOD}",
        "small.mp4": f"-i large.mp4 -vf scale=320:180:flags=bicubic {_GOOD}",
        "odd_bad.mp4": "-i odd.mkv -vf scale=213:121 -pix_fmt yuv444p -c:v libx264 -preset veryfast -crf 24",
        "ntsc_bad.mp4": f"-i ntsc.mp4 {_BAD} -bf 3",
        "still_bad.mp4": f"-i still.mp4 {_BAD}",
        **{
            f"{name}_{change}.mp4": f"-i {name}.mp4 {how} {_BAD}"
            for name in _LONG
            for change, how in _CHANGES.items()
        },
        "pan_crf40.mp4": f"-i pan.mp4 {_X264} -crf 40",
        "zoom_crf45.mp4": f"-i zoom.mp4 {_X264} -preset ultrafast -crf 45",
        "pan_small.mp4": f"-i pan.mp4 -vf scale=160:90 {_BAD}",
        "pan_mpeg2.ts": "-i pan.mp4 -c:v mpeg2video -q:v 24",
        "pan_fps50.mp4": f"-i pan.mp4 -vf fps=50 {_BAD}",
        "pan_fps30.mp4": f"-i pan.mp4 -vf fps=30 {_BAD}",
        "pan_fps12.mp4": f"-i pan.mp4 -vf fps=12.5 {_BAD}",
        "pan_logo.mp4": f"-i pan.mp4 -vf drawbox=x=250:y=10:w=50:h=30:color=white:t=fill {_BAD}",
        "pan_start5.mkv": f"-i pan.mp4 {_BAD} -output_ts_offset 5",
        "pan_rough.mp4": f"-i pan.mp4 -vf noise=alls=20:allf=t {_BAD}",
        "pan_other.mp4": f"-i zoom.mp4 {_BAD}",
        "late.mkv": f"-i bad.mp4 {_LATE}",
        "leader.mkv": "-i bad.mp4 -vf tpad=start=9:color=black -c:v ffv1",
        "ntsc.mkv": "-i ntsc.mp4 -c copy",
        "ntsc.ts": "-i ntsc.mp4 -c copy",
        "ntsc_offset.mkv": "-i ntsc.mp4 -c copy -output_ts_offset 5.123",
        "ntsc_bad.mkv": "-i ntsc_bad.mp4 -c copy",
        "ntsc_bad.ts": "-i ntsc_bad.mp4 -c copy",
        "turned.mp4": "-display_rotation 90 -i lying.mp4 -c copy",
        "matrix.mp4": (
            f"-i tagged.mp4 -vf scale=in_color_matrix=bt709:out_color_matrix=bt601,"
            f"setparams=colorspace=smpte170m -colorspace smpte170m {_GOOD}"
        ),
    }
)
"""Arguments of FFmpeg by the name of the file that they make. Inputs with names of this table are made before."""


@cache
def _ffmpeg() -> str:
    return str(find_ffmpeg(None))


class Clips:
    """Makes each clip in a folder when it is first asked for, after the clips that it is made of."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __truediv__(self, name: str) -> Path:
        """The path of a clip."""
        path = self._folder / name
        if not path.exists():
            arguments = shlex.split(_RECIPES[name].replace("\\", "\\\\"))
            for argument, given in pairwise(arguments):
                if argument == "-i" and given in _RECIPES:
                    _ = self / given
            command = [_ffmpeg(), "-v", "error", "-nostdin", "-y", *arguments, name]
            subprocess.run(command, cwd=self._folder, check=True)
        return path


def run_ffmpeg(*arguments: str | Path) -> None:
    """Run FFmpeg with some arguments."""
    subprocess.run([_ffmpeg(), "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


def compare(reference: Path, distorted: Path, **data: Any) -> dict[str, Any]:
    """Plan and run one comparison; the result includes the lane's warnings."""
    files = [
        LocalFile(path, f"{number}{path.suffix}", path.stat().st_size, read_media(describe(str(path))))
        for number, path in enumerate((reference, distorted))
    ]
    fields, machine = VmafData(input1="a", input2="b", **data), Machine(2, option_policy=False)
    lane = plan_vmaf(fields, files[0], files[1], machine)
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "_in").mkdir()
        for file in files:
            (folder / "_in" / file.staged).symlink_to(file.path)
        for step in lane.steps:
            _run_step(step, folder)
        written = _read(folder, lane.summary.reads)
    result = lane.summary.build((), written)
    return {**result, "warnings": [*lane.warnings, *result.get("warnings", [])]}


def _read(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() if (folder / name).exists() else b"" for name in names}


def _run_step(step: Step, folder: Path) -> None:
    match step:
        case FfmpegStep():
            _run(step, folder)
        case ComputeStep():
            answer = step.build((), _read(folder, step.reads))
            (folder / step.result_file).write_text(json.dumps(answer))
        case OptionalStep():
            needed = step.build(_read(folder, step.reads))
            if needed is not None:
                _run(needed, folder)
        case _:
            raise AssertionError(step)


def _run(step: FfmpegStep, folder: Path) -> None:
    command = [_ffmpeg(), "-v", "error", "-nostdin", "-y", *step.invocation.arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    if step.stdout_file is not None:
        (folder / step.stdout_file).write_bytes(done.stdout)


@cache
def plain_vmaf(reference: Path, distorted: Path, options: str = "") -> dict[str, Any]:
    """The pooled metrics of libvmaf by the shortest documented command. Each pair is compared once."""
    with TemporaryDirectory() as name:
        log = f"log_fmt=json:log_path=log.json:n_threads=2{options}"
        files = ["-i", os.fspath(distorted), "-i", os.fspath(reference)]
        command = [_ffmpeg(), "-v", "error", "-nostdin", *files, "-lavfi", f"libvmaf={log}", "-f", "null", "-"]
        subprocess.run(command, cwd=name, check=True)
        pooled: dict[str, Any] = json.loads((Path(name) / "log.json").read_bytes())["pooled_metrics"]
        return pooled
