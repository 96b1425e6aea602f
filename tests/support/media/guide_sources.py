"""The files that the commands of guides read, beside those of the everyday commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.media.everyday_sources import copy_everyday_sources
from support.media.sources import make
from support.shared_files import share_folder

_TEXTS = {
    "sizes.txt": "file frames/001.png\nduration 0.2\nfile logo.png\nduration 0.2\n",
    "points.txt": "file clip.mp4\ninpoint 0.2\noutpoint 0.5\nfile other.mp4\ninpoint 1\noutpoint 1.3\n",
    "sounds.txt": "file tone.mp3\nfile 'tone.mp3'\n",
}
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_PQ = "scale=64:36,format=yuv420p10le,setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084"


def copy_guide_sources(factory: pytest.TempPathFactory, folder: Path) -> Path:
    """Copy the files into `folder`, which may exist."""
    copy_everyday_sources(factory, folder)

    def fill(made: Path) -> None:
        _make(made, folder)

    return Path(shutil.copytree(share_folder(factory, "guides", fill), folder, dirs_exist_ok=True))


def _make(folder: Path, everyday: Path) -> None:
    for name, text in _TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "latin.srt").write_bytes("1\n00:00:00,100 --> 00:00:01,000\nGr\xfc\xdfe\n".encode("cp1252"))
    clip, other = (("-i", str(everyday / name)) for name in ("clip.mp4", "other.mp4"))
    subtitles = ("-i", str(everyday / "de.srt"), "-i", str(everyday / "sub dir/a.ass"))
    languages = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", "-c:s:1", "ass")
    tracks = (
        "-map",
        "0",
        "-map",
        "1:a",
        "-map",
        "2",
        "-map",
        "3",
        "-c:v",
        "copy",
        "-c:a",
        "copy",
        "-c:s:0",
        "srt",
    )
    make(folder / "tracks.mkv", *clip, *other, *subtitles, *tracks, *languages)
    programs = ("-program", "program_num=1:st=0:st=1", "-program", "program_num=2:st=2:st=3")
    make(folder / "programs.ts", *clip, *other, "-map", "0", "-map", "1", "-c", "copy", *programs)
    uneven = ("-vf", "select='not(eq(mod(n,7),3))'", "-fps_mode", "vfr")
    make(folder / "vfr.mkv", *clip, "-t", "1", *uneven, *_X264)
    hdr = ("-an", "-frames:v", "5", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
    make(folder / "hdr.mkv", *clip, "-vf", _PQ, *hdr)
    surround = "anoisesrc=d=0.3:seed=1:r=48000,pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=0.5*c0|BR=0.5*c0"
    make(folder / "surround.wav", "-f", "lavfi", "-i", surround)
    make(folder / "timecode.mov", *clip, "-c", "copy", "-timecode", "01:00:00:00")
    chapters = ("-i", str(everyday / "chapters.txt"), "-map_metadata", "1", "-c", "copy")
    make(folder / "chaptered.mp4", *clip, *chapters)
