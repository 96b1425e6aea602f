"""Random command lines: from the table of all options, or mutated from everyday commands."""

from __future__ import annotations

import random

from ffmpeg_worker.planning.option_policy.option_table import option_table
from fuzz.graphs import random_graph
from support.jobs.everyday_commands import EVERYDAY, chain_of

INPUTS = (
    "clip.mp4 other.mp4 clip.ts full.mkv tone.mp3 logo.png anim.gif de.srt hls/in.m3u8 list.txt "
    "raw.yuv frames/%03d.png small.mp4 nowhere.mp4 {{in_1}} <<in_1>> ./clip.mp4 frames clip.mp4|clip.mp4"
).split()
SOURCES = ("testsrc2=s=64x36:d=1", "sine=d=1", "color=red:s=16x16", "nullsrc", "movie=clip.mp4")
SUFFIXES = "mp4 mkv ts webm mov avi gif png jpg wav mp3 ogg flac m3u8 mpd srt ass txt null nut y4m mxf flv".split()
SCOPES = ("", "", "", ":v", ":a", ":s", ":v:0", ":a:0", ":0", ":m:title", ":p:1", ":")
VALUES = (
    "0 1 -1 2 0.5 25 30000/1001 1k 1M 9223372036854775807 -9223372036854775808 1e308 nan inf "
    "00:00:01 1:2:3:4 none auto copy libx264 aac mpeg4 png flac libvpx-vp9 srt yuv420p rgb24 s16 "
    "stereo 5.1 64x36 0x0 99999x99999 hd720 red #ff0000@0.5 0:v 0:a? 1 +genpts fast all error "
    "file pipe stdin - /dev/null /dev/stdin mp4 mpegts hls image2 data lavfi concat tee rawvideo "
    "a=b a=b:c=d x|y {{in_1}} %d %s%n ' \\ \" [ ] [a] ; , = : ä 🎬 \n $(id) `id` ~ *"
).split(" ")


def hostile_values(secret: str, port: int) -> list[str]:
    """Return option values that try to reach files and servers outside the job."""
    up = "../" * 12 + secret[1:]
    files = [secret, up, f"file:{secret}", f"/proc/self/root{secret}", f"{secret.rpartition('/')[0]}/made.txt"]
    wrapped = [f"{scheme}{secret}" for scheme in ("concat:", "async:", "cache:", "crypto:", "md5:", "data:,")]
    wrapped += [f"subfile,,start,0,end,0,,:{secret}", f"concatf:{secret}", f"tee:{secret}", f"[f=data]{secret}"]
    called = [f"{scheme}://127.0.0.1:{port}/x" for scheme in "http https tcp udp rtmp rtsp srt ftp gopher".split()]
    keyed = [f"{key}={secret}" for key in "textfile file filename stats result log-file qpfile /text".split()]
    return [
        *files,
        *wrapped,
        *called,
        *keyed,
        "/proc/self/environ",
        "/etc/passwd",
        "fd:3",
        "pipe:3",
        "unix:/tmp/x",
    ]


class CommandMaker:
    """Makes random commands; every option may get one of the `hostile` values."""

    def __init__(self, hostile: list[str]) -> None:
        table = option_table()
        self._scalars = sorted(table.scalars)
        self._texts = sorted(table.texts)
        self._formats = sorted(table.demuxers | table.muxers)
        self._everyday = [tokens for spelling in EVERYDAY.values() for tokens in chain_of(spelling)]
        self._hostile = hostile

    def make(self, chance: random.Random) -> list[str]:
        """Return the tokens of one command."""
        tokens = self._from_table(chance) if chance.random() < 0.4 else list(chance.choice(self._everyday))
        for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
            self._mutate(tokens, chance)
        return tokens

    def _from_table(self, chance: random.Random) -> list[str]:
        tokens: list[str] = []
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            tokens += self._options(chance, chance.choice((0, 0, 1, 2)))
            if chance.random() < 0.3:
                tokens += ["-f", "lavfi", "-i", chance.choice(SOURCES)]
            else:
                tokens += ["-i", chance.choice(INPUTS)]
        for number in range(chance.choice((1, 1, 2))):
            tokens += self._options(chance, chance.choice((0, 1, 2, 4)))
            tokens += ["-t", "0.4"] if chance.random() < 0.7 else []
            tokens.append(f"o{number}.{chance.choice(SUFFIXES)}")
        return tokens

    def _options(self, chance: random.Random, count: int) -> list[str]:
        return [token for _ in range(count) for token in self._option(chance)]

    def _option(self, chance: random.Random) -> list[str]:
        kind = chance.random()
        if kind < 0.1:
            return ["-f", chance.choice(self._formats)]
        if kind < 0.25:
            return [
                chance.choice(("-vf", "-af", "-filter_complex", "-lavfi")),
                random_graph(chance, self._hostile),
            ]
        name = chance.choice(self._texts if kind < 0.6 else self._scalars)
        token = f"-{chance.choice(('', '', '', '/', 'no'))}{name}{chance.choice(SCOPES)}"
        return [token] if chance.random() < 0.15 else [token, self._value(chance)]

    def _value(self, chance: random.Random) -> str:
        return chance.choice(self._hostile if chance.random() < 0.25 else VALUES)

    def _mutate(self, tokens: list[str], chance: random.Random) -> None:
        place = chance.randrange(len(tokens) + 1)
        within = min(place, len(tokens) - 1)
        match chance.randrange(7):
            case 0 if len(tokens) > 1:
                del tokens[within]
            case 1 if tokens:
                tokens.insert(place, tokens[within])
            case 2 if tokens:
                tokens[within] = self._value(chance)
            case 3:
                tokens[place:place] = self._option(chance)
            case 4 if tokens:
                tokens[within] = _scramble(tokens[within], chance)
            case 5:
                other = chance.choice(self._everyday)
                tokens[place:] = other[chance.randrange(len(other)) :]
            case _ if tokens:
                other_place = chance.randrange(len(tokens))
                tokens[within], tokens[other_place] = tokens[other_place], tokens[within]


def _scramble(text: str, chance: random.Random) -> str:
    characters = list(text)
    for _ in range(chance.choice((1, 1, 2, 5))):
        place = chance.randrange(len(characters) + 1)
        characters[place : place + chance.choice((0, 0, 1))] = chance.choice(
            ("", *"'\\:;,=[]|@%/.-0 9éx\t", "\x7f")
        )
    return "".join(characters)
