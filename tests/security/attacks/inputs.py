"""Reading what is not the job's, by way of inputs: protocols, demuxers, lists, `/proc`, descriptors."""

# ruff: noqa: E501  (a row is a line)

from __future__ import annotations

from security.attacks.attack import Attack
from security.attacks.media import film_elsewhere, manifest, playlist

_OUT = "-map 0 -c copy -f data o.bin"
_GRAY = "-f rawvideo -pixel_format gray -video_size 64x64"
_ALL_NAMES = "-extension_picky 0 -allowed_extensions ALL -allowed_segment_extensions ALL"
_VOBSUB = "# VobSub index file, v7 (do not modify this line!)\nsize: 720x480\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n"
_CPL = '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:0</Id><ContentTitle>t</ContentTitle><EditRate>25 1</EditRate><SegmentList/></CompositionPlaylist>'
_CLEAN = "children get a clean environment"
_CLOSED = "children get no descriptors of the worker's"

LEADS_ELSEWHERE = "an input that says it is a manifest may lead to files; which, is the sandbox's business"

ATTACKS = (
    Attack("bytes as pictures", f"{_GRAY} -i <app>/secret.env -f rawvideo o.bin"),
    Attack("bytes as data", f"-f data -i <app>/secret.env {_OUT}"),
    Attack("bytes as sound", "-f u8 -ar 8000 -i <app>/secret.env -f u8 o.bin"),
    Attack("bytes as text on a screen", "-f tty -i <app>/secret.env -frames:v 1 o.png"),
    Attack("bytes as subtitles", "-f lrc -i <app>/victim.srt -f srt o.txt"),
    Attack("by a relative name", f"-f data -i <up>/app/secret.env {_OUT}"),
    Attack("by a file address", f"-f data -i file:<app>/secret.env {_OUT}"),
    Attack("by a file address with slashes", f"-f data -i file://<app>/secret.env {_OUT}"),
    Attack("another job's film", "-i <other>/victim.mp4 -c copy o.mp4"),
    Attack("another job's bytes", f"-f data -i <other>/secret.env {_OUT}"),
    Attack("the worker's key", f"-f data -i <app>/private.key {_OUT}"),
    Attack("the list of users", f"-f data -i /etc/passwd {_OUT}"),
    Attack("joined files", f"-f data -i 'concat:<app>/secret.env|<app>/one.txt' {_OUT}"),
    Attack("own file joined with another", "-f mpegts -i 'concat:tiny.ts|<app>/victim.ts' -c copy o.ts"),
    Attack("joined by a list", f"-f data -i concatf:l.txt {_OUT}", {"l.txt": "<app>/secret.env\n"}),
    Attack("a part of a file", f"-f data -i subfile,,start,0,end,64,,:<app>/secret.env {_OUT}"),
    Attack("read ahead", f"-f data -i async:file:<app>/secret.env {_OUT}"),
    Attack("by way of a cache", f"-f data -i cache:file:<app>/secret.env {_OUT}"),
    Attack("by way of a shared cache", f"-f data -cache_dir . -i shared:file:<app>/secret.env {_OUT}"),
    Attack(
        "decrypted with a known key",
        f"-f data -decryption_key {'00' * 16} -decryption_iv {'00' * 16} -i crypto:<app>/secret.env {_OUT}",
    ),
    Attack("a disc image", "-f dvdvideo -i <app>/secret.env -f null -"),
    Attack("a disc", "-i bluray:<app>/secret.env -f null -"),
    Attack(
        "a list of files anywhere",
        "-f concat -safe 0 -i l.txt -c copy o.srt",
        {"l.txt": "file '<app>/victim.srt'\n"},
    ),
    Attack(
        "a list that goes up", "-f concat -safe 0 -i l.txt -c copy o.srt", {"l.txt": "file <up>/app/victim.srt\n"}
    ),
    Attack(
        "a list of file addresses",
        "-f concat -safe 0 -i l.txt -c copy o.srt",
        {"l.txt": "file 'file:<app>/victim.srt'\n"},
    ),
    Attack(
        "a list with options of its own",
        "-f concat -safe 0 -i l.ffconcat -map 0 -c copy -f data o.bin",
        {"l.ffconcat": "ffconcat version 1.0\nfile '<app>/secret.env'\noption f data\n"},
    ),
    Attack(
        "a list that goes up, guarded",
        "-f concat -i l.txt -c copy o.srt",
        {"l.txt": "file <up>/app/victim.srt\n"},
        inert="lists are safe unless told otherwise",
    ),
    Attack(
        "a playlist, guards off",
        f"{_ALL_NAMES} -i x.m3u8 -map 0 -c copy o.mkv",
        {"x.m3u8": playlist("concat:<other>/victim.ts|<other>/victim.ts")},
        inert="playlists may not name that protocol",
    ),
    Attack(
        "a playlist named otherwise",
        f"{_ALL_NAMES} -f hls -i x.mp4 -map 0 -c copy o.mkv",
        {"x.mp4": playlist("file://<other>/victim.ts")},
    ),
    Attack(
        "a playlist's map",
        f"{_ALL_NAMES} -f hls -i x.m3u8 {_OUT}",
        {"x.m3u8": playlist("<app>/victim.srt", '#EXT-X-MAP:URI="<app>/victim.srt"')},
    ),
    Attack(
        "a playlist's key",
        f"{_ALL_NAMES} -f hls -i x.m3u8 {_OUT}",
        {"x.m3u8": playlist("tiny.ts", '#EXT-X-KEY:METHOD=AES-128,URI="<app>/secret.env"')},
    ),
    Attack(
        "a manifest named so",
        "-f dash -i x.mpd -c copy o.mp4",
        {"x.mpd": manifest("<other>/victim.mp4")},
        sandbox_only=LEADS_ELSEWHERE,
    ),
    Attack("a manifest in WebM", "-f webm_dash_manifest -i <other>/victim.mp4 -c copy -f null -"),
    Attack(
        "pictures by wild card",
        "-f image2 -pattern_type glob -c:v rawvideo -video_size 64x64 -pixel_format gray -i '<app>/*.env' -f rawvideo o.bin",
    ),
    Attack("pictures by number", "-f image2 -i <app>/victim%d.png o.png"),
    Attack("a picture by name", "-f image2 -pattern_type none -i <app>/victim1.png o.png"),
    Attack("pictures one after the other", "-f image2pipe -c:v png -i <app>/victim1.png o.png"),
    Attack(
        "a graph that reads",
        r"-f lavfi -i 'movie=<app>/secret.env:f=rawvideo:format_opts=video_size=64x64\\:pixel_format=gray' -f rawvideo o.bin",
    ),
    Attack("a graph that hears", "-f lavfi -i amovie=<app>/secret.env:f=u8 -f u8 o.bin"),
    Attack("a graph in a file", "-f lavfi -graph_file <app>/one.txt -i x -f null -"),
    Attack("a graph with subtitles of a file", "-f lavfi -i color=s=64x64:d=1,subtitles=<other>/victim.srt o.mp4"),
    Attack(
        "cells",
        "-f lavfi -i cellauto=filename=<app>/secret.env:s=64x64 -frames:v 1 -pix_fmt gray -f rawvideo o.bin",
    ),
    Attack(
        "life", "-f lavfi -i life=filename=<app>/secret.env:s=64x64 -frames:v 1 -pix_fmt gray -f rawvideo o.bin"
    ),
    Attack("tags", "-f ffmetadata -i <app>/victim.ffmeta -f ffmetadata o.txt"),
    Attack(
        "tags put into a film",
        "-i tiny.mp4 -f ffmetadata -i <app>/victim.ffmeta -map 0 -map_metadata 1 -c copy o.mp4",
    ),
    Attack("bytes in the log", "-dump -hex -f data -i <app>/secret.env -map 0 -c copy -f null -"),
    Attack(
        "subtitles beside an index", f"-f vobsub -sub_name <app>/secret.env -i x.idx {_OUT}", {"x.idx": _VOBSUB}
    ),
    Attack(
        "a palette of a disc",
        "-ifo_palette <app>/secret.env -c:s dvdsub -f vobsub -i x.idx -map 0:s -f null -",
        {"x.idx": _VOBSUB, "x.sub": bytes(4096)},
    ),
    Attack(
        "a film's sound elsewhere",
        f"-enable_drefs 1 -use_absolute_path 1 -i x.mov {_OUT}",
        {"x.mov": film_elsewhere},
    ),
    Attack(
        "a package's assets",
        "-f imf -assetmaps <app>/secret.env -i x.xml -f null -",
        {"x.xml": _CPL},
        inert="the package is not good enough to get there",
    ),
    Attack("its own environment", f"-f data -i /proc/self/environ {_OUT}", inert=_CLEAN),
    Attack("a process's environment", f"-f data -i /proc/<pid>/environ {_OUT}"),
    Attack("a process's arguments", f"-f data -i /proc/<pid>/cmdline {_OUT}"),
    Attack("a process's files", f"-f data -i /proc/<pid>/root/<app>/secret.env {_OUT}"),
    Attack("from a process's folder", f"-f data -i /proc/<spawner>/root/<app>/secret.env {_OUT}"),
    Attack("from its own root", f"-f data -i /proc/self/root/<app>/secret.env {_OUT}"),
    Attack("from its own folder", f"-f data -i /proc/self/cwd/<up>/app/secret.env {_OUT}"),
    Attack(
        "the environment of who starts it",
        f"-f data -i /proc/<spawner>/environ {_OUT}",
        inert="the one that starts children has a clean environment",
    ),
    Attack("a descriptor", f"-f data -fd <fd> -i fd: {_OUT}", inert=_CLOSED),
    Attack("a descriptor by name", f"-f data -i /proc/self/fd/<fd> {_OUT}", inert=_CLOSED),
    Attack("a descriptor by device", f"-f data -i /dev/fd/<fd> {_OUT}", inert=_CLOSED),
    Attack("a pipe that is not its own", f"-f data -i pipe:<fd> {_OUT}", inert=_CLOSED),
    Attack("a descriptor of who starts it", f"-f data -i /proc/<spawner>/fd/<fd> {_OUT}", inert=_CLOSED),
)
