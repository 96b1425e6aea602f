"""Measurements from logs as FFmpeg 9.0 prints them, with level tags."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ffmpeg_worker.measurements.log_reader import LogReader
from ffmpeg_worker.measurements.measuring_filter import MeasuringFilter

START = "[info] Stream mapping:"


def named(name: str, number: int = 0, **facts: Any) -> MeasuringFilter:
    return MeasuringFilter(name, f"Parsed_{name}_{number}", **facts)


def printed(source: MeasuringFilter, text: str, address: str = "0x7fdd48001c00") -> list[str]:
    """Lines of the log of an instance: every line has a prefix but those that begin with a bar."""
    prefix = f"[{source.instance} @ {address}] [info] "
    lines = text.removeprefix("\n").removesuffix("\n").split("\n")
    return [line[1:] if line.startswith("|") else (prefix + line).rstrip() for line in lines]


def read(filters: list[MeasuringFilter], lines: list[str], max_values: int = 10_000) -> list[dict[str, Any]]:
    reader = LogReader(filters, max_values)
    for line in lines:
        reader.read_line(line)
    return [one.model_dump(mode="json", exclude_none=True) for one in reader.results(3)]


def facts(found: dict[str, Any]) -> dict[str, Any]:
    """What a filter measured, without what every measurement has."""
    return {key: value for key, value in found.items() if key not in {"command", "instance", "truncated"}}


CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "silencedetect": (
        "silencedetect",
        """
silence_start: 3
silence_end: 4.000063 | silence_duration: 1.000063
silence_start: -0.02
silence_end: 8.5 | silence_duration: 8.52
""",
        {
            "filter": "silencedetect",
            "count": 2,
            "silences": [
                {"start": 3.0, "end": 4.000063, "duration": 1.000063},
                {"start": -0.02, "end": 8.5, "duration": 8.52},
            ],
        },
    ),
    "silencedetect of overlapping channels": (
        "silencedetect",
        """
channel: 0 | silence_start: 1
channel: 1 | silence_start: 2
channel: 0 | silence_end: 3 | silence_duration: 2
""",
        {
            "filter": "silencedetect",
            "count": 2,
            "silences": [
                {"start": 1.0, "end": 3.0, "duration": 2.0, "channel": 0},
                {"start": 2.0, "channel": 1},
            ],
        },
    ),
    "blackdetect": (
        "blackdetect",
        "black_start:0 black_end:0.8 black_duration:0.8\nblack_start:1.5 black_end:2 black_duration:0.5",
        {
            "filter": "blackdetect",
            "count": 2,
            "blacks": [
                {"start": 0.0, "end": 0.8, "duration": 0.8},
                {"start": 1.5, "end": 2.0, "duration": 0.5},
            ],
        },
    ),
    "freezedetect until the end": (
        "freezedetect",
        """
lavfi.freezedetect.freeze_start: 1
lavfi.freezedetect.freeze_duration: 2
lavfi.freezedetect.freeze_end: 3
lavfi.freezedetect.freeze_start: 7
""",
        {
            "filter": "freezedetect",
            "count": 2,
            "freezes": [{"start": 1.0, "end": 3.0, "duration": 2.0}, {"start": 7.0}],
        },
    ),
    "blackframe": (
        "blackframe",
        "frame:5 pblack:99 pts:5 t:0.200000 type:I last_keyframe:0",
        {
            "filter": "blackframe",
            "count": 1,
            "frames_every": 1,
            "frames": [{"frame": 5, "time": 0.2, "pblack": 99}],
        },
    ),
    "loudnorm as JSON": (
        "loudnorm",
        """

|{
|\t"input_i" : "-21.77",
|\t"input_tp" : "-11.99",
|\t"normalization_type" : "dynamic",
|\t"target_offset" : "inf"
|}
""",
        {
            "filter": "loudnorm",
            "input_i": -21.77,
            "input_tp": -11.99,
            "normalization_type": "dynamic",
            "target_offset": None,
        },
    ),
    "loudnorm as a summary": (
        "loudnorm",
        (
            "\n\n|Input Integrated:    -inf LUFS\n|Output LRA:            0.1 LU\n|Normalization Type:   Linear\n"
            "|Target Offset:        +0.0 LU"
        ),
        {
            "filter": "loudnorm",
            "input_i": None,
            "output_lra": 0.1,
            "normalization_type": "linear",
            "target_offset": 0.0,
        },
    ),
    "ebur128": (
        "ebur128",
        """
t: 0.399977   TARGET:-23 LUFS    M: -21.8 S:-120.7     I: -21.8 LUFS       LRA:   0.0 LU  SPK: -17.7 dBFS
t: 0.5        TARGET:-23 LUFS    M:  -inf S:-120.7     I: -21.8 LU         LRA:   0.1 LU
Summary:
|  Integrated loudness:
|    I:         -21.8 LUFS
|    Threshold: -31.8 LUFS
|  Loudness range:
|    LRA:         0.5 LU
|    Threshold: -40.0 LUFS
|    LRA low:   -22.0 LUFS
|    LRA high:  -21.5 LUFS
|  Sample peak:
|    Peak:      -17.7 dBFS
|  True peak:
|    Peak:       -inf dBFS
""",
        {
            "filter": "ebur128",
            "integrated": -21.8,
            "integrated_threshold": -31.8,
            "loudness_range": 0.5,
            "loudness_range_threshold": -40.0,
            "loudness_range_low": -22.0,
            "loudness_range_high": -21.5,
            "sample_peak": -17.7,
            "true_peak": None,
            "frame_count": 2,
            "frames_every": 1,
            "frames": [
                {
                    "time": 0.399977,
                    "momentary": -21.8,
                    "short_term": -120.7,
                    "integrated": -21.8,
                    "loudness_range": 0.0,
                },
                {
                    "time": 0.5,
                    "momentary": None,
                    "short_term": -120.7,
                    "integrated": -21.8,
                    "loudness_range": 0.1,
                },
            ],
        },
    ),
    "volumedetect": (
        "volumedetect",
        "n_samples: 441000\nmean_volume: -21.1 dB\nmax_volume: -12.0 dB\nhistogram_11db: 1\nhistogram_12db: 102",
        {
            "filter": "volumedetect",
            "n_samples": 441000,
            "mean_volume": -21.1,
            "max_volume": -12.0,
            "histogram": [{"level": -11, "samples": 1}, {"level": -12, "samples": 102}],
        },
    ),
    "astats": (
        "astats",
        """
Channel: 1
Peak level dB: -inf
RMS through dB: -23.140085
Bit depth: 30/32/32/32
Zero crossings rate: 0.019955
Channel: 2
Peak level dB: -1.5
Overall
RMS level dB: -21.062776
Number of samples: 441000
""",
        {
            "filter": "astats",
            "overall": {"rms_level": -21.062776, "number_of_samples": 441000.0},
            "channels": [
                {
                    "channel": 1,
                    "peak_level": None,
                    "rms_trough": -23.140085,
                    "bit_depth": "30/32/32/32",
                    "zero_crossings_rate": 0.019955,
                },
                {"channel": 2, "peak_level": -1.5},
            ],
        },
    ),
    "scdet": (
        "scdet",
        "lavfi.scd.score: 15.625, lavfi.scd.time: 2",
        {"filter": "scene", "count": 1, "scenes": [{"time": 2.0, "score": 15.625}]},
    ),
    "showinfo": (
        "showinfo",
        """
config in time_base: 1/12800, frame_rate: 25/1
n:   0 pts:  25600 pts_time:2       duration:    512 fmt:yuv420p sar:1/1 s:32x18 i:P iskey:1 type:I checksum:36
color_range:unknown color_space:unknown color_primaries:unknown color_trc:unknown
n:   1 pts: NOPTS pts_time:NOPTS fmt:yuv420p i:P iskey:0 type:B checksum:36
""",
        {
            "filter": "showinfo",
            "frame_count": 2,
            "frames_every": 1,
            "frames": [
                {"frame": 0, "time": 2.0, "key": True, "type": "I"},
                {"frame": 1, "key": False, "type": "B"},
            ],
        },
    ),
    "cropdetect": (
        "cropdetect",
        (
            "x1:0 x2:319 y1:0 y2:99 w:320 h:96 x:0 y:2 pts:1 t:0.080000 limit:0.094118 crop=320:96:0:2\n"
            "x1:0 x2:319 y1:0 y2:179 w:320 h:176 x:0 y:2 pts:2 t:0.120000 limit:0.094118 crop=320:176:0:2\n"
            "x1:0 x2:319 y1:0 y2:179 w:320 h:176 x:0 y:2 pts:3 t:0.160000 limit:0.094118 crop=320:176:0:2"
        ),
        {
            "filter": "cropdetect",
            "crop": "320:176:0:2",
            "w": 320,
            "h": 176,
            "x": 0,
            "y": 2,
            "frame_count": 3,
            "crops": [
                {"crop": "320:96:0:2", "frames": 1, "first_time": 0.08},
                {"crop": "320:176:0:2", "frames": 2, "first_time": 0.12},
            ],
        },
    ),
    "idet": (
        "idet",
        (
            "Repeated Fields: Neither:   250 Top:     0 Bottom:     1\n"
            "Single frame detection: TFF:   128 BFF:   103 Progressive:    14 Undetermined:     5\n"
            "Multi frame detection: TFF:   141 BFF:   104 Progressive:     5 Undetermined:     0"
        ),
        {
            "filter": "idet",
            "repeated_fields": {"neither": 250, "top": 0, "bottom": 1},
            "single_frame": {"tff": 128, "bff": 103, "progressive": 14, "undetermined": 5},
            "multiple_frame": {"tff": 141, "bff": 104, "progressive": 5, "undetermined": 0},
        },
    ),
    "psnr": (
        "psnr",
        "PSNR y:32.668353 u:inf v:31.649300 average:32.332154 min:31.352237 max:inf",
        {
            "filter": "psnr",
            "average": 32.332154,
            "min": 31.352237,
            "max": None,
            "planes": {"y": 32.668353, "u": None, "v": 31.6493},
        },
    ),
    "ssim": (
        "ssim",
        "SSIM Y:0.917827 (10.852694) U:0.930728 (11.594399) V:1.000000 (inf) All:0.924066 (11.195650)",
        {
            "filter": "ssim",
            "all": 0.924066,
            "all_db": 11.19565,
            "planes": {"y": 0.917827, "u": 0.930728, "v": 1.0},
        },
    ),
    "xpsnr": (
        "xpsnr",
        "XPSNR  y: 28.0933  u: 25.2892  v: 24.8039  (minimum: 24.8039)",
        {"filter": "xpsnr", "minimum": 24.8039, "planes": {"y": 28.0933, "u": 25.2892, "v": 24.8039}},
    ),
    "libvmaf": ("libvmaf", "VMAF score: 86.485601", {"filter": "libvmaf", "score": 86.485601}),
    "metadata": (
        "metadata",
        (
            "frame:0    pts:0       pts_time:0\nlavfi.a=-inf\nlavfi.b=1e3\ncomment=x=y\n"
            "frame:1    pts:512     pts_time:0.04\nlavfi.b=2000"
        ),
        {
            "filter": "metadata",
            "frame_count": 2,
            "frames_every": 1,
            "frames": [
                {"frame": 0, "time": 0.0, "values": {"lavfi.a": None, "lavfi.b": 1000.0, "comment": "x=y"}},
                {"frame": 1, "time": 0.04, "values": {"lavfi.b": 2000.0}},
            ],
            "summary": {"lavfi.b": {"count": 2, "min": 1000.0, "max": 2000.0, "mean": 1500.0}},
        },
    ),
}


@pytest.mark.parametrize(("name", "log", "expected"), CASES.values(), ids=CASES)
def test_shapes(name: str, log: str, expected: dict[str, Any]) -> None:
    (found,) = read([named(name)], [START, *printed(named(name), log)])
    assert facts(found) == expected
    assert (found["command"], found["instance"], found["truncated"]) == (3, f"Parsed_{name}_0", False)


def test_scenes_of_select() -> None:
    shown = named("showinfo", 1, selects_scenes=True)
    line = "n:   0 pts:  25600 pts_time:2       duration:    512 fmt:yuv420p iskey:0 type:P"
    assert facts(*read([shown], printed(shown, line))) == {
        "filter": "scene",
        "count": 1,
        "scenes": [{"time": 2.0}],
    }
    printing = named("metadata", 1, selects_scenes=True)
    scene, metadata = read([printing], printed(printing, "frame:0 pts:1 pts_time:2\nlavfi.scene_score=0.400000"))
    assert scene["scenes"] == [{"time": 2.0, "score": 0.4}]
    assert metadata["frame_count"] == 1


def test_a_summary_of_signalstats() -> None:
    source = named("metadata", 1)
    lines = [f"frame:{n} pts:{n} pts_time:{n}\nlavfi.signalstats.YAVG={100 + n}" for n in range(3)]
    signal, metadata = read([source], printed(source, "\n".join(lines)))
    assert facts(signal) == {
        "filter": "signalstats",
        "frame_count": 3,
        "values": {"YAVG": {"count": 3, "min": 100.0, "max": 102.0, "mean": 101.0}},
    }
    assert metadata["frame_count"] == 3


def test_what_filters_print_before_the_run_is_no_measurement() -> None:
    source = named("volumedetect")
    (found,) = read(
        [source],
        [
            *printed(source, "n_samples: 0", "0x55"),
            START,
            *printed(source, "n_samples: 7\nmean_volume: -3.0 dB", "0x55"),
        ],
    )
    assert found["n_samples"] == 7


def test_graphs_of_inputs_run_before_the_streams_are_mapped() -> None:
    source = named("silencedetect", 1, is_input=True)
    lines = [*printed(source, "silence_start: 1"), START, *printed(source, "silence_end: 2 | silence_duration: 1")]
    assert read([source], lines)[0]["silences"] == [{"start": 1.0, "end": 2.0, "duration": 1.0}]


def test_instances_stay_apart_in_the_order_of_their_filters() -> None:
    first, second = named("silencedetect"), MeasuringFilter("silencedetect", "silencedetect@music")
    lines = [
        *printed(second, "silence_start: 5"),
        *printed(first, "silence_start: 1"),
        *printed(second, "silence_end: 6 | silence_duration: 1"),
        *printed(first, "silence_end: 2 | silence_duration: 1"),
    ]
    found = read([first, second], lines)
    assert [(one["instance"], one["silences"][0]["start"]) for one in found] == [
        ("Parsed_silencedetect_0", 1.0),
        ("silencedetect@music", 5.0),
    ]


def test_equal_names_of_two_graphs_are_told_apart_by_their_address() -> None:
    source = named("silencedetect")
    lines = [*printed(source, "silence_start: 1", "0x1"), *printed(source, "silence_start: 2", "0x2")]
    found = read([source, named("silencedetect")], lines)
    assert [one["silences"] for one in found] == [[{"start": 1.0}], [{"start": 2.0}]]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("silencedetect", "silences"),
        ("blackdetect", "blacks"),
        ("freezedetect", "freezes"),
        ("blackframe", "frames"),
        ("scdet", "scenes"),
        ("showinfo", "frames"),
        ("metadata", "frames"),
    ],
)
def test_a_filter_that_finds_nothing_measures_that(name: str, rows: str) -> None:
    (found,) = read([named(name)], [START])
    assert found[rows] == []
    two = [*printed(named("silencedetect"), "silence_start: 1")]
    assert [one["count"] for one in read([named("silencedetect"), named("silencedetect")], two)] == [1, 0]


@pytest.mark.parametrize("name", ["loudnorm", "ebur128", "astats", "volumedetect", "idet", "psnr", "cropdetect"])
def test_a_filter_that_prints_no_values_has_no_measurement(name: str) -> None:
    assert read([named(name)], [START, *printed(named(name), "something else: 1")]) == []


def test_other_lines_are_not_measurements() -> None:
    source = named("silencedetect")
    prefix = f"[{source.instance} @ 0x1]"
    lines = [
        "silence_start: 1",
        "[info] silence_start: 1",
        "[Parsed_silencedetect_1 @ 0x1] [info] silence_start: 1",
        f"[{source.instance}] [info] silence_start: 1",
        f"{prefix} [warning] silence_start: 1",
        "silence_start: 1",
        f"{prefix} [info] silence_start: 1",
        "[info] size=N/A",
        "silence_end: 2 | silence_duration: 1",
    ]
    assert read([source], lines)[0]["silences"] == [{"start": 1.0}]


def test_metadata_on_standard_output() -> None:
    source = named("metadata", 1, prints_to_stdout=True)
    reader = LogReader([source, named("psnr", 2, prints_to_stdout=True)], 1000)
    for line in ("n:1 mse_avg:0.00 psnr_avg:inf", "frame:0    pts:0       pts_time:0", "lavfi.x=1"):
        reader.read_stdout_line(line)
    (found,) = reader.results(0)
    assert found.instance == "Parsed_metadata_1"
    assert found.model_dump()["summary"]["lavfi.x"]["mean"] == 1.0


def test_several_printers_of_standard_output_cannot_be_told_apart() -> None:
    sources = [named(name, prints_to_stdout=True) for name in ("metadata", "ametadata")]
    reader = LogReader(sources, 1000)
    reader.read_stdout_line("frame:0    pts:0       pts_time:0")
    (found,) = reader.results(0)
    assert found.instance is None


def test_metadata_in_a_file_is_not_read() -> None:
    assert read([named("metadata", prints_to_file=True)], [START]) == []


def test_long_series_are_thinned_and_say_so() -> None:
    source = named("ebur128")
    line = "t: {}  TARGET:-23 LUFS    M: -20.0 S: -21.0     I: -22.0 LUFS       LRA:   1.0 LU"
    log = "\n".join(line.format(number / 10) for number in range(6000))
    (found,) = read([source], printed(source, log), max_values=1010)
    assert (found["frame_count"], found["truncated"]) == (6000, True)
    times = [frame["time"] for frame in found["frames"]]
    assert 100 <= len(times) <= 200
    assert times == [number / 10 for number in range(0, 6000, found["frames_every"])]


def test_of_too_many_finds_the_first_are_kept_and_all_are_counted() -> None:
    source = named("silencedetect")
    log = "\n".join(f"silence_start: {n}\nsilence_end: {n}.5 | silence_duration: 0.5" for n in range(1000))
    (found,) = read([source], printed(source, log), max_values=310)
    assert (found["count"], len(found["silences"]), found["truncated"]) == (1000, 100, True)
    assert [one["start"] for one in found["silences"]] == list(map(float, range(100)))


def test_filters_share_what_a_result_may_hold() -> None:
    noisy, quiet = named("metadata", 0), named("scdet", 1)
    lines = printed(noisy, "\n".join(f"frame:{n} pts:1 pts_time:1\nk{n}=a" for n in range(5000)))
    lines += printed(quiet, "lavfi.scd.score: 15.625, lavfi.scd.time: 2")
    metadata, scene = read([noisy, quiet], lines, max_values=400)
    assert metadata["truncated"]
    assert sum(len(frame["values"]) for frame in metadata["frames"]) <= 200
    assert scene["scenes"] == [{"time": 2.0, "score": 15.625}]


def test_more_instances_than_a_result_can_hold_are_left_out() -> None:
    source = named("scdet")
    reader = LogReader([source], 10_000)
    for number in range(1000):
        reader.read_line(f"[{source.instance} @ {number:#x}] [info] lavfi.scd.score: 1.0, lavfi.scd.time: 2")
    assert len(reader.results(0)) == 100
    assert reader.truncated


def test_infinite_levels_are_numbers_in_python_and_null_in_json() -> None:
    reader = LogReader([named("psnr")], 100)
    reader.read_line(printed(named("psnr"), "PSNR y:inf average:inf min:inf max:inf")[0])
    (found,) = reader.results(0)
    assert found.model_dump()["average"] == math.inf
    assert found.model_dump(mode="json", exclude_none=True)["average"] is None
