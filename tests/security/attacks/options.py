"""Attacks that read files of others by options, filters and encoders."""

# ruff: noqa: E501  (a row is a line)

from __future__ import annotations

from security.attacks.attack import Attack

_IN = "-i tiny.mp4"
_BARS = "-f lavfi -i testsrc2=s=64x64:r=5:d=0.4"
_TWO = f"{_BARS} {_BARS}"
_TONE = "-f lavfi -i sine=d=0.2"
_NO = "-f null -"
_NEEDS_GPU = "it needs a GPU first"

ATTACKS = (
    Attack("a metadata value from a file", f"{_IN} -/metadata <app>/one.txt -f ffmetadata o.txt"),
    Attack("a filter graph from a file", f"{_IN} -/filter_complex <app>/one.txt {_NO}"),
    Attack(
        "a filter graph from a file, with the removed option",
        f"{_IN} -filter_complex_script <app>/one.txt {_NO}",
        inert="the option was removed",
    ),
    Attack("a filter from a file", f"{_IN} -/vf <app>/one.txt {_NO}"),
    Attack("a stream's filter from a file", f"{_IN} -/filter:v <app>/one.txt {_NO}"),
    Attack("a drawtext value from a file", f"{_BARS} -vf drawtext=fontfile=<font>:/text=<app>/secret.env o.mp4"),
    Attack(
        "a metadata filter's value from a file",
        f"{_BARS} -vf metadata=mode=add:key=k:/value=<app>/one.txt,metadata=print:file=- {_NO}",
    ),
    Attack("the text file of drawtext", f"{_BARS} -vf drawtext=fontfile=<font>:textfile=<app>/secret.env o.mp4"),
    Attack("the font file of drawtext", f"{_BARS} -vf drawtext=text=x:fontfile=<app>/secret.env o.mp4"),
    Attack(
        "the script of drawvg",
        f"{_BARS} -vf drawvg=file=<app>/one.txt o.mp4",
        inert="the filter is not in this build",
    ),
    Attack("another job's subtitles", f"{_BARS} -vf subtitles=<other>/victim.srt o.mp4"),
    Attack(
        "the fonts folder of subtitles",
        f"{_BARS} -vf subtitles=own.srt:fontsdir=<app> o.mp4",
        {"own.srt": "1\n00:00:00,000 --> 00:00:02,000\nx\n"},
    ),
    Attack("the ass filter", f"{_BARS} -vf ass=<other>/victim.srt o.mp4"),
    Attack(
        "the movie filter",
        rf"{_BARS} -filter_complex 'movie=<app>/secret.env:f=rawvideo:format_opts=video_size=64x64\\:pixel_format=gray[o]' -map '[o]' -frames:v 1 -f rawvideo o.bin",
    ),
    Attack(
        "the movie filter with an image",
        f"{_BARS} -filter_complex 'movie=<app>/victim1.png[o]' -map '[o]' -frames:v 1 -f rawvideo o.bin",
    ),
    Attack(
        "the amovie filter", f"{_BARS} -filter_complex 'amovie=<app>/secret.env:f=u8[o]' -map '[o]' -f u8 o.bin"
    ),
    Attack(
        "the movie filter with a nested graph",
        rf"{_BARS} -filter_complex 'movie=filename=movie\\=<app>/victim.mp4:f=lavfi[o]' -map '[o]' -frames:v 1 -f rawvideo o.bin",
    ),
    Attack("a 3D look-up table", f"{_BARS} -vf lut3d=<app>/victim.cube o.mp4"),
    Attack("a 1D look-up table", f"{_BARS} -vf lut1d=<app>/secret.env {_NO}"),
    Attack("a curves file", f"{_BARS} -vf curves=psfile=<app>/secret.env {_NO}"),
    Attack("the mask of removelogo", f"{_BARS} -vf removelogo=<app>/victim1.png {_NO}"),
    Attack("the object of find_rect", f"{_BARS} -vf find_rect=object=<app>/victim1.png {_NO}"),
    Attack(
        "the image of cover_rect",
        f"{_BARS} -vf cover_rect=cover=<app>/victim1.png {_NO}",
        inert="the filter opens the file only once it finds an object",
    ),
    Attack("the hints of fieldhint", f"{_BARS} -vf fieldhint=<app>/secret.env {_NO}"),
    Attack("the weights of nnedi", f"{_BARS} -vf nnedi=weights=<app>/secret.env {_NO}"),
    Attack("the model of arnndn", f"{_TONE} -af arnndn=<app>/secret.env {_NO}"),
    Attack("the transforms of vidstab", f"{_BARS} -vf vidstabtransform=input=<app>/secret.env {_NO}"),
    Attack("the commands of sendcmd", f"{_BARS} -vf sendcmd=f=<app>/one.txt,hue {_NO}"),
    Attack("the commands of asendcmd", f"{_TONE} -af asendcmd=f=<app>/one.txt,volume {_NO}"),
    Attack("the model of libvmaf", f"{_TWO} -lavfi libvmaf=model=path=<app>/secret.env {_NO}"),
    Attack(
        "an OpenCL program",
        f"{_BARS} -vf program_opencl=source=<app>/secret.env:kernel=k {_NO}",
        inert=_NEEDS_GPU,
    ),
    Attack(
        "a libplacebo shader",
        f"{_BARS} -vf libplacebo=custom_shader_path=<app>/secret.env {_NO}",
        inert=_NEEDS_GPU,
    ),
    Attack("a Hald CLUT file", f"{_BARS} -vf haldclut=file=<app>/victim1.png {_NO}", inert="no such option"),
    Attack("an attachment", f"{_IN} -attach <app>/secret.env -metadata:s:t mimetype=text/plain -c copy o.mkv"),
    Attack(
        "an attachment below /proc/self/root",
        f"{_IN} -attach /proc/self/root/<app>/secret.env -metadata:s:t mimetype=text/plain -c copy o.mkv",
    ),
    Attack("a preset file", f"{_IN} -fpre <app>/one.txt {_NO}"),
    Attack(
        "a preset by name",
        f"{_IN} -vpre <app>/one -c:v libx264 {_NO}",
        inert="presets have a fixed suffix",
    ),
    Attack(
        "the key of an HLS key info file",
        f"{_IN} -c copy -hls_key_info_file k.txt o.m3u8",
        {"k.txt": "https://host/k\n<app>/secret.env\n"},
    ),
    Attack("an HLS key info file", f"{_IN} -c copy -hls_key_info_file <app>/one.txt o.m3u8"),
    Attack("a quantization matrix of x264", f"{_IN} -an -c:v libx264 -x264-params cqmfile=<app>/secret.env {_NO}"),
    Attack(
        "a quantization matrix of x264, by -x264opts",
        f"{_IN} -an -c:v libx264 -x264opts cqmfile=<app>/secret.env {_NO}",
    ),
    Attack(
        "the pass log of x264", f"{_IN} -an -c:v libx264 -b:v 80k -x264-params pass=2:stats=<app>/secret.env {_NO}"
    ),
    Attack(
        "the frame type file of x264",
        f"{_IN} -an -c:v libx264 -x264-params qpfile=<app>/secret.env {_NO}",
        inert="only x264's own program knows it",
    ),
    Attack("the lambda file of x265", f"{_IN} -an -c:v libx265 -x265-params lambda-file=<app>/secret.env {_NO}"),
    Attack(
        "the scaling lists of x265", f"{_IN} -an -c:v libx265 -x265-params scaling-list=<app>/secret.env {_NO}"
    ),
    Attack(
        "the zone file of x265",
        f"{_IN} -an -c:v libx265 -x265-params zonefile=<app>/secret.env {_NO}",
        inert="only x265's own program knows it",
    ),
    Attack(
        "the analysis file of x265", f"{_IN} -an -c:v libx265 -x265-params analysis-load=<app>/secret.env {_NO}"
    ),
    Attack(
        "the HDR10+ metadata of x265",
        f"{_IN} -an -c:v libx265 -pix_fmt yuv420p10 -x265-params dhdr10-info=<app>/secret.env {_NO}",
    ),
    Attack(
        "the film grain table of libaom",
        f"{_IN} -an -c:v libaom-av1 -cpu-used 8 -frames:v 1 -aom-params film-grain-table=<app>/secret.env {_NO}",
    ),
    Attack(
        "the film grain table of SVT-AV1",
        f"{_IN} -an -c:v libsvtav1 -preset 12 -frames:v 1 -svtav1-params fgs-table=<app>/secret.env {_NO}",
        inert="only SVT-AV1's own program knows it",
    ),
    Attack(
        "the region-of-interest file of kvazaar",
        f"{_IN} -an -s 160x96 -c:v libkvazaar -frames:v 1 -kvazaar-params roi=<app>/secret.env {_NO}",
    ),
    Attack(
        "the scaling lists of kvazaar",
        f"{_IN} -an -s 160x96 -c:v libkvazaar -frames:v 1 -kvazaar-params cqmfile=<app>/secret.env {_NO}",
    ),
    Attack(
        "the pass log of vvenc",
        f"{_IN} -an -c:v libvvenc -frames:v 1 -vvenc-params rcstatsfile=<app>/secret.env:passes=2:pass=2:bitrate=50000 {_NO}",
        inert="not available in parameters",
    ),
    Attack(
        "-passlogfile of x264",
        f"{_IN} -an -c:v libx264 -b:v 80k -pass 2 -passlogfile <app>/victim {_NO}",
        inert="the suffix is fixed: there is no such log",
    ),
    Attack(
        "-passlogfile of VP9",
        f"{_IN} -an -c:v libvpx-vp9 -b:v 80k -pass 2 -passlogfile <app>/victim {_NO}",
        inert="the suffix is fixed: there is no such log",
    ),
)
