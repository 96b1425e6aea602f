"""Generated media whose stated length is not the length of what they hold, and media that are cut."""

from __future__ import annotations

from pathlib import Path

from support.media.sources import cut, make, make_clip

_FAST = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def _video(seconds: float, *, size: str = "160x90", rate: str = "25") -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}")


def _tone(seconds: float) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=440:d={seconds}")


def make_odd_sources(folder: Path) -> None:
    """Make all of them, as the tests call them."""
    make(folder / "clip.mp4", *_video(10), *_tone(10), *_FAST, "-g", "250", "-c:a", "aac", "-shortest")
    make(folder / "clip14.mp4", *_video(14), *_FAST)
    make(folder / "slides.mp4", *_video(10, rate="1/2"), *_FAST, "-r", "1/2")
    make(folder / "sound-ends.mp4", *_video(4), *_tone(2), *_FAST, "-c:a", "aac")
    _join(folder / "joined.ts", "mpegts", "-c:v", "mpeg2video", "-c:a", "mp2")
    _join(folder / "joined.vob", "vob", "-c:v", "mpeg2video", "-c:a", "mp2")
    _make_late_starts(folder)
    _make_covers(folder)
    _make_subtitles(folder)
    _make_cut(folder)


def _join(path: Path, muxer: str, *encoders: str) -> None:
    """Make a file of two recordings whose timestamps are far apart."""
    parts = []
    for number, offset in enumerate(("0", "5000")):
        part = path.with_name(f"part{number}.bin")
        make(part, *_video(3), *_tone(3), *encoders, "-output_ts_offset", offset, "-f", muxer)
        parts.append(part.read_bytes())
        part.unlink()
    path.write_bytes(b"".join(parts))


def _make_late_starts(folder: Path) -> None:
    late_video = ("-itsoffset", "6", *_video(3), *_tone(9), "-map", "0", "-map", "1")
    fast_vp8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-8", "-c:a", "libopus")
    make(folder / "late.ogg", *_tone(3), "-c:a", "libopus", "-output_ts_offset", "100")
    make(folder / "late.webm", *late_video, *fast_vp8)
    make(folder / "late.mp4", *late_video, *_FAST, "-c:a", "aac")
    make(folder / "late.flv", *_video(5), *_FAST, "-output_ts_offset", "500")
    make(folder / "plain.ogg", *_tone(3), "-c:a", "libopus")
    chained = (folder / "late.ogg").read_bytes() + (folder / "plain.ogg").read_bytes()
    (folder / "chained.ogg").write_bytes(chained)
    fragments = ("-movflags", "frag_keyframe+empty_moov+default_base_moof", "-output_ts_offset", "50")
    make(folder / "fragments.mp4", *_video(5), *_FAST, *fragments)


def _make_covers(folder: Path) -> None:
    cover = make(folder / "cover.png", *_video(0.04, size="300x300"), "-frames:v", "1")
    mapped = ("-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic")
    make(folder / "cover.m4a", *_tone(12), "-i", str(cover), *mapped, "-c:a", "aac")


def _make_subtitles(folder: Path) -> None:
    (folder / "early.srt").write_text("1\n00:00:01,000 --> 00:00:04,000\nA\n")
    (folder / "far.srt").write_text("1\n00:00:55,000 --> 00:01:00,000\nB\n")
    for name, seconds, subtitles in (("film.mkv", 20, "early.srt"), ("far.mkv", 5, "far.srt")):
        both = (*_video(seconds), "-i", str(folder / subtitles), "-map", "0", "-map", "1")
        make(folder / name, *both, *_FAST, "-c:s", "srt")
    untagged = (folder / "far.mkv").read_bytes().replace(b"DURATION", b"XURATION")
    (folder / "far-untagged.mkv").write_bytes(untagged)


def _make_cut(folder: Path) -> None:
    make_clip(folder / "whole.mp4", seconds=5, extra=("-movflags", "+faststart"))
    for name in ("whole.mkv", "whole.aiff", "whole.flac"):
        make(folder / name, "-i", str(folder / "whole.mp4"))
    for name in ("whole.mp4", "whole.mkv", "whole.aiff", "whole.flac"):
        cut(folder / name, folder / name.replace("whole", "cut"), 0.6)
