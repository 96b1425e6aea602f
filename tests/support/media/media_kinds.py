"""Small media files of many formats, made by the embedded ffmpeg, for tests of probing."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

import imageio_ffmpeg

_VIDEO = "-f lavfi -i testsrc2=size=160x90:rate=25:duration=1"
_AUDIO = "-f lavfi -i sine=duration=1"
_STILL = "-f lavfi -i testsrc2=size=64x48 -frames:v 1 -update 1"
_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
_X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1"
_VPX = "-deadline realtime -cpu-used -8"
_BT709 = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
_PQ = "format=yuv420p10le,setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084:range=tv"
_MASTER = "G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,50)"
_HDR10 = f"hdr10=1:max-cll=1000,400:master-display={_MASTER}"
_TRACKS = "-i captions.srt -i chapters.txt -map 0 -map 1 -map 1 -map 2 -map_metadata 3"
_FONT = "-attach font.ttf -metadata:s:t mimetype=application/x-truetype-font"
_COVER = "-f lavfi -i color=red:size=32x32:rate=1:duration=1 -map 0 -map 1 -c:v png -disposition:v attached_pic"

_TEXTS: Mapping[str, bytes] = MappingProxyType(
    {
        "captions.srt": b"1\n00:00:00,000 --> 00:00:00,500\nHello\n\n2\n00:00:00,500 --> 00:00:01,000\nWorld\n",
        "chapters.txt": (
            b";FFMETADATA1\ntitle=Book\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\n"
            b"[CHAPTER]\nTIMEBASE=1/1000\nSTART=400\nEND=1000\ntitle=Two\n"
        ),
    }
)
_FONT_BYTES = b"\0\1\0\0" + bytes(64)

_RECIPES: Mapping[str, str] = MappingProxyType(
    {
        "h264_aac.mp4": (
            f"{_VIDEO} {_AUDIO} {_X264} -bf 2 -c:a aac -metadata title=Zoo -metadata:s:a language=deu"
        ),
        "fragmented.mp4": (
            f"{_VIDEO} {_AUDIO} {_X264} -c:a aac -movflags frag_keyframe+empty_moov+default_base_moof"
        ),
        "hevc.mp4": f"{_VIDEO} {_X265} -pix_fmt yuv420p -tag:v hvc1",
        "high10.mkv": f"{_VIDEO} -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le",
        "yuv444.mp4": f"{_VIDEO} -c:v libx264 -preset ultrafast -pix_fmt yuv444p",
        "hdr10.mkv": f"{_VIDEO} -vf {_PQ} {_X265}:{_HDR10}",
        "hdr10_sei.mp4": "-i hdr10.mkv -c copy -tag:v hvc1 -bsf:v hevc_metadata=chroma_sample_loc_type=2",
        "hdr10_boxes.mp4": f"-i hdr10.mkv {_X265} -tag:v hvc1",
        "hdr10_boxes.mkv": f"-i hdr10.mkv {_X265}",
        "bt709.mp4": f"{_VIDEO} {_X264} -vf {_BT709}",
        "av1.mkv": f"{_VIDEO} -c:v libsvtav1 -preset 11 -svtav1-params lp=1 -pix_fmt yuv420p",
        "vp9_opus.webm": f"{_VIDEO} {_AUDIO} -c:v libvpx-vp9 {_VPX} -pix_fmt yuv420p -c:a libopus",
        "alpha.webm": f"{_VIDEO} -c:v libvpx-vp9 {_VPX} -pix_fmt yuva420p -auto-alt-ref 0",
        "vp8_vorbis.webm": f"{_VIDEO} {_AUDIO} -c:v libvpx {_VPX} -pix_fmt yuv420p -c:a libvorbis",
        "mpeg2.ts": f"{_VIDEO} {_AUDIO} -c:v mpeg2video -b:v 400k -c:a mp2",
        "programs.ts": (
            f"{_VIDEO} {_AUDIO} -map 0 -map 1 -map 0 {_X264} -c:a ac3 "
            "-program title=One:program_num=1:st=0:st=1 -program title=Two:program_num=2:st=2"
        ),
        "mjpeg.avi": f"{_VIDEO} {_AUDIO} -c:v mjpeg -pix_fmt yuvj422p -c:a pcm_s16le",
        "mpeg4_mp3.avi": f"{_VIDEO} {_AUDIO} -c:v mpeg4 -vtag XVID -c:a libmp3lame",
        "prores.mov": f"{_VIDEO} -c:v prores_ks -profile:v hq -pix_fmt yuv422p10le",
        "dnxhr.mov": (
            "-f lavfi -i testsrc2=size=256x120:rate=25:duration=0.2 -c:v dnxhd -profile:v dnxhr_sq "
            "-pix_fmt yuv422p"
        ),
        "ffv1.mkv": f"{_VIDEO} {_AUDIO} -c:v ffv1 -level 3 -pix_fmt yuv422p10le -c:a flac",
        "tracks.mkv": (
            f"{_VIDEO} {_AUDIO} {_TRACKS} {_X264} -c:a:0 ac3 -c:a:1 flac -c:s ass {_FONT} "
            "-metadata:s:a:1 title=Comments -disposition:a:1 comment+hearing_impaired -disposition:s:0 forced"
        ),
        "cover.mp3": f"{_AUDIO} {_COVER} -c:a libmp3lame -metadata title=Cover -metadata:s:v comment=Front",
        "tags.flac": f"{_AUDIO} -c:a flac -metadata title=Ünïcödé -metadata ARTIST=Zoo -metadata comment=a=b;c",
        "flac24.flac": f"{_AUDIO} -c:a flac -sample_fmt s32",
        "pcm24.wav": f"{_AUDIO} -c:a pcm_s24le",
        "float.wav": f"{_AUDIO} -c:a pcm_f32le",
        "ulaw.wav": f"{_AUDIO} -ar 8000 -c:a pcm_mulaw",
        "adpcm.wav": f"{_AUDIO} -c:a adpcm_ima_wav",
        "vorbis.ogg": f"{_AUDIO} -c:a libvorbis -metadata title=Ogg",
        "mono.opus": f"{_AUDIO} -ac 1 -c:a libopus",
        "surround.m4a": f"{_AUDIO} -af pan=5.1|c0=c0 -c:a aac",
        "surround.eac3": f"{_AUDIO} -af pan=5.1|c0=c0 -c:a eac3",
        "reordered.mov": f"{_AUDIO} -af pan=FR+FL|c0=c0|c1=c0 -c:a pcm_s16le",
        "three_channels.wav": f"{_AUDIO} -af pan=3c|c0=c0|c1=c0|c2=c0 -c:a pcm_s16le",
        "alac.m4a": f"{_AUDIO} -c:a alac",
        "chapters.m4a": f"{_AUDIO} -i chapters.txt -map 0 -map_metadata 1 -c:a aac",
        "animation.gif": "-f lavfi -i testsrc2=size=64x64:rate=10:duration=0.5",
        "still.png": f"{_STILL} -pix_fmt rgba",
        "still.jpg": _STILL,
        "still.webp": _STILL,
        "rotated.mp4": "-display_rotation 90 -i h264_aac.mp4 -c copy",
        "mirrored.mp4": "-display_hflip -i h264_aac.mp4 -c copy",
        "interlaced.mp4": f"{_VIDEO} -vf scale=160:96 {_X264} -flags +ildct+ilme -x264-params tff=1",
        "interlaced.mpg": (
            f"{_VIDEO} {_AUDIO} -c:v mpeg2video -flags +ildct+ilme -vf scale=160:96,setfield=bff -c:a mp2"
        ),
        "variable.mkv": f"{_VIDEO} -vf \"select='not(mod(n,3))+gt(n,15)'\" -fps_mode vfr {_X264}",
        "ntsc.mp4": f"-f lavfi -i testsrc2=size=160x90:rate=30000/1001:duration=1 {_X264}",
        "anamorphic.mp4": f"{_VIDEO} -vf scale=144:116,setsar=64/45 {_X264}",
        "name with blanks 🎬.mp4": "-i h264_aac.mp4 -c copy",
        "timecode.mov": f"{_VIDEO} {_X264} -timecode 01:00:00:00",
        "subtitles.mp4": f"{_VIDEO} -i captions.srt {_X264} -c:s mov_text -metadata:s:s language=fra",
        "late_start.mp4": "-itsoffset 2.5 -i h264_aac.mp4 -c copy -copyts",
        "playlist.m3u8": (f"{_VIDEO} {_AUDIO} {_X264} -g 10 -c:a aac -f hls -hls_time 0.4 -hls_playlist_type vod"),
        "broadcast.mxf": (f"{_VIDEO} {_AUDIO} -c:v mpeg2video -pix_fmt yuv422p -b:v 1M -c:a pcm_s16le -ar 48000"),
        "theora.ogv": f"{_VIDEO} -c:v libtheora",
        "flash.flv": f"{_VIDEO} {_AUDIO} {_X264} -c:a aac -ar 44100",
        "windows.asf": f"{_VIDEO} {_AUDIO} -c:v wmv2 -c:a wmav2",
        "raw.h264": f"{_VIDEO} {_X264}",
        "raw.aac": f"{_AUDIO} -c:a aac",
    }
)

ZOO: tuple[str, ...] = (*_RECIPES, *_TEXTS, "latin1.flac")
"""The names of the files that `make_zoo` makes."""


def make_zoo(folder: Path) -> None:
    """Make every file of `ZOO` in `folder`: about a second long and 160x90 at most, two at a time."""
    for name, content in _TEXTS.items():
        (folder / name).write_bytes(content)
    (folder / "font.ttf").write_bytes(_FONT_BYTES)
    derived = [name for name, recipe in _RECIPES.items() if not _RECIPES.keys().isdisjoint(shlex.split(recipe))]
    with ThreadPoolExecutor(max_workers=2) as threads:
        list(threads.map(lambda name: _make(folder, name), _RECIPES.keys() - derived))
        list(threads.map(lambda name: _make(folder, name), derived))
    # A FLAC comment carries its length and no checksum: the same number of other bytes fits.
    tagged = (folder / "tags.flac").read_bytes()
    (folder / "latin1.flac").write_bytes(tagged.replace("Ünïcödé".encode(), b"\xdcn\xefc\xf6d\xe9 Zoo"))


def run_ffmpeg(folder: Path, *arguments: str) -> None:
    """Run the embedded ffmpeg in `folder`; if it fails, raise an error with its log."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"ffmpeg {shlex.join(arguments)}: {done.stderr}")


def _make(folder: Path, name: str) -> None:
    run_ffmpeg(folder, *shlex.split(_RECIPES[name]), "-threads", "1", name)
