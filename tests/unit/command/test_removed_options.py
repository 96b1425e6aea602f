"""Options that FFmpeg no longer has are renamed where the successor is the same, else the successor is named."""

from __future__ import annotations

import shlex

import pytest

from ffmpeg_worker.command.command_line import CommandLine, read_command_line
from ffmpeg_worker.command.removed_options import INSTEAD, replace_removed_options
from ffmpeg_worker.errors import InvalidJob


def tokens_of(line: CommandLine) -> str:
    tokens: list[str] = []
    for group in line.groups:
        tokens += [token for option in group.options for token in option.tokens()]
        tokens += ["-i", group.url] if group.is_input else [group.url]
    return shlex.join(tokens)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("-i a -vsync vfr b", "-i a -fps_mode vfr b"),
        ("-vsync 0 -i a b", "-i a -fps_mode passthrough b"),
        ("-i a -vsync 1 b c", "-i a -fps_mode cfr b -fps_mode cfr c"),
        ("-i a b -vsync 2", "-i a -fps_mode vfr b"),
        ("-i a -vsync 1 -fps_mode vfr b", "-i a -fps_mode vfr b"),
        ("-vsync 0 -i a -vsync -1 b", "-i a -fps_mode auto b"),
        ("-i a -absf aac_adtstoasc -vbsf null b", "-i a -bsf:a aac_adtstoasc -bsf:v null b"),
        ("-i a -alang eng -author me b", "-i a -metadata:s:a language=eng -metadata author=me b"),
        ("-i a -cqp 20 b", "-i a -qp 20 b"),
        ("-i a -use_localtime 1 b", "-i a -strftime 1 b"),
    ],
)
def test_renamed(command: str, expected: str) -> None:
    line, notes = replace_removed_options(read_command_line(command.split()))
    assert tokens_of(line) == expected
    assert notes


@pytest.mark.parametrize(
    ("command", "successor"),
    [
        ("-i a -deinterlace b", "yadif"),
        ("-i a -sameq b", "-crf"),
        ("-i a -same_quant b", "-crf"),
        ("-i a -map_channel 0.1.0 b", "pan"),
        ("-i a -vol 512 b", "volume"),
        ("-i a -vsync drop b", "-fps_mode"),
        ("-i a -croptop 8 b", "crop"),
        ("-loop_input -i a b", "-loop 1"),
        ("-i a b -newaudio", "-map"),
        ("-i a -rotate 90 b", "transpose"),
        ("-i a -psy_rd 1 b", "-psy-rd"),
        ("-i a -hls_wrap 5 b", "-hls_list_size"),
    ],
)
def test_the_error_names_the_successor(command: str, successor: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        replace_removed_options(read_command_line(command.split()))
    assert caught.value.code == "option_unknown"
    assert successor in (caught.value.hint or "")
    assert str(caught.value.where["argument"]) in command


def test_other_commands_stay_as_they_are() -> None:
    line = read_command_line("-y -hide_banner -loglevel error -i a -fps_mode vfr -async 1 b".split())
    assert replace_removed_options(line) == (line, ())


def test_every_successor_is_a_sentence() -> None:
    assert all(hint.endswith((".", "…")) for hint in INSTEAD.values())
