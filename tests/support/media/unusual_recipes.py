"""How ffmpeg makes small files like those of phones, recorders, browsers, live streams, editors, old programs."""

# ruff: noqa: E501  (recipes stay in one piece)

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_SIZE = "s=64x36:r=25"
V = f"-f lavfi -i testsrc2={_SIZE}:d=1"
A = "-f lavfi -i sine=440:d=1"
AV = f"{V} {A}"
X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
AAC = f"{X264} -c:a aac"
X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=error:pools=1"
_PQ = "format=yuv420p10le,setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084"
_VPX = "-deadline realtime -cpu-used -8 -pix_fmt yuv420p"
_UNEVEN = "-vf \"select='not(between(mod(n,9),3,6))'\" -fps_mode vfr"
_PAL = "-f lavfi -i testsrc2=s=720x576:r=25:d=0.12 -f lavfi -i sine=d=0.12"

# Files that others are made of; they are tested as well. In order: a recipe may read the files before it.
RECIPES: Mapping[str, str] = MappingProxyType(
    {
        # Phones
        "phone.mp4": f"{AV} {AAC} -metadata creation_time=2024-05-06T07:08:09Z",
        "portrait.mp4": "-display_rotation 90 -i phone.mp4 -c copy",
        "upside-down.mov": "-display_rotation 180 -display_hflip -i phone.mp4 -c copy",
        "portrait-sar.mp4": "-display_rotation -90 -i phone.mp4 -c copy -aspect 4:3",
        "uneven.mp4": f"{AV} {_UNEVEN} {AAC}",
        "edit-list.mp4": "-ss 0.5 -i phone.mp4 -c copy",
        "slow-motion.mp4": f"-f lavfi -i testsrc2=s=64x36:r=240:d=0.5 {A} {AAC} -shortest",
        "hdr-hevc.mov": f"-f lavfi -i testsrc2=s=64x64:r=25:d=0.3 -vf {_PQ} {X265} -tag:v hvc1",
        "hlg-hevc.mp4": (
            "-f lavfi -i testsrc2=s=64x64:r=25:d=0.3,format=yuv420p10le,setparams=color_trc=arib-std-b67 "
            f"{X265} -tag:v hvc1"
        ),
        "timecode.mov": "-i phone.mp4 -c copy -timecode 01:00:00:00",
        "voice.3gp": f"{V} {A} -s 128x96 -c:v h263 -c:a aac -ar 16000 -ac 1",
        # Screen recorders
        "screen-444.mkv": f"{AV} -c:v libx264 -preset ultrafast -pix_fmt yuv444p -g 9999 -c:a pcm_s16le",
        "screen-rgb.mp4": f"{V} -c:v libx264rgb -preset ultrafast",
        "screen-uneven.mkv": f"{AV} {_UNEVEN} {X264} -c:a libopus",
        "screen-pcm.mov": f"{AV} {X264} -c:a pcm_s16be",
        "screen-fragments.mp4": f"{AV} {AAC} -g 10 -movflags frag_keyframe+empty_moov",
        "screen-flash.flv": f"{AV} -c:v flashsv -c:a adpcm_swf -ar 22050 -ac 1",
        "odd-size.mkv": "-f lavfi -i testsrc2=s=63x35:r=25:d=0.4 -c:v libx264 -preset ultrafast -pix_fmt yuv444p",
        # Browsers
        "browser.webm": f"{AV} -c:v libvpx {_VPX} -c:a libopus -f webm -live 1",
        "browser-sound.webm": f"{A} -c:a libopus -f webm -live 1",
        "browser-h264.mkv": f"{AV} {X264} -c:a libopus -f matroska -live 1",
        "browser-late.webm": f"-itsoffset 0.6 {V} {A} -map 0 -map 1 -c:v libvpx-vp9 {_VPX} -c:a libopus -live 1",
        "alpha.webm": f"{V} -vf format=yuva420p -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -auto-alt-ref 0",
        "call.ogg": f"{A} -c:a libopus -ar 48000 -b:a 16k -application voip",
        # Live streams
        "live.ts": f"{AV} {AAC} -g 10",
        "live-wrap.ts": f"{AV} {AAC} -g 10 -output_ts_offset 95443.2",
        "live-late-sound.ts": f"{V} -itsoffset 0.6 {A} -map 0 -map 1 {AAC}",
        "live-programs.ts": (
            f"{AV} -map 0 -map 1 -map 0 -map 1 {AAC} -program program_num=1:st=0:st=1 -program program_num=2:st=2:st=3"
        ),
        "live-mpeg2.ts": f"{AV} -c:v mpeg2video -c:a mp2 -g 10",
        "blu-ray.m2ts": f"{AV} {X264} -c:a ac3 -mpegts_m2ts_mode 1",
        "live.flv": f"{AV} {AAC} -output_ts_offset 300",
        "dump.aac": f"{A} -c:a aac -f adts",
        "dump.latm": f"{A} -c:a aac -f latm",
        "dump.h264": f"{V} {X264}",
        "dump.hevc": f"-f lavfi -i testsrc2=s=64x64:r=25:d=0.3 {X265} -pix_fmt yuv420p",
        # Editors
        "prores.mov": f"{AV} -c:v prores_ks -profile:v 3 -c:a pcm_s24le -t 0.4",
        "prores-alpha.mov": f"{V} -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le -t 0.2",
        "animation.mov": f"{V} -vf format=argb -c:v qtrle -t 0.4",
        "dnxhr.mxf": (
            "-f lavfi -i testsrc2=s=256x144:r=25:d=0.2 -c:v dnxhd -profile:v dnxhr_lb -pix_fmt yuv422p -f mxf_opatom"
        ),
        "op1a.mxf": f"{AV} -c:v mpeg2video -q:v 4 -c:a pcm_s16le -ar 48000",
        "tracks.mov": f"{AV} {A} {A} {A} -map 0 -map 1 -map 2 -map 3 -map 4 {X264} -c:a pcm_s16le",
        "chapters.m4a": f"{A} -i chapters.txt -map 0 -map_metadata 1 -c:a aac",
        "uncompressed.avi": f"{V} -c:v rawvideo -pix_fmt uyvy422 -t 0.2",
        "deep.mkv": f"{V} -c:v ffv1 -pix_fmt yuv422p12le -t 0.2",
        "interlaced.mp4": f"{AV} -vf interlace -c:v libx264 -preset ultrafast -flags +ildct+ilme -pix_fmt yuv420p -c:a aac",
        "gray.mkv": f"{V} -vf format=gray10le -c:v ffv1 -t 0.3",
        "full-range.mp4": f"{V} -vf scale=out_range=pc -color_range pc {X264}",
        "anamorphic.mp4": f"{AV} -vf setsar=64/45 {AAC}",
        # Old formats
        "divx.avi": f"{AV} -c:v mpeg4 -vtag DX50 -bf 2 -c:a libmp3lame",
        "msmpeg4.avi": f"{AV} -c:v msmpeg4v2 -c:a adpcm_ms",
        "camera.avi": f"{AV} -c:v mjpeg -pix_fmt yuvj420p -c:a pcm_u8 -ar 11025",
        "cinepak.avi": "-f lavfi -i testsrc2=s=64x36:r=5:d=0.6 -c:v cinepak",
        "sorenson.flv": f"{AV} -c:v flv1 -c:a libmp3lame -ar 22050",
        "svq1.mov": f"{AV} -c:v svq1 -c:a adpcm_ima_qt",
        "media.wmv": f"{AV} -c:v wmv2 -c:a wmav2",
        "music.wma": f"{A} -c:a wmav1",
        "real.rm": f"-f lavfi -i testsrc2=s=64x32:r=25:d=1 {A} -c:v rv20 -c:a ac3",
        "disc.mpg": f"{AV} -c:v mpeg1video -c:a mp2",
        "disc.vob": f"{AV} -c:v mpeg2video -c:a ac3 -f vob",
        "tape.dv": f"{_PAL} -target pal-dv",
        "theora.ogv": f"{AV} -c:v libtheora -c:a libvorbis",
        "anim.gif": "-f lavfi -i testsrc=s=33x21:r=5:d=1",
        "anim.apng": "-f lavfi -i testsrc=s=32x20:r=5:d=1 -plays 0",
        "anim.webp": "-f lavfi -i testsrc=s=32x20:r=5:d=1 -loop 0",
        # Sound
        "eight-bit.wav": f"{A} -c:a pcm_u8 -ar 8000",
        "adpcm.wav": f"{A} -c:a adpcm_ima_wav",
        "float.wav": f"{A} -c:a pcm_f32le -ar 192000",
        "sound.aiff": f"{A} -c:a pcm_s16be",
        "phone.au": f"{A} -c:a pcm_mulaw -ar 8000",
        "sound.caf": f"{A} -c:a alac",
        "sound.w64": A,
        "sound.mp2": A,
        "surround.ac3": "-f lavfi -i anoisesrc=d=0.5:seed=1,pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0 -c:a ac3",
        "surround.dts": (
            "-f lavfi -i anoisesrc=d=0.5:r=48000:seed=1,pan=5.1(side)|FL=c0|FR=c0|FC=c0|LFE=c0|SL=c0|SR=c0 "
            "-c:a dca -strict -2"
        ),
        "eight-channels.flac": (
            "-f lavfi -i anoisesrc=d=0.3:seed=1,pan=7.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0|SL=c0|SR=c0"
        ),
        "sound.tta": A,
        "sound.wv": A,
        "right-only.m4a": f"{A} -af pan=stereo|c1=c0 -c:a aac",
        "cover.flac": f"{A} -i cover.png -map 0 -map 1 -c:v copy -disposition:v attached_pic",
        "cover.mp3": f"{A} -i cover.png -map 0 -map 1 -c:v copy -id3v2_version 3",
        "vbr.mp3": f"{A} -q:a 2 -write_xing 0",
        "plain.mp3": f"{A} -ar 22050 -ac 1",
        # Lengths and starts
        "attached.mkv": f"{AV} -i words.srt -map 0 -map 1 -map 2 {AAC} -attach words.srt -metadata:s:t mimetype=text/plain",
        "one-frame.mp4": f"{V} -frames:v 1 {X264}",
        "one-per-second.mp4": f"-f lavfi -i testsrc2=s=64x36:r=1:d=3 {X264}",
        "forty-milliseconds.mp4": f"{AV} -t 0.04 {AAC}",
        "late-start.mkv": f"{AV} {AAC} -output_ts_offset 5",
        "negative-start.mkv": "-itsoffset -0.5 -i phone.mp4 -c copy -avoid_negative_ts disabled",
        "no-lengths.mkv": "-i phone.mp4 -map 0:v -c copy -bsf:v setts=duration=0",
        "empty-sound.mp4": f"{AV} -af aselect=0 {AAC}",
        "short-sound.mp4": f"{V} -f lavfi -i sine=440:d=0.2 {AAC}",
    }
)  # fmt: skip
