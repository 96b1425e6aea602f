"""Filter graphs read as libavfilter reads them."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.filter_graph import (
    Filter,
    UnreadableGraphError,
    read_filter_graph,
    read_option_pairs,
    split_escaped,
)

SCALE = Filter("scale", ((None, "80"), (None, "-2")))

GRAPHS = [
    ("scale=80:-2", [SCALE]),
    (" scale = 80 : -2 ", [SCALE]),
    ("[0:v] [1:v]overlay@logo=x=1[a];[a]null", [Filter("overlay", (("x", "1"),), "logo"), Filter("null", ())]),
    ("sws_flags=bicubic;scale=80:-2", [SCALE]),
    ("movie='/etc/passwd'", [Filter("movie", ((None, "/etc/passwd"),))]),
    ("mov'i'e=a", [Filter("movie", ((None, "a"),))]),
    (r"m\ovie=a", [Filter("movie", ((None, "a"),))]),
    (r"movie=a\,b", [Filter("movie", ((None, "a,b"),))]),
    # Two levels: the graph takes one backslash, the filter's options the other.
    (r"movie=filename=http\\://host", [Filter("movie", (("filename", "http://host"),))]),
    (r"movie=filename='http\://host'", [Filter("movie", (("filename", "http://host"),))]),
    (r"drawtext=text='a\:b\, c':x=1", [Filter("drawtext", (("text", "a:b, c"), ("x", "1")))]),
    ("drawtext=/text=f", [Filter("drawtext", (("/text", "f"),))]),
    ("select='gt(scene,0.4)'", [Filter("select", ((None, "gt(scene,0.4)"),))]),
    ("a=' kept '", [Filter("a", ((None, "kept"),))]),
    ("a='never closed", [Filter("a", ((None, "never closed"),))]),
    ("", []),
    ("null,", [Filter("null", ())]),
]


@pytest.mark.parametrize(("text", "filters"), GRAPHS)
def test_graphs(text: str, filters: list[Filter]) -> None:
    assert list(read_filter_graph(text)) == filters


@pytest.mark.parametrize("text", ["[a", "[]null", "=x", "null[a]b", "null[a", ",", ";null"])
def test_what_is_no_graph(text: str) -> None:
    with pytest.raises(UnreadableGraphError):
        list(read_filter_graph(text))


def test_pairs_keep_what_is_quoted() -> None:
    assert list(read_option_pairs("a=1:b='x:y':c=\\:z:free")) == [
        ("a", "1"),
        ("b", "x:y"),
        ("c", ":z"),
        (None, "free"),
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b , c", ["a", "b", "c"]),
        ("'a,b',c", ["a,b", "c"]),
        (r"a\,b,c", ["a,b", "c"]),
        (r"'a\',b", ["a\\", "b"]),
        ("a,,", ["a", "", ""]),
        ("'never closed,b", ["never closed,b"]),
        ("", [""]),
        ("a\\", ["a\\"]),
    ],
)
def test_split(text: str, parts: list[str]) -> None:
    assert list(split_escaped(text, ",")) == parts


def test_every_separator_splits() -> None:
    assert list(split_escaped("a|b:c", "|:")) == ["a", "b", "c"]
