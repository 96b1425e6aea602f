"""Attacks that read files of others as inputs: protocols, demuxers, lists, `/proc`, descriptors."""

# ruff: noqa: E501  (a row is a line)

from __future__ import annotations

from security.attacks.attack import Attack
from security.attacks.media import manifest, playlist, quicktime_of_secrets

_OUT = "-map 0 -c copy -f data o.bin"
_GRAY = "-f rawvideo -pixel_format gray -video_size 64x64"
_ALL_NAMES = "-extension_picky 0 -allowed_extensions ALL -allowed_segment_extensions ALL"
_VOBSUB = "# VobSub index file, v7 (do not modify this line!)\nsize: 720x480\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n"
_CPL = '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:0</Id><ContentTitle>t</ContentTitle><EditRate>25 1</EditRate><SegmentList/></CompositionPlaylist>'
_CLEAN = "children get a clean environment"
_CLOSED = "children get no descriptors of the worker's"

LEADS_ELSEWHERE = "a declared manifest may refer to files; only the sandbox limits which"

ATTACKS = (
    Attack("a file as raw video", f"{_GRAY} -i <app>/secret.env -f rawvideo o.bin"),
    Attack("a file as data", f"-f data -i <app>/secret.env {_OUT}"),
    Attack("a file as raw audio", "-f u8 -ar 8000 -i <app>/secret.env -f u8 o.bin"),
    Attack("a file as terminal text", "-f tty -i <app>/secret.env -frames:v 1 o.png"),
    Attack("a file as subtitles", "-f lrc -i <app>/victim.srt -f srt o.txt"),
    Attack("a relative path", f"-f data -i <up>/app/secret.env {_OUT}"),
    Attack("a file URL", f"-f data -i file:<app>/secret.env {_OUT}"),
    Attack("a file URL with slashes", f"-f data -i file://<app>/secret.env {_OUT}"),
    Attack("another job's video", "-i <other>/victim.mp4 -c copy o.mp4"),
    Attack("another job's secret", f"-f data -i <other>/secret.env {_OUT}"),
    Attack("a private key", f"-f data -i <app>/private.key {_OUT}"),
    Attack("the list of users", f"-f data -i /etc/passwd {_OUT}"),
    Attack("the concat protocol", f"-f data -i 'concat:<app>/secret.env|<app>/one.txt' {_OUT}"),
    Attack(
        "the concat protocol, with an own file first", "-f mpegts -i 'concat:tiny.ts|<app>/victim.ts' -c copy o.ts"
    ),
    Attack("the concatf protocol", f"-f data -i concatf:l.txt {_OUT}", {"l.txt": "<app>/secret.env\n"}),
    Attack("the subfile protocol", f"-f data -i subfile,,start,0,end,64,,:<app>/secret.env {_OUT}"),
    Attack("the async protocol", f"-f data -i async:file:<app>/secret.env {_OUT}"),
    Attack("the cache protocol", f"-f data -i cache:file:<app>/secret.env {_OUT}"),
    Attack("the shared protocol", f"-f data -cache_dir . -i shared:file:<app>/secret.env {_OUT}"),
    Attack(
        "the crypto protocol",
        f"-f data -decryption_key {'00' * 16} -decryption_iv {'00' * 16} -i crypto:<app>/secret.env {_OUT}",
    ),
    Attack("the DVD demuxer", "-f dvdvideo -i <app>/secret.env -f null -"),
    Attack("the Blu-ray protocol", "-i bluray:<app>/secret.env -f null -"),
    Attack(
        "an unsafe concat list",
        "-f concat -safe 0 -i l.txt -c copy o.srt",
        {"l.txt": "file '<app>/victim.srt'\n"},
    ),
    Attack(
        "an unsafe concat list with relative paths",
        "-f concat -safe 0 -i l.txt -c copy o.srt",
        {"l.txt": "file <up>/app/victim.srt\n"},
    ),
    Attack(
        "an unsafe concat list of file URLs",
        "-f concat -safe 0 -i l.txt -c copy o.srt",
        {"l.txt": "file 'file:<app>/victim.srt'\n"},
    ),
    Attack(
        "an unsafe concat list with demuxer options",
        "-f concat -safe 0 -i l.ffconcat -map 0 -c copy -f data o.bin",
        {"l.ffconcat": "ffconcat version 1.0\nfile '<app>/secret.env'\noption f data\n"},
    ),
    Attack(
        "a safe concat list with relative paths",
        "-f concat -i l.txt -c copy o.srt",
        {"l.txt": "file <up>/app/victim.srt\n"},
        inert="concat lists are safe by default",
    ),
    Attack(
        "a playlist of concat URLs without restrictions",
        f"{_ALL_NAMES} -i x.m3u8 -map 0 -c copy o.mkv",
        {"x.m3u8": playlist("concat:<other>/victim.ts|<other>/victim.ts")},
        inert="playlists may not name that protocol",
    ),
    Attack(
        "a playlist named .mp4 without restrictions",
        f"{_ALL_NAMES} -f hls -i x.mp4 -map 0 -c copy o.mkv",
        {"x.mp4": playlist("file://<other>/victim.ts")},
    ),
    Attack(
        "a playlist's initialization segment",
        f"{_ALL_NAMES} -f hls -i x.m3u8 {_OUT}",
        {"x.m3u8": playlist("<app>/victim.srt", '#EXT-X-MAP:URI="<app>/victim.srt"')},
    ),
    Attack(
        "a playlist's key",
        f"{_ALL_NAMES} -f hls -i x.m3u8 {_OUT}",
        {"x.m3u8": playlist("tiny.ts", '#EXT-X-KEY:METHOD=AES-128,URI="<app>/secret.env"')},
    ),
    Attack(
        "a declared manifest",
        "-f dash -i x.mpd -c copy o.mp4",
        {"x.mpd": manifest("<other>/victim.mp4")},
        sandbox_only=LEADS_ELSEWHERE,
    ),
    Attack("a WebM file as a manifest", "-f webm_dash_manifest -i <other>/victim.mp4 -c copy -f null -"),
    Attack(
        "images by wildcard",
        "-f image2 -pattern_type glob -c:v rawvideo -video_size 64x64 -pixel_format gray -i '<app>/*.env' -f rawvideo o.bin",
    ),
    Attack("images by number", "-f image2 -i <app>/victim%d.png o.png"),
    Attack("an image by name", "-f image2 -pattern_type none -i <app>/victim1.png o.png"),
    Attack("an image pipe", "-f image2pipe -c:v png -i <app>/victim1.png o.png"),
    Attack(
        "a movie source",
        r"-f lavfi -i 'movie=<app>/secret.env:f=rawvideo:format_opts=video_size=64x64\\:pixel_format=gray' -f rawvideo o.bin",
    ),
    Attack("an amovie source", "-f lavfi -i amovie=<app>/secret.env:f=u8 -f u8 o.bin"),
    Attack("a graph file", "-f lavfi -graph_file <app>/one.txt -i x -f null -"),
    Attack(
        "a subtitles filter in a lavfi input", "-f lavfi -i color=s=64x64:d=1,subtitles=<other>/victim.srt o.mp4"
    ),
    Attack(
        "the cellauto source",
        "-f lavfi -i cellauto=filename=<app>/secret.env:s=64x64 -frames:v 1 -pix_fmt gray -f rawvideo o.bin",
    ),
    Attack(
        "the life source",
        "-f lavfi -i life=filename=<app>/secret.env:s=64x64 -frames:v 1 -pix_fmt gray -f rawvideo o.bin",
    ),
    Attack("a metadata file", "-f ffmetadata -i <app>/victim.ffmeta -f ffmetadata o.txt"),
    Attack(
        "a metadata file copied to the output",
        "-i tiny.mp4 -f ffmetadata -i <app>/victim.ffmeta -map 0 -map_metadata 1 -c copy o.mp4",
    ),
    Attack("a hex dump in the log", "-dump -hex -f data -i <app>/secret.env -map 0 -c copy -f null -"),
    Attack(
        "a VobSub index with a named subtitle file",
        f"-f vobsub -sub_name <app>/secret.env -i x.idx {_OUT}",
        {"x.idx": _VOBSUB},
    ),
    Attack(
        "a DVD palette file",
        "-ifo_palette <app>/secret.env -c:s dvdsub -f vobsub -i x.idx -map 0:s -f null -",
        {"x.idx": _VOBSUB, "x.sub": bytes(4096)},
    ),
    Attack(
        "a QuickTime file that refers to another file",
        f"-enable_drefs 1 -use_absolute_path 1 -i x.mov {_OUT}",
        {"x.mov": quicktime_of_secrets},
    ),
    Attack(
        "the asset map of an IMF package",
        "-f imf -assetmaps <app>/secret.env -i x.xml -f null -",
        {"x.xml": _CPL},
        inert="FFmpeg refuses the package before it opens the asset map",
    ),
    Attack("the environment of ffmpeg itself", f"-f data -i /proc/self/environ {_OUT}", inert=_CLEAN),
    Attack("a process's environment", f"-f data -i /proc/<pid>/environ {_OUT}"),
    Attack("a process's arguments", f"-f data -i /proc/<pid>/cmdline {_OUT}"),
    Attack("a file below another process's root", f"-f data -i /proc/<pid>/root/<app>/secret.env {_OUT}"),
    Attack("a file below the spawner's root", f"-f data -i /proc/<spawner>/root/<app>/secret.env {_OUT}"),
    Attack("a file below /proc/self/root", f"-f data -i /proc/self/root/<app>/secret.env {_OUT}"),
    Attack("a file below /proc/self/cwd", f"-f data -i /proc/self/cwd/<up>/app/secret.env {_OUT}"),
    Attack(
        "the spawner's environment",
        f"-f data -i /proc/<spawner>/environ {_OUT}",
        inert="the spawner has a clean environment",
    ),
    Attack("a descriptor", f"-f data -fd <fd> -i fd: {_OUT}", inert=_CLOSED),
    Attack("a descriptor in /proc", f"-f data -i /proc/self/fd/<fd> {_OUT}", inert=_CLOSED),
    Attack("a descriptor in /dev", f"-f data -i /dev/fd/<fd> {_OUT}", inert=_CLOSED),
    Attack("a descriptor as a pipe", f"-f data -i pipe:<fd> {_OUT}", inert=_CLOSED),
    Attack("a descriptor of the spawner", f"-f data -i /proc/<spawner>/fd/<fd> {_OUT}", inert=_CLOSED),
)
