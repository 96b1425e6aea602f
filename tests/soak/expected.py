"""Right results, made or known without the worker, and the comparison with what it delivered."""

from __future__ import annotations

import io
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import numpy as np

from support.media.sources import FFMPEG
from support.media.vmaf_clips import plain_vmaf

_EXACT = "-fflags +bitexact -flags +bitexact -threads 1"
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "copy.mkv": f"-i clip.mp4 -c copy {_EXACT} copy.mkv",
        "still.png": f"-ss 0.5 -i clip.mp4 -frames:v 1 {_EXACT} still.png",
        "small.mp4": f"-i clip.mp4 -vf scale=80:-2 -c:v libx264 -preset ultrafast -an {_EXACT} small.mp4",
        "sound.wav": f"-i clip.mp4 -vn -c:a pcm_s16le {_EXACT} sound.wav",
        "grey.mkv": f"-i clip.mp4 -vf hue=s=0 -c:v ffv1 -an {_EXACT} grey.mkv",
    }
)
"""Commands whose outputs have the same bytes in every run, by the name of the output."""
STEP = "step.mkv"
"""Name of a copy of clip.mp4 that a chain makes."""
VMAF_TOLERANCE = 0.01
_COLOR_TOLERANCE = 12


@dataclass(frozen=True)
class ExpectedFile:
    """Size and SHA-256 of a file."""

    size: int
    digest: str

    @classmethod
    def of(cls, data: bytes) -> ExpectedFile:
        """Those of these bytes."""
        return cls(len(data), sha256(data).hexdigest())

    def compare(self, data: bytes | None) -> list[str]:
        """What is wrong with a delivered file; None: it is missing."""
        if data is None:
            return ["it is missing"]
        if len(data) != self.size:
            return [f"it has {len(data)} bytes instead of {self.size}"]
        return [] if sha256(data).hexdigest() == self.digest else ["its bytes are wrong"]


@dataclass(frozen=True)
class ExpectedResults:
    """Outputs of `COMMANDS` by name, from clip.mp4 and from a copy of it; the score of worse.mp4 against it."""

    files: Mapping[str, ExpectedFile]
    from_copy: Mapping[str, ExpectedFile]
    vmaf: float


def make_expected(data: Path, folder: Path) -> ExpectedResults:
    """Run FFmpeg without the worker on the files of the data root; `folder` is an empty one."""
    (folder / "clip.mp4").symlink_to(data / "clip.mp4")
    _run(f"-i clip.mp4 -c copy {STEP}", folder)
    files, from_copy = (
        {
            name: ExpectedFile.of(_run(read_from(command, source), folder).read_bytes())
            for name, command in COMMANDS.items()
        }
        for source in ("clip.mp4", STEP)
    )
    score = plain_vmaf(data / "clip.mp4", data / "worse.mp4")["vmaf"]["mean"]
    return ExpectedResults(files, from_copy, float(score))


def read_from(command: str, source: str) -> str:
    """A command of `COMMANDS` that reads another file."""
    return command.replace("clip.mp4", source)


def _run(command: str, folder: Path) -> Path:
    """Run FFmpeg in a folder; return the output."""
    arguments = shlex.split(command)
    subprocess.run([FFMPEG, "-v", "error", "-nostdin", "-y", *arguments], cwd=folder, check=True)
    return folder / arguments[-1]


def compare_output(expected: ExpectedFile, data: bytes | None, output: Mapping[str, Any]) -> list[str]:
    """Compare a delivered file, and what the result says of it."""
    problems = expected.compare(data)
    if output.get("size") != expected.size:
        problems.append(f"the result gives {output.get('size')} bytes instead of {expected.size}")
    return problems


def compare_picture(data: bytes, size: tuple[int, int], colors: Mapping[tuple[int, int], str]) -> list[str]:
    """Decode the first frame; compare its size, and its colors (#rrggbb) at points."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
    except (av.error.FFmpegError, StopIteration) as error:
        return [f"it cannot be decoded: {error!r}"]
    if (frame.shape[1], frame.shape[0]) != size:
        return [f"it has {frame.shape[1]}x{frame.shape[0]} pixels instead of {size[0]}x{size[1]}"]
    problems = []
    for (x, y), color in colors.items():
        want = np.array(list(bytes.fromhex(color[1:])))
        if np.abs(frame[y, x].astype(int) - want).max() > _COLOR_TOLERANCE:
            problems.append(f"at {x},{y} it is #{bytes(frame[y, x]).hex()} instead of {color}")
    return problems


def count_frames(data: bytes) -> int:
    """The number of frames that can be decoded."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            return len(list(container.decode(video=0)))
    except av.error.FFmpegError:
        return 0
