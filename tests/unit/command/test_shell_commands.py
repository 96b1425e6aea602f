"""Pasted command lines are split as a shell splits them, and what only a shell can do is named."""

# ruff: noqa: RUF001  (typographic characters are what these tests are about)

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from ffmpeg_worker.command.parse_commands import REPAIRED, parse_commands

Chain = tuple[tuple[str, ...], ...]
ONE: Chain = (("-i", "a.mp4", "-crf", "20", "b.mp4"),)
TWO = (("-i", "a.mp4", "b.mp4"), ("-i", "b.mp4", "c.mp4"))
FILTER = ("-vf", "drawtext=text='hi',null")


@pytest.mark.parametrize(
    "text",
    [
        "ffmpeg -i a.mp4 \\\n  -crf 20 \\\n  b.mp4",
        "ffmpeg -i a.mp4 \\\r\n -crf 20 b.mp4\r\n",
        "ffmpeg -i a.mp4 \\  \n -crf 20 b.mp4",
        "ffmpeg -i a.mp4 ^\r\n -crf 20 b.mp4",
        "ffmpeg -i a.mp4 `\n -crf 20 b.mp4",
        "/usr/bin/ffmpeg -i a.mp4 -crf 20 b.mp4",
        "./ffmpeg -i a.mp4 -crf 20 b.mp4",
        "FFmpeg.EXE -i a.mp4 -crf 20 b.mp4",
        "C:\\ffmpeg\\bin\\ffmpeg.exe -i a.mp4 -crf 20 b.mp4",
        '"C:\\Program Files\\ffmpeg\\ffmpeg.exe" -i a.mp4 -crf 20 b.mp4',
        "$ ffmpeg -i a.mp4 -crf 20 b.mp4",
        "# ffmpeg -i a.mp4 -crf 20 b.mp4",
        "# it's a comment\nffmpeg -i a.mp4 -crf 20 b.mp4",
        "ffmpeg -i a.mp4 -crf 20 b.mp4 2>/dev/null",
        "ffmpeg -i a.mp4 -crf 20 b.mp4 2>/dev/null;",
        "ffmpeg -i a.mp4 -crf 20 b.mp4 > /dev/null;",
        "ffmpeg -i a.mp4 -crf 20 b.mp4 >/dev/null 2>&1;",
        "ffmpeg -i a.mp4 -crf 20 b.mp4 > /dev/null 2>&1 &",
        "ffmpeg -i a.mp4 -crf 20 b.mp4 </dev/null &>/dev/null",
        "ffmpeg -i a.mp4 -crf 20 b.mp4 2>NUL",
        "ffmpeg -i a.mp4 -crf 20 b.mp4>/dev/null",
        "ffmpeg -i a.mp4 -crf 20 b.mp4;",
        "ffmpeg -i a.mp4 -crf 20 b.mp4 ;",
    ],
)
def test_one_command(text: str) -> None:
    commands = parse_commands(text)
    assert not commands.notes
    assert commands == ONE


@pytest.mark.parametrize(
    "text",
    [
        "ffmpeg -i a.mp4 b.mp4&&ffmpeg -i b.mp4 c.mp4",
        "ffmpeg -i a.mp4 b.mp4&& ffmpeg -i b.mp4 c.mp4",
        "ffmpeg -i a.mp4 b.mp4 &&/usr/bin/ffmpeg -i b.mp4 c.mp4",
        "ffmpeg -i a.mp4 'b.mp4'&&ffmpeg -i b.mp4 c.mp4",
        "ffmpeg -i a.mp4 b.mp4 && \\\n  ffmpeg -i b.mp4 c.mp4",
        "ffmpeg -i a.mp4 b.mp4; ffmpeg -i b.mp4 c.mp4;",
        "ffmpeg -i a.mp4 b.mp4 2>/dev/null&&ffmpeg -i b.mp4 c.mp4",
        "ffmpeg -i a.mp4 b.mp4 >/dev/null 2>&1; ffmpeg -i b.mp4 c.mp4",
        "ffmpeg -i a.mp4 b.mp4\nffmpeg -i b.mp4 c.mp4\n",
        "-i a.mp4 b.mp4 && -i b.mp4 c.mp4",
    ],
)
def test_two_commands(text: str) -> None:
    assert parse_commands(text) == TWO


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("-i {{ in_1 }} x.mp4", ("-i", "{{in_1}}", "x.mp4")),
        ("-i << in_1 >> x.mp4", ("-i", "<<in_1>>", "x.mp4")),
        ("-i a -vf 'subtitles={{  s }}' x", ("-i", "a", "-vf", "subtitles={{s}}", "x")),
        # Signs that mean something to a shell, where they belong to a name or a graph.
        ("-i concat:a.ts|b.ts x", ("-i", "concat:a.ts|b.ts", "x")),
        ("-filter_complex [0]split[a][b];[a]null x", ("-filter_complex", "[0]split[a][b];[a]null", "x")),
        ("-metadata title='rock && roll; 5 > 3' x", ("-metadata", "title=rock && roll; 5 > 3", "x")),
        ("-i https://h/?a=1&&b=2 x", ("-i", "https://h/?a=1&&b=2", "x")),
        ("-vf geq=x^2 `x`", ("-vf", "geq=x^2", "`x`")),
        ('-vf "scale=1:2,\\\nnull" x', ("-vf", "scale=1:2,null", "x")),
        ("-vf 'scale=1:2,\nnull' x", ("-vf", "scale=1:2,\nnull", "x")),
        ("-metadata title='a “b” – c' x", ("-metadata", "title=a “b” – c", "x")),
        ("-i –intro.mp4 x", ("-i", "–intro.mp4", "x")),
    ],
)
def test_words(text: str, tokens: tuple[str, ...]) -> None:
    commands = parse_commands(text)
    assert not commands.notes
    assert commands == (tokens,)


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        ("ffmpeg –i a.mp4 —vf null b.mp4", ("-i", "a.mp4", "-vf", "null", "b.mp4")),
        ("ffmpeg\u00a0-i\u00a0a.mp4 \u200bb.mp4", ("-i", "a.mp4", "b.mp4")),
        ("-i a.mp4 -vf “drawtext=text=’hi’,null” b.mp4", ("-i", "a.mp4", *FILTER, "b.mp4")),
        ("-i a.mp4 -vf ‘scale=1:2, null’ b.mp4", ("-i", "a.mp4", "-vf", "scale=1:2, null", "b.mp4")),
        (["–i", "a.mp4", "–c:v", "copy", "b.mp4"], ("-i", "a.mp4", "-c:v", "copy", "b.mp4")),
        (["\u2212i", "a.mp4", "b.mp4"], ("-i", "a.mp4", "b.mp4")),
    ],
)
def test_typographic_characters_are_repaired_with_a_note(value: object, tokens: tuple[str, ...]) -> None:
    commands = parse_commands(value)
    assert commands.notes == (REPAIRED,)
    assert commands == (tokens,)


@pytest.mark.parametrize(
    "text",
    ["sudo ffmpeg -i a x", "time nice -n 19 ffmpeg -i a x", "sudo -u me ffmpeg -i a x", "A=1 ffmpeg -i a x"],
)
def test_what_starts_ffmpeg_is_left_out_with_a_note(text: str) -> None:
    commands = parse_commands(text)
    assert "left out" in commands.notes[0]
    assert commands == (("-i", "a", "x"),)


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("ffmpeg -i a x | grep Duration", '"|"', "probe"),
        ("ffmpeg -i a x |grep Duration", '"|"', "probe"),
        ("ffmpeg -i a -f mpegts - | ffmpeg -i - x", '"|"', '"&&"'),
        ("ffmpeg -i a x || true", '"||"', "Leave out"),
        ("ffmpeg -i a x 2> log.txt", '">"', "log"),
        ("ffmpeg -i a x 2>>log.txt", '">"', "log"),
        ("ffmpeg -i a -f mp4 - > x.mp4", '">"', "Name the output"),
        ("ffmpeg < a.mp4 x", '"<"', "-i"),
        ("ffmpeg -i a x & rm y", '"&"', "&&"),
        ("ffmpeg -i a $(date).mp4", "$(…)", "value"),
        ('ffmpeg -i a "$(date).mp4"', "$(…)", "value"),
        ("timeout 60 ffmpeg -i a x", "another program", '"timeout"'),
        ("for f in *.mp4; do ffmpeg -i a x; done", "another program", "ffmpeg"),
        ("ffplay a.mp4", "ffplay", "file"),
        ("ffprobe -v error -of json -show_streams clip.mp4", "ffprobe", '{"input": "clip.mp4"}'),
        ("/usr/bin/ffprobe -show_entries format=duration -i {{in_1}}", "ffprobe", '"action": "probe"'),
        ("ffprobe https://u:p@h/a?token=secret", "ffprobe", '"{{in_1}}"'),
        ("ffmpeg -i a b && ffprobe b", "ffprobe", '{"input": "b"}'),
    ],
)
def test_what_no_shell_does(text: str, problem: str, hint: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse_commands(text)
    context = caught.value.context or {}
    assert problem in caught.value.message()
    assert hint in context["hint"]
    assert "secret" not in f"{caught.value.message()} {context}"


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        (["-i", "a", "-t", 1, "x"], ("-i", "a", "-t", "1", "x")),
        (["-i", "a", "-t", 1.5, "x"], ("-i", "a", "-t", "1.5", "x")),
        ([["-ss", 0, "-i", "a", "x"]], ("-ss", "0", "-i", "a", "x")),
        (["-i", "a", "x", "2>/dev/null"], ("-i", "a", "x")),
        (["ffmpeg", "-i", "a", "\\", "\\\n-t", "1", "x"], ("-i", "a", "-t", "1", "x")),
        (["/opt/ffmpeg", "-i", "a", "x"], ("-i", "a", "x")),
    ],
)
def test_elements_of_a_list(value: object, tokens: tuple[str, ...]) -> None:
    assert parse_commands(value) == (tokens,)


@pytest.mark.parametrize(
    "value",
    [
        ["ffmpeg -i a.mp4 b.mp4", "ffmpeg -i b.mp4 c.mp4"],
        [["ffmpeg -i a.mp4 b.mp4 && ffmpeg -i b.mp4 c.mp4"]],
        [["-i", "a.mp4", "b.mp4", "&&", "-i", "b.mp4", "c.mp4"]],
    ],
)
def test_lists_of_whole_commands_are_chains(value: object) -> None:
    assert parse_commands(value) == TWO


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (["-i", "a", True, "x"], "[2] is true or false"),
        (["-i", None], "[1] is null"),
        (["-i", 3, "x"], "[1] is a number after -i"),
        ([["-i", "a"], ["-i", {}]], "[1][1] is an object"),
        (["-i", ["a"]], "[1] is a list"),
    ],
)
def test_the_index_of_a_wrong_element_is_named(value: object, problem: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        parse_commands(value)
    assert problem in caught.value.message()
