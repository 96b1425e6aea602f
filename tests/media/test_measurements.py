"""Measurements in results, compared with what bare FFmpeg prints; nothing that it writes or prints is lost."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from ffmpeg_worker.budgets import KEPT_LOG_BYTES
from support.media.sources import FFMPEG, make
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")
X = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker with speech of 150 pauses, a moving picture, a worse copy of it, and three scenes."""
    root = tmp_path_factory.mktemp("measuring")
    data = root / "data"
    tone = r"aevalsrc='0.4*sin(2*PI*300*t)*lt(mod(t\,4)\,3):d=600:s=16000'"
    make(data / "talk.mp3", "-f", "lavfi", "-i", tone, "-ac", "1", "-b:a", "32k")
    video = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=10", "-f", "lavfi", "-i", "sine=440:d=10")
    make(data / "clip.mp4", *video, *X.split(), "-g", "250", "-c:a", "aac", "-shortest")
    make(data / "low.mp4", "-i", str(data / "clip.mp4"), "-an", *X.split(), "-crf", "40")
    colors = ";".join(f"color={color}:s=64x36:r=25:d=2[{color}]" for color in ("red", "blue", "black"))
    make(data / "cuts.mp4", "-f", "lavfi", "-i", f"{colors};[red][blue][black]concat=n=3", *X.split())
    async with open_worker(root) as opened:
        yield opened


def bare(worker: Worker, *arguments: str) -> str:
    """What FFmpeg prints by itself, on both of its outputs."""
    done = subprocess.run(
        [FFMPEG, "-hide_banner", "-nostdin", "-nostats", *arguments, "-f", "null", "-"],
        cwd=worker.data,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout + done.stderr


def only(result: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in result["measurements"] if one["filter"] == name]
    return dict(found)


def names(result: dict[str, Any]) -> list[str]:
    return [output["name"] for output in result["outputs"]]


SILENCE = "silencedetect=noise=-30dB:d=0.5"


@pytest.mark.parametrize("output", ["-f null -", "-c:a libmp3lame -b:a 32k -y o.mp3"])
async def test_all_silences_whatever_the_output(worker: Worker, output: str) -> None:
    log = bare(worker, "-i", "talk.mp3", "-af", SILENCE)
    starts = [float(text) for text in re.findall(r"silence_start: (\S+)", log)]
    ends = [float(text) for text in re.findall(r"silence_end: (\S+)", log)]
    result = await worker.process(f"-i talk.mp3 -af {SILENCE} {output}")
    found = only(result, "silencedetect")
    assert (len(starts), found["count"], found["truncated"]) == (150, 150, False)
    assert [one["start"] for one in found["silences"]] == starts
    assert [one["end"] for one in found["silences"]] == ends
    (logged,) = result["logs"]
    assert logged["log"].count("silence_start") == 150
    assert not logged["truncated"]
    assert "@ 0x" not in logged["log"]
    assert "[info]" not in logged["log"]


async def test_ten_minutes_of_loudness(worker: Worker) -> None:
    result = await worker.process("-i talk.mp3 -af ebur128=peak=true -c:a libmp3lame -b:a 32k loud.mp3")
    found = only(result, "ebur128")
    log = bare(worker, "-i", "talk.mp3", "-af", "ebur128=peak=true")
    assert found["frame_count"] == log.count("TARGET:-23") == 6000
    summary = log.rpartition("Summary:")[2]
    for key, label in (("integrated", "I"), ("loudness_range", "LRA"), ("true_peak", "Peak")):
        printed = re.search(rf"\b{label}:\s+(\S+)", summary)
        assert printed is not None
        assert found[key] == float(printed[1])
    assert found["truncated"]
    assert len(found["frames"]) == 6000 / found["frames_every"]
    (logged,) = result["logs"]
    assert (logged["log"].count("TARGET:-23"), logged["truncated"]) == (6000, False)


async def test_loudness_of_an_encoding(worker: Worker) -> None:
    loudnorm = "loudnorm=I=-16:TP=-1.5:LRA=11:print_format=json"
    log = bare(worker, "-i", "clip.mp4", "-vn", "-af", loudnorm, "-ar", "48000")
    expected = json.loads(log[log.index("{") : log.rindex("}") + 1])
    for summary in (loudnorm, loudnorm.replace("json", "summary")):
        result = await worker.process(f"-i clip.mp4 -vn -af {summary} -ar 48000 o.m4a")
        found = only(result, "loudnorm")
        for key, text in expected.items():
            exact = text if key == "normalization_type" else pytest.approx(float(text), abs=0.06)
            assert found[key] == exact


async def test_volume_beside_a_copy(worker: Worker) -> None:
    result = await worker.process("-i clip.mp4 -map 0:v -c copy v.mp4 -map 0:a -af volumedetect -f null -")
    found = only(result, "volumedetect")
    assert names(result) == ["v.mp4"]
    assert (found["n_samples"], found["mean_volume"], found["max_volume"]) == (441000, -21.1, -12.0)
    assert found["histogram"][0] == {"level": -11, "samples": 1}


async def test_black_parts_beside_pictures(worker: Worker) -> None:
    result = await worker.process("-i cuts.mp4 -vf blackdetect=d=0.1,fps=1 b%d.jpg")
    log = bare(worker, "-i", "cuts.mp4", "-vf", "blackdetect=d=0.1")
    (start, end, duration) = re.findall(r"black_\w+:(\S+)", log)
    expected = {"start": float(start), "end": float(end), "duration": float(duration)}
    assert only(result, "blackdetect")["blacks"] == [expected]
    nothing = await worker.process("-i clip.mp4 -vf blackdetect=d=0.1 -an -f null -")
    assert only(nothing, "blackdetect")["count"] == 0


async def test_frozen_parts(worker: Worker) -> None:
    log = bare(worker, "-i", "cuts.mp4", "-vf", "freezedetect=d=1")
    found = only(await worker.process(f"-i cuts.mp4 -vf freezedetect=d=1 {X} f.mp4"), "freezedetect")
    assert found["count"] == log.count("freeze_start") == 3
    assert [one["start"] for one in found["freezes"]] == [0.0, 2.0, 4.0]
    assert "end" not in found["freezes"][-1]


@pytest.mark.parametrize(
    "graph", ["scdet=threshold=5", "select='gt(scene,0.2)',showinfo", "select='gt(scene,0.2)',metadata=print"]
)
async def test_scene_changes(worker: Worker, graph: str) -> None:
    found = only(await worker.process(["-i", "cuts.mp4", "-vf", graph, "-f", "null", "-"]), "scene")
    assert [one["time"] for one in found["scenes"]] == [2.0, 4.0]
    assert ("score" in found["scenes"][0]) == ("showinfo" not in graph)


async def test_crop_and_interlacing(worker: Worker) -> None:
    result = await worker.process("-i clip.mp4 -vf cropdetect,idet -an -f null -")
    crop, interlaced = only(result, "cropdetect"), only(result, "idet")
    log = bare(worker, "-i", "clip.mp4", "-vf", "cropdetect,idet", "-an")
    assert crop["crop"] == re.findall(r"crop=(\S+)", log)[-1] == "320:176:0:2"
    assert crop["frame_count"] == log.count("crop=")
    printed = re.findall(r"Single frame detection: TFF:\s+(\d+) BFF:\s+(\d+)", log)[-1]
    assert [interlaced["single_frame"][key] for key in ("tff", "bff")] == [*map(int, printed)]


async def test_values_of_every_frame_on_both_outputs(worker: Worker) -> None:
    log = bare(worker, "-i", "clip.mp4", "-vf", "signalstats,metadata=print", "-an")
    means = [float(text) for text in re.findall(r"YAVG=(\S+)", log)]
    for option in ("", ":file=-"):
        result = await worker.process(f"-i clip.mp4 -vf signalstats,metadata=print{option} -an -f null -")
        found = only(result, "signalstats")
        assert found["frame_count"] == len(means) == 250
        yavg = found["values"]["YAVG"]
        assert (yavg["min"], yavg["max"], yavg["count"]) == (min(means), max(means), 250)
        assert yavg["mean"] == pytest.approx(sum(means) / 250)
        frames = only(result, "metadata")
        assert frames["frame_count"] == 250
        assert frames["frames"][0]["values"]["lavfi.signalstats.YAVG"] == means[0]
        (logged,) = result["logs"]
        text = logged["stdout"] if option else logged["log"]
        assert text.count("YAVG=") == 250
        assert ("stdout" in logged) == bool(option)
    assert worker.events[-1].percent == 100.0


async def test_audio_values_of_frames_and_of_all(worker: Worker) -> None:
    command = "-i clip.mp4 -vn -af astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.1.RMS_level a.mp3"
    result = await worker.process(command)
    assert only(result, "astats")["overall"]["peak_level"] == pytest.approx(-11.99, abs=0.01)
    assert only(result, "metadata")["summary"]["lavfi.astats.1.RMS_level"]["count"] > 100
    silent = await worker.process("-f lavfi -i anullsrc=d=1 -af astats,volumedetect -f null -")
    assert only(silent, "astats")["channels"][1]["peak_level"] is None


@pytest.mark.parametrize(
    ("graph", "files"),
    [
        ("psnr=psnr.log", ["psnr.log"]),
        ("psnr=f=p1.log", ["p1.log"]),
        ("psnr=stats_file=p2.log:stats_version=2", ["p2.log"]),
        ("ssim=f=s1.log", ["s1.log"]),
        ("ssim=s2.log", ["s2.log"]),
        ("xpsnr=f='x 1.log'", ["x 1.log"]),
        ("libvmaf=log_fmt=json:log_path=v/v.json", ["v/v.json"]),
        ("split[a][b],[a]psnr=f=p3.log[c];[b]nullsink;[c]null", ["p3.log"]),
    ],
)
@pytest.mark.sampled(3)
async def test_files_of_comparisons(worker: Worker, graph: str, files: list[str]) -> None:
    if graph.startswith("split"):
        graph = "[1:v]split[a][b];[0:v][a]psnr=f=p3.log[c];[b]nullsink;[c]null"
    result = await worker.process(
        ["-i", "low.mp4", "-i", "clip.mp4", "-lavfi", graph, "-frames:v", "5", "-f", "null", "-"]
    )
    assert names(result) == files
    assert all((worker.data / name).stat().st_size > 0 for name in files)
    assert result["logs"]


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("-i clip.mp4 -an -vf signature=format=xml:filename=sig.xml -f null -", ["sig.xml"]),
        ("-i clip.mp4 -an -vf signature=off:1:sig.bin -f null -", ["sig.bin"]),
        ("-i clip.mp4 -vf vidstabdetect -f null -", ["transforms.trf"]),
        ("-i clip.mp4 -vf vidstabdetect=shakiness=5:result=t.trf -f null -", ["t.trf"]),
        ("-i clip.mp4 -vf vidstabdetect -f null - && -i clip.mp4 -vf vidstabtransform -an st.mp4", ["st.mp4"]),
        (f"-i clip.mp4 -vstats_file vs.log -an {X} vs.mp4", ["vs.mp4", "vs.log"]),
        (f"-i clip.mp4 -an {X} -b:v 90k -pass 1 -f null -", ["ffmpeg2pass-0.log"]),
        (
            (
                f"-i clip.mp4 -an {X} -b:v 90k -pass 1 -passlogfile q -f null - && "
                f"-i clip.mp4 -an {X} -b:v 90k -pass 2 -passlogfile q two.mp4"
            ),
            ["two.mp4"],
        ),
        (
            "-i cuts.mp4 -vf select='gt(scene\\,0.2)',metadata=print:file=cuts.txt,scale=32:18 c.mp4",
            ["c.mp4", "cuts.txt"],
        ),
        ("-i clip.mp4 -map 0:v -c copy -f hls -hls_time 2 h.m3u8 && -i h.m3u8 -c copy z.mp4", ["z.mp4"]),
        ("-i clip.mp4 -vn -af ametadata=print:file=none.txt:key=nothing a.mp3", ["a.mp3", "none.txt"]),
    ],
)
@pytest.mark.sampled(2)
async def test_every_file_is_delivered_after_the_outputs(worker: Worker, command: str, files: list[str]) -> None:
    result = await worker.process(command)
    assert names(result) == files
    assert [warning for warning in result["warnings"] if "does not contain" in warning] == []


async def test_an_empty_measurement_is_a_result(worker: Worker) -> None:
    for output in (None, "e.txt"):
        graph = "select='gt(scene,0.99)',metadata=print:file=e.txt"
        result = await worker.process(["-i", "clip.mp4", "-vf", graph, "-an", "-f", "null", "-"], output)
        assert [(one["name"], one["size"]) for one in result["outputs"]] == [("e.txt", 0)]


@pytest.mark.parametrize(
    ("command", "output", "missing"),
    [
        ("-i low.mp4 -i clip.mp4 -lavfi psnr=w.log -an w.mp4", "w.mp4", '"w.log"'),
        ("-i clip.mp4 -an -c copy w1.mp4 -vn -c copy w2.m4a", "w1.mp4", '"w2.m4a"'),
        (f"-i clip.mp4 -an {X} -pass 1 w3.mp4", "w3.mp4", '"ffmpeg2pass-0.log"'),
        (
            "-i clip.mp4 -an w4.mp4 -vf fps=1 w%d.jpg",
            "w4.mp4",
            '"w1.jpg", "w10.jpg", "w2.jpg", "w3.jpg", "w4.jpg" and 5 more',
        ),
    ],
)
async def test_files_that_were_not_asked_for_are_named(
    worker: Worker, command: str, output: str, missing: str
) -> None:
    result = await worker.process(command, output)
    assert names(result) == [output]
    (warning,) = [warning for warning in result["warnings"] if "does not contain" in warning]
    assert f"wrote {missing}," in warning
    assert 'leave "output" out' in warning


@pytest.mark.parametrize("output", [["y.mp4", "y.log"], ["y.log", "y.mp4"]])
async def test_side_files_may_be_named_as_outputs(worker: Worker, output: list[str]) -> None:
    result = await worker.process("-i low.mp4 -i clip.mp4 -lavfi psnr=y.log -an y.mp4", output)
    assert names(result) == output
    named = await worker.process("-i clip.mp4 -vf vidstabdetect -f null -", "transforms.trf")
    assert names(named) == ["transforms.trf"]


async def test_processes_have_measurements_of_their_own(worker: Worker) -> None:
    commands = [
        f"-i clip.mp4 -vn -af {SILENCE} m1.mp3",
        "-i clip.mp4 -vn -af volumedetect m2.mp3",
        "-i clip.mp4 -vn m3.mp3",
        "-i clip.mp4 -vf vidstabdetect -f null -",
        "-i clip.mp4 -vf vidstabdetect -f null -",
    ]
    processes = [{"chainCmds": command} for command in commands]
    result = await worker.run({"action": "multi_process", "data": {"processes": processes}})
    filters = [[one["filter"] for one in report.get("measurements", ())] for report in result["results"]]
    assert filters == [["silencedetect"], ["volumedetect"], [], [], []]
    assert [len(report["outputs"]) for report in result["results"][:3]] == [1, 1, 1]
    delivered = [names(report) for report in result["results"][3:]]
    assert sorted(delivered) == [[], ["transforms.trf"]]
    other = result["results"][3 + delivered.index([])]
    assert any('"transforms.trf"' in warning for warning in other["warnings"])


async def test_filters_of_two_inputs_stay_apart(worker: Worker) -> None:
    graph = "[0:a]silencedetect=d=0.5[a];[1:a]silencedetect@tone=n=-10dB:d=0.5[b]"
    result = await worker.process(
        [
            "-i",
            "talk.mp3",
            "-i",
            "clip.mp4",
            "-filter_complex",
            graph,
            "-map",
            "[a]",
            "-map",
            "[b]",
            "-f",
            "null",
            "-",
        ]
    )
    counts = {one["instance"]: one["count"] for one in result["measurements"]}
    assert counts == {"Parsed_silencedetect_0": 150, "silencedetect@tone": 1}


async def test_commands_of_a_chain_have_their_numbers(worker: Worker) -> None:
    result = await worker.process(
        "-i clip.mp4 -vn -c copy ch.m4a && -i ch.m4a -af volumedetect ch.wav && -i ch.wav -af astats -f null -"
    )
    assert [(one["command"], one["filter"]) for one in result["measurements"]] == [
        (1, "volumedetect"),
        (2, "astats"),
    ]
    assert [log["command"] for log in result["logs"]] == [1, 2]


async def test_ordinary_commands_have_no_logs(worker: Worker) -> None:
    result = await worker.process("-i clip.mp4 -vf scale=32:18 -an plain.mp4")
    assert not {"logs", "measurements"} & result.keys()


async def test_a_flood_of_lines_is_kept_in_part(worker: Worker) -> None:
    frames = 12_000
    source = f"color=s=16x16:r=100:d={frames / 100}"
    result = await worker.process(f"-f lavfi -i {source} -vf showinfo -f null -")
    found = only(result, "showinfo")
    assert (found["frame_count"], found["truncated"]) == (frames, True)
    assert [one["frame"] for one in found["frames"]] == list(range(0, frames, found["frames_every"]))
    (logged,) = result["logs"]
    assert logged["truncated"]
    assert len(logged["log"].encode()) <= KEPT_LOG_BYTES
    lines = logged["log"].splitlines()
    assert lines[0].startswith("Input #0")
    assert "speed=" in lines[-1]
    (gap,) = [line for line in lines if "lines left out" in line]
    shown = [line for line in lines if "pts_time" in line]
    assert all(line.startswith("[Parsed_showinfo_0] n:") and "stdev:[" in line for line in shown)
    assert len(json.dumps(result)) < 4 << 20
    assert int(gap.split()[1]) > frames / 2
