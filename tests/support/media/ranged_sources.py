"""Files of raw video and sound that are long enough to be read by range, and one that is no media."""

from __future__ import annotations

from pathlib import Path

from support.media.sources import make


def make_ranged_sources(data: Path) -> None:
    """Make `long.mov` of 56 s, `a.mov` and `b.mov` of 12 and 9 s, `short.mov` of 0.4 s, and `noise.mov`."""
    picture = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=56,format=uyvy422")
    sound = ("-f", "lavfi", "-i", "sine=duration=56")
    long = make(data / "long.mov", *picture, *sound, "-c:v", "rawvideo", "-movflags", "+faststart")
    first = make(data / "a.mov", *("-t", "12", "-i", str(long), "-c", "copy", "-movflags", "+faststart"))
    make(data / "b.mov", *("-ss", "3", "-i", str(first), "-c", "copy"))
    make(data / "short.mov", *("-t", "0.4", "-i", str(long), "-c", "copy"))
    (data / "noise.mov").write_bytes(bytes(range(1, 255)) * 40)
