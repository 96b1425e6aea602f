"""Reading what is not the job's, by way of options, filters and encoders."""

# ruff: noqa: E501  (a row is a line)

from __future__ import annotations

from security.attacks.attack import Attack

_IN = "-i tiny.mp4"
_BARS = "-f lavfi -i testsrc2=s=64x64:r=5:d=0.4"
_TWO = f"{_BARS} {_BARS}"
_TONE = "-f lavfi -i sine=d=0.2"
_NO = "-f null -"
_NEEDS_GPU = "it wants a graphics card first"

ATTACKS = (
    Attack("a value from a file", f"{_IN} -/metadata <app>/one.txt -f ffmetadata o.txt"),
    Attack("a graph from a file", f"{_IN} -/filter_complex <app>/one.txt {_NO}"),
    Attack(
        "a graph from a file, as it was",
        f"{_IN} -filter_complex_script <app>/one.txt {_NO}",
        inert="the option is gone",
    ),
    Attack("a filter from a file", f"{_IN} -/vf <app>/one.txt {_NO}"),
    Attack("a stream's filter from a file", f"{_IN} -/filter:v <app>/one.txt {_NO}"),
    Attack("a filter's value from a file", f"{_BARS} -vf drawtext=fontfile=<font>:/text=<app>/secret.env o.mp4"),
    Attack(
        "a tag's value from a file",
        f"{_BARS} -vf metadata=mode=add:key=k:/value=<app>/one.txt,metadata=print:file=- {_NO}",
    ),
    Attack("text to draw", f"{_BARS} -vf drawtext=fontfile=<font>:textfile=<app>/secret.env o.mp4"),
    Attack("a font", f"{_BARS} -vf drawtext=text=x:fontfile=<app>/secret.env o.mp4"),
    Attack(
        "a drawing in a file",
        f"{_BARS} -vf drawvg=file=<app>/one.txt o.mp4",
        inert="the filter is not in this build",
    ),
    Attack("another job's subtitles", f"{_BARS} -vf subtitles=<other>/victim.srt o.mp4"),
    Attack(
        "fonts for subtitles",
        f"{_BARS} -vf subtitles=own.srt:fontsdir=<app> o.mp4",
        {"own.srt": "1\n00:00:00,000 --> 00:00:02,000\nx\n"},
    ),
    Attack("subtitles of another kind", f"{_BARS} -vf ass=<other>/victim.srt o.mp4"),
    Attack(
        "a film as a filter",
        rf"{_BARS} -filter_complex 'movie=<app>/secret.env:f=rawvideo:format_opts=video_size=64x64\\:pixel_format=gray[o]' -map '[o]' -frames:v 1 -f rawvideo o.bin",
    ),
    Attack(
        "a film as a filter, with a device",
        f"{_BARS} -filter_complex 'movie=<app>/victim1.png[o]' -map '[o]' -frames:v 1 -f rawvideo o.bin",
    ),
    Attack(
        "sound as a filter", f"{_BARS} -filter_complex 'amovie=<app>/secret.env:f=u8[o]' -map '[o]' -f u8 o.bin"
    ),
    Attack(
        "a graph inside a film filter",
        rf"{_BARS} -filter_complex 'movie=filename=movie\\=<app>/victim.mp4:f=lavfi[o]' -map '[o]' -frames:v 1 -f rawvideo o.bin",
    ),
    Attack("a look-up table", f"{_BARS} -vf lut3d=<app>/victim.cube o.mp4"),
    Attack("a look-up table of one dimension", f"{_BARS} -vf lut1d=<app>/secret.env {_NO}"),
    Attack("a curve", f"{_BARS} -vf curves=psfile=<app>/secret.env {_NO}"),
    Attack("a logo to remove", f"{_BARS} -vf removelogo=<app>/victim1.png {_NO}"),
    Attack("a thing to find", f"{_BARS} -vf find_rect=object=<app>/victim1.png {_NO}"),
    Attack(
        "a thing to cover",
        f"{_BARS} -vf cover_rect=cover=<app>/victim1.png {_NO}",
        inert="it opens it once something was found",
    ),
    Attack("hints for fields", f"{_BARS} -vf fieldhint=<app>/secret.env {_NO}"),
    Attack("weights of a net", f"{_BARS} -vf nnedi=weights=<app>/secret.env {_NO}"),
    Attack("a net for noise", f"{_TONE} -af arnndn=<app>/secret.env {_NO}"),
    Attack("movements", f"{_BARS} -vf vidstabtransform=input=<app>/secret.env {_NO}"),
    Attack("commands for filters", f"{_BARS} -vf sendcmd=f=<app>/one.txt,hue {_NO}"),
    Attack("commands for filters of sound", f"{_TONE} -af asendcmd=f=<app>/one.txt,volume {_NO}"),
    Attack("a model of quality", f"{_TWO} -lavfi libvmaf=model=path=<app>/secret.env {_NO}"),
    Attack(
        "a program for the graphics card",
        f"{_BARS} -vf program_opencl=source=<app>/secret.env:kernel=k {_NO}",
        inert=_NEEDS_GPU,
    ),
    Attack("a shader", f"{_BARS} -vf libplacebo=custom_shader_path=<app>/secret.env {_NO}", inert=_NEEDS_GPU),
    Attack(
        "colours of a palette file", f"{_BARS} -vf haldclut=file=<app>/victim1.png {_NO}", inert="no such option"
    ),
    Attack("an attachment", f"{_IN} -attach <app>/secret.env -metadata:s:t mimetype=text/plain -c copy o.mkv"),
    Attack(
        "an attachment by descriptor",
        f"{_IN} -attach /proc/self/root/<app>/secret.env -metadata:s:t mimetype=text/plain -c copy o.mkv",
    ),
    Attack("a preset", f"{_IN} -fpre <app>/one.txt {_NO}"),
    Attack(
        "a preset by name",
        f"{_IN} -vpre <app>/one -c:v libx264 {_NO}",
        inert="presets are looked for under a fixed suffix",
    ),
    Attack(
        "a key file of a playlist",
        f"{_IN} -c copy -hls_key_info_file k.txt o.m3u8",
        {"k.txt": "https://host/k\n<app>/secret.env\n"},
    ),
    Attack("a key file elsewhere", f"{_IN} -c copy -hls_key_info_file <app>/one.txt o.m3u8"),
    Attack("a matrix of x264", f"{_IN} -an -c:v libx264 -x264-params cqmfile=<app>/secret.env {_NO}"),
    Attack("a matrix of x264, other option", f"{_IN} -an -c:v libx264 -x264opts cqmfile=<app>/secret.env {_NO}"),
    Attack(
        "a first pass of x264", f"{_IN} -an -c:v libx264 -b:v 80k -x264-params pass=2:stats=<app>/secret.env {_NO}"
    ),
    Attack(
        "frame types of x264",
        f"{_IN} -an -c:v libx264 -x264-params qpfile=<app>/secret.env {_NO}",
        inert="only x264's own program knows it",
    ),
    Attack("lambdas of x265", f"{_IN} -an -c:v libx265 -x265-params lambda-file=<app>/secret.env {_NO}"),
    Attack("lists of x265", f"{_IN} -an -c:v libx265 -x265-params scaling-list=<app>/secret.env {_NO}"),
    Attack(
        "zones of x265",
        f"{_IN} -an -c:v libx265 -x265-params zonefile=<app>/secret.env {_NO}",
        inert="only x265's own program knows it",
    ),
    Attack("an analysis of x265", f"{_IN} -an -c:v libx265 -x265-params analysis-load=<app>/secret.env {_NO}"),
    Attack(
        "light of x265",
        f"{_IN} -an -c:v libx265 -pix_fmt yuv420p10 -x265-params dhdr10-info=<app>/secret.env {_NO}",
    ),
    Attack(
        "a grain table of aom",
        f"{_IN} -an -c:v libaom-av1 -cpu-used 8 -frames:v 1 -aom-params film-grain-table=<app>/secret.env {_NO}",
    ),
    Attack(
        "a grain table of SVT-AV1",
        f"{_IN} -an -c:v libsvtav1 -preset 12 -frames:v 1 -svtav1-params fgs-table=<app>/secret.env {_NO}",
        inert="only SVT-AV1's own program knows it",
    ),
    Attack(
        "regions of kvazaar",
        f"{_IN} -an -s 160x96 -c:v libkvazaar -frames:v 1 -kvazaar-params roi=<app>/secret.env {_NO}",
    ),
    Attack(
        "lists of kvazaar",
        f"{_IN} -an -s 160x96 -c:v libkvazaar -frames:v 1 -kvazaar-params cqmfile=<app>/secret.env {_NO}",
    ),
    Attack(
        "a first pass of vvenc",
        f"{_IN} -an -c:v libvvenc -frames:v 1 -vvenc-params rcstatsfile=<app>/secret.env:passes=2:pass=2:bitrate=50000 {_NO}",
        inert="not available in parameters",
    ),
    Attack(
        "a first pass by name",
        f"{_IN} -an -c:v libx264 -b:v 80k -pass 2 -passlogfile <app>/victim {_NO}",
        inert="the suffix is fixed: there is no such log",
    ),
    Attack(
        "a first pass of VP9 by name",
        f"{_IN} -an -c:v libvpx-vp9 -b:v 80k -pass 2 -passlogfile <app>/victim {_NO}",
        inert="the suffix is fixed: there is no such log",
    ),
)
