"""Single options with their values, filter graphs, and options inside values."""

from __future__ import annotations

import pytest

from ffmpeg_worker.budgets import MAX_FILTERS
from ffmpeg_worker.errors import ForbiddenOption
from ffmpeg_worker.planning.option_policy.check_option import OptionChecker
from ffmpeg_worker.planning.option_policy.refusal import ArgumentContext

CONTEXT = ArgumentContext("-o")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("crf", "23"),  # by type
        ("vb", "1M"),  # by type, with a letter for the kind of stream
        ("nostdin", ""),  # by the rule of the flag without "no"
        ("metadata", "title=/etc/passwd"),
        ("attach", "a.ttf"),
        ("segment_format", "mp4"),
        ("segment_format_options", "movflags=faststart:brand=mp42"),
        ("x264-params", "keyint=30"),
    ],
)
def test_accepted(name: str, value: str) -> None:
    OptionChecker().check(name, value, CONTEXT)


@pytest.mark.parametrize(
    ("name", "value", "code", "part"),
    [
        ("report", "", "forbidden_option", "it writes a report"),
        ("noreport", "", "forbidden_option", "it writes a report"),
        ("/vf", "graph.txt", "forbidden_option", "a value from a file"),
        ("nosuch", "1", "option_unknown", "unknown"),
        ("REPORT", "", "option_unknown", "unknown"),
        ("vprotocol_whitelist", "file", "option_unknown", "unknown"),
        ("attach", "/etc/passwd", "forbidden_option", "job's folder"),
        ("segment_format", "tee", "forbidden_option", 'the format "tee"'),
        ("segment_format_options", "method=PUT", "forbidden_option", 'the option "method"'),
        ("segment_format_options", "nonsense", "forbidden_option", "key=value"),
        ("x264-params", "stats=x", "forbidden_option", 'the parameter "stats"'),
    ],
)
def test_refused(name: str, value: str, code: str, part: str) -> None:
    with pytest.raises(ForbiddenOption) as caught:
        OptionChecker().check(name, value, CONTEXT)
    assert caught.value.code == code
    assert part in caught.value.message


@pytest.mark.parametrize(
    ("graph", "code", "part"),
    [
        ("null,frei0r=x", "forbidden_option", 'the filter "frei0r"'),
        ("nosuch=1", "filter_unknown", 'the filter "nosuch"'),
        ("scale=nosuch=1", "filter_option_unknown", 'the option "nosuch" of the filter "scale"'),
        ("movie=/etc/passwd", "forbidden_option", 'the option "filename" of the filter "movie"'),
        ("drawtext=/text=f", "forbidden_option", "a value from a file"),
        ("drawtext=a.ttf:hello:/etc/passwd", "forbidden_option", "without the name of its option"),
        ("null[", "forbidden_option", "is not a filter graph"),
    ],
)
def test_refused_graphs(graph: str, code: str, part: str) -> None:
    with pytest.raises(ForbiddenOption) as caught:
        OptionChecker().check_graph(graph, CONTEXT)
    assert caught.value.code == code
    assert part in caught.value.message


def test_accepted_graphs() -> None:
    for graph in ("scale=1280:-2:flags=lanczos", "drawtext=a.ttf:12", "eq=enable='lt(t,1)':gamma=2", ""):
        OptionChecker().check_graph(graph, CONTEXT)


def test_the_filters_of_all_graphs_of_a_command_are_counted() -> None:
    checker = OptionChecker()
    checker.check_graph(",".join(["null"] * (MAX_FILTERS - 1)), CONTEXT)
    checker.check_graph("null", CONTEXT)
    with pytest.raises(ForbiddenOption, match=f"more than {MAX_FILTERS} filters"):
        checker.check_graph("null", CONTEXT)


def test_tee_lists() -> None:
    OptionChecker().check_tee(r"[f=mp4:movflags=faststart]a.mp4|[select=a:bsfs/v=null]b.ts|c.mkv", CONTEXT)
    for entries in ("/x", "[f=tee]a", "[f=mp4:method=PUT]a", "[bsfs=nosuch]a", "[f]a", "a[b"):
        with pytest.raises(ForbiddenOption):
            OptionChecker().check_tee(entries, CONTEXT)
