"""Readers of streams give the same result for any division into chunks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ffmpeg_worker.ffmpeg.log_tail import LogTail
from ffmpeg_worker.ffmpeg.progress import ProgressReader
from ffmpeg_worker.process.wire import MessageReader, encode_message

cuts = st.lists(st.integers(0, 400), max_size=30)
reports = st.lists(
    st.tuples(
        st.sampled_from([b"frame", b"fps", b"out_time_us", b"total_size", b"speed", b"bitrate", b"progress"]),
        st.sampled_from([b"N/A", b"12", b"-3", b" 1.5x", b"continue", b"end", b"", b"1e9x"]),
    ),
    max_size=40,
)


def pieces(whole: bytes, at: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted(min(cut, len(whole)) for cut in at), len(whole)]
    for begin, end in pairwise(edges):
        yield whole[begin:end]


@given(reports, cuts)
def test_progress(lines: list[tuple[bytes, bytes]], at: list[int]) -> None:
    whole = b"".join(b"%s=%s\n" % line for line in lines)
    reader = ProgressReader()
    assert [report for piece in pieces(whole, at) for report in reader.feed(piece)] == ProgressReader().feed(whole)


@given(st.binary(max_size=400), cuts)
def test_progress_of_arbitrary_bytes(whole: bytes, at: list[int]) -> None:
    reader = ProgressReader()
    assert [report for piece in pieces(whole, at) for report in reader.feed(piece)] == ProgressReader().feed(whole)


@given(st.binary(max_size=400), cuts)
def test_log(whole: bytes, at: list[int]) -> None:
    in_pieces, at_once = LogTail(), LogTail()
    at_once.feed(whole)
    for piece in pieces(whole, at):
        in_pieces.feed(piece)
    assert in_pieces.text == at_once.text


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers(), max_size=3), max_size=8), cuts)
def test_messages(messages: list[dict[str, object]], at: list[int]) -> None:
    reader = MessageReader()
    whole = b"".join(map(encode_message, messages))
    assert [message for piece in pieces(whole, at) for message in reader.feed(piece)] == messages
