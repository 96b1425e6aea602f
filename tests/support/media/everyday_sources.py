"""The files that the everyday commands read: small files of common formats."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.media.sources import make, make_clip
from support.shared_files import share_folder

_SUBTITLES = "1\n00:00:00,000 --> 00:00:01,500\nGrüße\n\n2\n00:00:01,600 --> 00:00:01,900\nx\n"
_CHAPTERS = ";FFMETADATA1\ntitle=T\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"
_CORNERS = "".join(f"{r} {g} {b}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))
TEXTS = {
    "de.srt": _SUBTITLES,
    "list.txt": "# two\nfile 'clip.mp4'\nfile other.mp4 # the second\n",
    "auto.ffconcat": "ffconcat version 1.0\nfile clip.mp4\nfile other.mp4\n",
    "slides.txt": "file frames/001.png\nduration 0.4\nfile frames/002.png\nduration 0.4\nfile frames/002.png\n",
    "words.txt": "Some words",
    "chapters.txt": _CHAPTERS,
    "x.cube": f"LUT_3D_SIZE 2\n{_CORNERS}",
    "enc.key": "0123456789abcdef",
    "key.info": "https://example.com/k\nenc.key\n000102030405060708090a0b0c0d0e0f\n",
    # Any file will do for an attachment; the fonts are the system's own.
    "notes.bin": "attached",
}


def copy_everyday_sources(factory: pytest.TempPathFactory, folder: Path) -> Path:
    """Copy the files into `folder`, which may exist."""
    return Path(shutil.copytree(share_folder(factory, "everyday", _make), folder, dirs_exist_ok=True))


def _make(folder: Path) -> None:
    clip = make_clip(folder / "clip.mp4", extra=("-g", "25"))
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "sub dir").mkdir()
    for name in ("LOUD.MP4", "50%d.mp4", "sub dir/my clip.mp4"):
        shutil.copy(clip, folder / name)
    _make_films(folder, clip)
    _make_sounds(folder)
    _make_pictures(folder)
    song = ("-i", str(folder / "tone.mp3"), "-i", str(folder / "logo.png"), "-map", "0", "-map", "1")
    make(folder / "cover.mp3", *song, "-c", "copy", "-id3v2_version", "3")
    make(folder / "sub dir/a.ass", "-i", str(folder / "de.srt"))


def _make_films(folder: Path, clip: Path) -> None:
    read = ("-i", str(clip))
    fractal = ("-f", "lavfi", "-i", "mandelbrot=s=160x90:r=25", "-f", "lavfi", "-i", "sine=880:d=2")
    make(folder / "other.mp4", *fractal, "-t", "2", "-pix_fmt", "yuv420p", "-preset", "ultrafast")
    make(folder / "clip.ts", *read, "-c", "copy")
    make(folder / "late.ts", *read, "-c", "copy", "-output_ts_offset", "500")
    make(folder / "mute.mp4", *read, "-an", "-c", "copy")
    make(folder / "small.mp4", *read, "-t", "0.4", "-vf", "scale=32:18,fps=10")
    make(folder / "raw.yuv", *read, "-t", "0.2", "-f", "rawvideo")
    (folder / "hls").mkdir()
    make(folder / "hls/in.m3u8", *read, "-c", "copy", "-hls_time", "1")
    attached = ("-attach", str(folder / "notes.bin"), "-metadata:s:t", "mimetype=application/octet-stream")
    subtitles = ("-i", str(folder / "de.srt"), "-map", "0", "-map", "1", "-c", "copy")
    make(folder / "full.mkv", *read, *subtitles, *attached, "-metadata", "title=Full")


def _make_sounds(folder: Path) -> None:
    make(folder / "tone.mp3", "-f", "lavfi", "-i", "sine=330:d=1.5", "-metadata", "title=Tone")
    make(folder / "stereo.wav", "-f", "lavfi", "-i", "sine=330:d=0.5", "-ac", "2")
    make(folder / "tone.pcm", "-i", str(folder / "tone.mp3"), "-f", "s16le", "-ar", "8000", "-ac", "1")
    # Quiet parts first, and no header that tells the length: it is guessed, and far too long.
    loud_later = ("-filter_complex", "anoisesrc=d=1[n];sine=d=3[s];[n][s]concat=n=2:v=0:a=1")
    make(folder / "vbr.mp3", *loud_later, "-q:a", "4", "-write_xing", "0")


def _make_pictures(folder: Path) -> None:
    make(folder / "logo.png", "-f", "lavfi", "-i", "testsrc=s=32x32:d=0.04", "-frames:v", "1")
    make(folder / "anim.gif", "-f", "lavfi", "-i", "testsrc=s=33x33:r=5:d=1")
    make(folder / "frames/%03d.png", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1")
