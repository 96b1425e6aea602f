"""Pairs of small videos with known differences, and a plain way to compare them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
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
from ffmpeg_worker.planning.plan import DependentStep, FfmpegStep
from ffmpeg_worker.planning.vmaf.plan_vmaf import plan_vmaf

_X264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p"
_BAD = f"{_X264} -crf 32"
_GOOD = f"{_X264} -crf 10"
_X265 = "-c:v libx265 -x265-params log-level=none:pools=1"
_LATE = "-vf trim=start_frame=7,setpts=PTS-STARTPTS -c:v ffv1"
_REFERENCE = "-i reference.mp4"

# Each list is made at once; a later one reads files of the earlier.
_ROUNDS: tuple[Mapping[str, str], ...] = (
    MappingProxyType(
        {
            "reference.mp4": f"-f lavfi -i testsrc2=s=320x180:r=25:d=2 {_X264} -crf 14 -bf 2",
            "ntsc.mp4": f"-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=2 {_X264} -crf 14 -bf 3",
            "still.mp4": f"-f lavfi -i smptebars=s=320x180:r=25:d=2 {_GOOD}",
            "large.mp4": f"-f lavfi -i testsrc2=s=640x360:r=25:d=1 {_GOOD}",
            "odd.mkv": "-f lavfi -i testsrc2=s=321x181:r=25:d=1 -c:v ffv1 -pix_fmt yuv444p",
        }
    ),
    MappingProxyType(
        {
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
        }
    ),
    MappingProxyType(
        {
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
    ),
)


@cache
def _ffmpeg() -> str:
    return str(find_ffmpeg(None))


def make_clips(folder: Path) -> None:
    """Make all clips in `folder`."""
    for recipes in _ROUNDS:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda recipe: _make(folder, *recipe), recipes.items()))


def _make(folder: Path, name: str, recipe: str) -> None:
    command = [_ffmpeg(), "-v", "error", "-nostdin", "-y", *shlex.split(recipe.replace("\\", "\\\\")), name]
    subprocess.run(command, cwd=folder, check=True)


def compare(reference: Path, distorted: Path, **data: Any) -> dict[str, Any]:
    """Plan and run one comparison; the result includes the lane's warnings."""
    files = [
        LocalFile(path, f"{number}{path.suffix}", path.stat().st_size, read_media(describe(str(path))))
        for number, path in enumerate((reference, distorted))
    ]
    fields, machine = VmafData(input1="a", input2="b", **data), Machine(2, option_policy=False)
    lane = plan_vmaf(fields, files[0], files[1], machine)
    written: dict[str, bytes] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "_in").mkdir()
        for file in files:
            (folder / "_in" / file.staged).symlink_to(file.path)
        for step in lane.steps:
            ready = step.build((), written) if isinstance(step, DependentStep) else step
            assert isinstance(ready, FfmpegStep)
            _run(ready, folder)
            names = [name for name in lane.summary.reads if (folder / name).exists()]
            written = {name: (folder / name).read_bytes() for name in names}
    result = lane.summary.build((), written)
    return {**result, "warnings": [*lane.warnings, *result.get("warnings", [])]}


def _run(step: FfmpegStep, folder: Path) -> None:
    command = [_ffmpeg(), "-v", "error", "-nostdin", "-y", *step.invocation.arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    if step.stdout_file is not None:
        (folder / step.stdout_file).write_bytes(done.stdout)


def plain_vmaf(reference: Path, distorted: Path, options: str = "") -> dict[str, Any]:
    """The pooled metrics of libvmaf by the shortest documented command."""
    with TemporaryDirectory() as name:
        log = f"log_fmt=json:log_path=log.json:n_threads=2{options}"
        files = ["-i", os.fspath(distorted), "-i", os.fspath(reference)]
        command = [_ffmpeg(), "-v", "error", "-nostdin", *files, "-lavfi", f"libvmaf={log}", "-f", "null", "-"]
        subprocess.run(command, cwd=name, check=True)
        pooled: dict[str, Any] = json.loads((Path(name) / "log.json").read_bytes())["pooled_metrics"]
        return pooled
