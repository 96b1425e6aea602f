"""Generated media files whose content is known, made by the embedded ffmpeg."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def make(path: Path, *arguments: str) -> Path:
    """Run ffmpeg with `arguments` and write `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [FFMPEG, "-v", "error", "-nostdin", "-y", *arguments, str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return path


def make_clip(
    path: Path, *, seconds: float = 2.0, size: str = "160x90", fps: int = 25, extra: tuple[str, ...] = ()
) -> Path:
    """Make a clip of ffmpeg's moving test pattern and a 440 Hz tone."""
    return make(
        path,
        *("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={fps}:duration={seconds}"),
        *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"),
        *("-pix_fmt", "yuv420p", "-preset", "ultrafast", "-shortest", *extra),
    )


def cut(source: Path, target: Path, share: float = 0.5) -> Path:
    """Write the first `share` of a file's bytes, as after an interrupted transfer."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target
