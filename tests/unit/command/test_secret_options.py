"""Secrets in commands: found wherever an option can stand, in linear time."""

from __future__ import annotations

import shlex

import pytest

from ffmpeg_worker.command.secret_options import find_secret_values
from ffmpeg_worker.planning.option_policy.option_table import option_table
from support.growth import grows_linearly

SECRET = "0123456789abcdef"


@pytest.mark.parametrize(
    "command",
    [
        f"-i a.mp4 -encryption_key {SECRET} o.mp4",
        f"-decryption_key:v:0 {SECRET} -i a.mp4 o.mp4",
        f"-decryption_key={SECRET} -i a.mp4 o.mp4",
        f"-i a.mp4 -vpassword {SECRET} o.mp4",
        f"-i a.mp4 -f tee '[f=mp4:encryption_key={SECRET}]a.mp4|[f=hls:hls_enc_key={SECRET}]b.m3u8'",
        f"-i a.mp4 -f tee '[f=mp4:key={SECRET}]a.mp4'",
        f"-i a.mp4 -hls_segment_options key={SECRET}:iv=1 o.m3u8",
        f"-i a.mp4 -format_options encryption_key={SECRET} o.mp4",
        f"-i a.mp4 -vf movie=a.mp4:format_opts=decryption_key={SECRET},null o.mp4",
        rf"-i a.mp4 -vf movie=a.mp4:format_opts='x=1\\\\:decryption_key\\\\={SECRET}' o.mp4",
        f"-f lavfi -i movie=a.mp4:format_opts=key={SECRET} o.mp4",
        f'-i a.mp4 -segment_format_options "key=\'{SECRET}" o.mp4',
        rf"-i a.mp4 -password {SECRET[:8]}\\{SECRET[8:]} o.mp4",
    ],
)
def test_found(command: str) -> None:
    assert SECRET in set(find_secret_values(shlex.split(command)))


@pytest.mark.parametrize(
    "command",
    [
        "-i a.mp4 -vf metadata=print:key=lavfi.scene_score -f null -",
        "-filter_complex [0:v]metadata=print:key=lavfi.scene_score[out]",
        "-i a.mp4 -metadata title=keyframe -keyint_min 25 -movflags faststart o.mp4",
        "-i a.mp4 -vf colorkey=0x00ff00:0.3 o.mp4",
    ],
)
def test_ordinary_options_hold_none(command: str) -> None:
    assert list(find_secret_values(command.split())) == []


def test_every_option_of_ffmpeg_that_sounds_secret_is_one() -> None:
    words = ("password", "passphrase", "secret", "cookies", "authorization", "_key", "key_", "headers")
    files_and_addresses = {"hls_key_info_file", "key_file", "hls_enc_key_url"}
    found = {name for name in option_table().texts if any(word in name for word in words)} - files_and_addresses
    assert [name for name in sorted(found) if not list(find_secret_values([f"-{name}", SECRET]))] == []


@pytest.mark.parametrize(
    "piece",
    ["-", "a", "a-", "key=", "secret=", "secret='", "secret=\\", "x_opts=", "'", "\\", "[f=key=", "k:"],
)
def test_text_is_read_in_linear_time(piece: str) -> None:
    def find(text: str) -> int:
        return sum(len(value) for value in find_secret_values([text]))

    assert grows_linearly(find, lambda count: piece * count)
