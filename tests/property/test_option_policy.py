"""Any arguments are accepted or refused as an invalid job, and escaped filter graphs are read back unchanged."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.command.command_line import read_command_line
from ffmpeg_worker.command.filter_graph import UnreadableGraphError, read_filter_graph
from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.planning.file_references import read_input, read_output
from ffmpeg_worker.planning.option_policy import safe_names
from ffmpeg_worker.planning.option_policy.check_command import check_command
from ffmpeg_worker.planning.option_policy.option_table import option_table
from ffmpeg_worker.planning.produced_names import ProducedNames
from support.extent import examples

INNER, OUTER = ": \t\r\n", "[],; \t\r\n"
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
GRAPH_SOUP = st.text("movie=fs/.:,;[]@'\\ \t0a", max_size=40)
ARGUMENTS = st.lists(
    st.sampled_from(sorted(option_table().scalars | option_table().texts)).map("-{}".format)
    | st.sampled_from(
        "-i -f -vf -lavfi -attach -report -x264-params lavfi tee null - o.mp4 a|b {{x}} -threads".split()
    )
    | GRAPH_SOUP
    | VALUES,
    max_size=12,
)


def escaped(text: str, special: str) -> str:
    """Return a text with one level of backslash escapes."""
    return "".join(f"\\{character}" if character in f"\\'{special}" else character for character in text)


def quoted(text: str) -> str:
    """Return a text in one level of quotation marks; it must not contain any."""
    return "'" + text.replace("'", "'\\''") + "'"


@given(
    st.lists(st.tuples(NAMES, st.lists(st.tuples(NAMES, VALUES), max_size=3)), min_size=1, max_size=3), st.data()
)
@settings(max_examples=examples(300))
def test_graphs_are_read_back(filters: list[tuple[str, list[tuple[str, str]]]], data: st.DataObject) -> None:
    """Values escaped twice, with backslashes or quotation marks, are read back unchanged."""
    parts = []
    for name, options in filters:
        pairs = []
        for key, value in options:
            pairs.append(f"{key}={quoted(value) if data.draw(st.booleans()) else escaped(value, INNER)}")
        inner = ":".join(pairs)
        outer = quoted(inner) if data.draw(st.booleans()) else escaped(inner, OUTER)
        parts.append(f"[in]{name}@a={outer}[out]" if options else name)
    found = [(one.name, list(one.options)) for one in read_filter_graph(",".join(parts))]
    assert found == filters


@given(GRAPH_SOUP | st.text(max_size=60))
@settings(max_examples=examples(500))
def test_any_text_is_read_as_a_graph_or_refused(text: str) -> None:
    with contextlib.suppress(UnreadableGraphError):
        list(read_filter_graph(text))


@given(ARGUMENTS)
@settings(max_examples=examples(600))
def test_any_arguments_are_accepted_or_refused(arguments: list[str]) -> None:
    try:
        line = read_command_line(arguments)
        inputs = [read_input(group, ["x"], ProducedNames()) for group in line.inputs]
        outputs = [read_output(group) for group in line.outputs]
        check_command(line, inputs, outputs, known=["x"], produced=())
    except InvalidJob:
        return
    # Accepted commands never read option values from files.
    assert not any(option.token.startswith("-/") for option in line.options())
    assert not any(
        option.name in {"report", "attach"} and option.value in {"/", None} for option in line.options()
    )


@given(st.lists(st.sampled_from([".", "..", "", "a", "-", "_in", "a:b", "/", "\\"]), max_size=5).map("/".join))
def test_no_accepted_file_name_is_outside_the_folder(name: str) -> None:
    depth = 0
    if safe_names.may_read(name):
        assert not name.startswith("/")
        for part in name.split("/"):
            depth += -1 if part == ".." else 1
            assert depth > 0
    assert safe_names.may_write("-")


@given(GRAPH_SOUP)
@settings(max_examples=20, deadline=2000)
def test_long_hostile_graphs_are_read_quickly(part: str) -> None:
    with contextlib.suppress(UnreadableGraphError):
        list(read_filter_graph(part * 2000))
