"""Whatever FFmpeg prints: measuring never fails, is valid JSON within its limit, and takes linear time."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffmpeg_worker.ffmpeg.log_tail import LogTail
from ffmpeg_worker.ffmpeg.recorder import Recorder
from ffmpeg_worker.measurements.log_reader import LogReader
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter
from ffmpeg_worker.measurements.recording import Recording
from ffmpeg_worker.measurements.table import COLLECTORS
from support.growth import grows_linearly

FILTERS = tuple(MeasuringFilter(name, f"Parsed_{name}_0") for name in sorted(COLLECTORS))
WORDS = (
    "silence_start: silence_end: silence_duration: channel: | black_start: lavfi.freezedetect.freeze_start: "
    "freeze_end: n_samples: mean_volume: histogram_ db: Channel: Overall Peak level dB: t: TARGET:-23 LUFS M: S: "
    "I: LRA: LU Summary: lavfi.scd.score: , lavfi.scd.time: n: pts: pts_time: crop= : frame: pblack: PSNR y: "
    'average: SSIM All: ( ) VMAF score: Repeated Fields: TFF: lavfi.signalstats.YAVG= = { } " -inf nan inf 1e999 '
    "-0 1 2.5 99999999999999999999 1_0 ٣ é"
).split(" ")
texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=40)
lines = st.tuples(st.sampled_from(FILTERS), st.sampled_from(["0x1", "0x2"]), texts)


@settings(deadline=None)  # the first example builds the models
@given(st.lists(lines, max_size=40))
def test_arbitrary_lines(printed: list[tuple[MeasuringFilter, str, str]]) -> None:
    reader = LogReader(FILTERS, 2000)
    for source, address, text in printed:
        reader.read_line(f"[{source.instance} @ {address}] [info] {text}")
        reader.read_line(text)
    json.dumps([one.model_dump(mode="json") for one in reader.results(0)], allow_nan=False)


@settings(deadline=None)
@given(st.lists(lines, max_size=20), st.lists(st.integers(0, 2000), max_size=20))
def test_chunks_may_end_anywhere(printed: list[tuple[MeasuringFilter, str, str]], cuts: list[int]) -> None:
    whole = "".join(f"[{one.instance} @ {address}] [info] {text}\n" for one, address, text in printed).encode()
    edges = sorted({0, len(whole), *(min(cut, len(whole)) for cut in cuts)})
    at_once, in_pieces = Recorder(Recording(FILTERS)), Recorder(Recording(FILTERS))
    log, log_in_pieces = LogTail(at_once.add_log_line), LogTail(in_pieces.add_log_line)
    log.feed(whole)
    for begin, end in itertools.pairwise(edges):
        log_in_pieces.feed(whole[begin:end])
    assert [one.model_dump_json() for one in in_pieces.measurements(0)] == [
        one.model_dump_json() for one in at_once.measurements(0)
    ]
    assert list(in_pieces.log()) == list(at_once.log())


REPEATED = {
    "silences": ("silencedetect", "silence_start: 1\nsilence_end: 2 | silence_duration: 1\n"),
    "open channels": ("silencedetect", "channel: 1 | silence_start: 1\n"),
    "bars": ("silencedetect", "|" * 50 + "\n"),
    "frames": ("ebur128", "t: 1  TARGET:-23 LUFS    M: -20.0 S: -21.0     I: -22.0 LUFS       LRA:   1.0 LU\n"),
    "blanks": ("ebur128", "t: " + " " * 50 + "\n"),
    "keys": ("metadata", "frame:0 pts:0 pts_time:0\nlavfi.x=1\n"),
    "crops": ("cropdetect", "t:1 crop=1:2:3:4\n"),
    "planes": ("psnr", "PSNR " + "y:1 " * 20 + "\n"),
    "no prefix": ("loudnorm", '"input_i" : "-21"\n'),
}


@pytest.mark.parametrize(("name", "text"), REPEATED.values(), ids=REPEATED)
def test_time_is_proportional_to_the_log(name: str, text: str) -> None:
    source = MeasuringFilter(name, "P")
    lines = [f"[P @ 0x1] [info] {line}" for line in text.splitlines()]

    def run(log: list[str]) -> object:
        reader = LogReader([source], 20_000)
        for line in log:
            reader.read_line(line)
        return reader.results(0)

    assert grows_linearly(run, lambda size: lines * size)
