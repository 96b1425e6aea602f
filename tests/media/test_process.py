"""`process` on real files: every form of input and output, errors and secrets."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from ffmpeg_worker.job.lifecycle import Stage
from ffmpeg_worker.job.parse import parse_job
from support.worker import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_command_makes_a_verified_file(worker: Worker) -> None:
    result = await worker.process("-i clip.mp4 -vf scale=64:36 -c:v libx264 small.mp4", metadata={"order": 7})
    (output,) = result["outputs"]
    assert (worker.data / "small.mp4").stat().st_size == output["size"]
    assert output["path"] == str(worker.data / "small.mp4")
    assert output["content_type"] == "video/mp4"
    assert output["media"]["codecs"] == ["h264", "aac"]
    assert (output["media"]["width"], output["media"]["height"]) == (64, 36)
    assert output["media"]["duration"] == pytest.approx(2.0, abs=0.1)
    assert result["stats"]["frames"] == 50
    assert result["stats"]["cpu_seconds"] > 0
    assert result["metadata"] == {"order": 7}


async def test_progress_grows_to_a_hundred_and_never_goes_back(worker: Worker) -> None:
    await worker.process("-i long.mp4 -t 20 -c:v libx264 -preset veryfast -an x.mp4 && -i x.mp4 -t 15 y.mp4")
    percents = [event.percent for event in worker.events]
    assert percents == sorted(percents)
    assert percents[-1] == 100.0
    assert worker.events[-1].stage is Stage.DONE
    assert len({percent for percent in percents if 2 < percent < 97}) >= 3


NAMES = ["my film's.mp4", 'a "b" c.mp4', "ünï 😀.mp4", "-dash.mp4", "a:b,c;[d].mp4", "100%.mp4", "sub/dir/x.mp4"]


@pytest.mark.parametrize("name", NAMES)
async def test_unusual_file_names(worker: Worker, name: str) -> None:
    made = await worker.process(["-i", "clip.mp4", "-c", "copy"], name)
    assert [output["name"] for output in made["outputs"]] == [name]
    again = await worker.process(["-i", name, "-c", "copy", "again.mp4"])
    assert again["outputs"][0]["media"]["duration"] == pytest.approx(2.0, abs=0.1)


async def test_an_input_may_be_replaced_by_its_own_output(worker: Worker) -> None:
    await worker.process("-i clip.mp4 -c copy self.mp4")
    await worker.process("-i self.mp4 -t 1 self.mp4")
    document = await worker.run({"action": "probe", "data": {"input": "self.mp4"}})
    assert float(document["format"]["duration"]) == pytest.approx(1.0, abs=0.1)


async def test_a_playlist_comes_with_its_segments(worker: Worker) -> None:
    result = await worker.process("-i long.mp4 -t 8 -c copy -hls_time 2 -hls_list_size 0 hls/out.m3u8")
    names = [output["name"] for output in result["outputs"]]
    assert names[0] == "hls/out.m3u8"
    assert names[1:] == [f"hls/out{i}.ts" for i in range(len(names) - 1)]
    assert len(names) > 1
    assert result["outputs"][0]["content_type"] == "application/vnd.apple.mpegurl"
    assert result["outputs"][0]["media"]["duration"] == pytest.approx(8.0, abs=0.5)
    back = await worker.process("-i hls/out.m3u8 -c copy joined.mp4")
    assert back["outputs"][0]["media"]["duration"] == pytest.approx(8.0, abs=0.5)


async def test_dash_with_its_segments(worker: Worker) -> None:
    result = await worker.process("-i clip.mp4 -f dash dash/out.mpd")
    names = [output["name"] for output in result["outputs"]]
    assert names[0] == "dash/out.mpd"
    assert any(name.endswith(".m4s") for name in names[1:])


async def test_an_image_sequence_out_and_in(worker: Worker) -> None:
    result = await worker.process("-i clip.mp4 -vf fps=5 thumbs/%03d.jpg")
    assert [output["name"] for output in result["outputs"]] == [f"thumbs/{i:03d}.jpg" for i in range(1, 11)]
    clip = await worker.process("-framerate 10 -i frames/%03d.png -pix_fmt yuv420p seq.mp4")
    assert clip["outputs"][0]["media"]["duration"] == pytest.approx(1.0, abs=0.05)
    glob = await worker.process(
        ["-framerate", "10", "-pattern_type", "glob", "-i", "frames/*.png", "-pix_fmt", "yuv420p", "glob.mp4"]
    )
    assert glob["outputs"][0]["media"]["duration"] == pytest.approx(1.0, abs=0.05)


async def test_segments_are_results_of_their_own(worker: Worker) -> None:
    result = await worker.process("-i long.mp4 -t 9 -c copy -f segment -segment_time 3 part%02d.mp4")
    assert next(output["name"] for output in result["outputs"]) == "part00.mp4"
    assert len(result["outputs"]) >= 2


async def test_text_inputs_and_placeholders_in_filters(worker: Worker) -> None:
    subtitles = {"content": "1\n00:00:00,000 --> 00:00:02,000\nHello\n", "name": "a.srt"}
    plain = await worker.process("-i clip.mp4 -f framemd5 -map 0:v a.md5")
    burnt = await worker.process(
        "-i {{in_1}} -vf subtitles={{subs}} -map 0:v -f framemd5 b.md5",
        inputs={"in_1": "clip.mp4", "subs": subtitles},
    )
    assert plain["outputs"][0]["size"] > 0
    assert burnt["outputs"][0]["size"] > 0
    assert (worker.data / "a.md5").read_text() != (worker.data / "b.md5").read_text()


async def test_filters_find_files_under_the_data_root(worker: Worker) -> None:
    before = hashlib.sha256((worker.data / "subs/de.srt").read_bytes()).hexdigest()
    await worker.process(["-i", "clip.mp4", "-vf", "subtitles=subs/de.srt", "titled.mp4"])
    assert hashlib.sha256((worker.data / "subs/de.srt").read_bytes()).hexdigest() == before


async def test_subtitles_out(worker: Worker) -> None:
    result = await worker.process("-i subs/de.srt out.vtt")
    assert result["outputs"][0]["content_type"] == "text/vtt"


async def test_concat_of_inputs_and_of_earlier_outputs(worker: Worker) -> None:
    listed = {"content": "file 'clip.mp4'\nfile head.mp4\n"}
    result = await worker.process(
        "-i clip.mp4 -t 1 head.mp4 && -f concat -i {{list}} -c copy joined.mp4", inputs={"list": listed}
    )
    assert [output["name"] for output in result["outputs"]] == ["head.mp4", "joined.mp4"]
    assert result["outputs"][1]["media"]["duration"] == pytest.approx(3.0, abs=0.2)


async def test_concat_list_that_lies_under_the_data_root(worker: Worker) -> None:
    (worker.data / "subs/list.txt").write_text("file ../clip.mp4\nfile '../late.mp4'\n")
    result = await worker.process("-f concat -safe 0 -i subs/list.txt -c copy listed.mp4")
    assert result["outputs"][0]["media"]["duration"] == pytest.approx(4.0, abs=0.2)


async def test_two_passes_and_measurements(worker: Worker) -> None:
    result = await worker.process(
        "-i clip.mp4 -c:v libx264 -b:v 100k -pass 1 -an -f null /dev/null && -i clip.mp4 -c:v libx264 "
        "-b:v 100k -pass 2 two.mp4"
    )
    assert [output["name"] for output in result["outputs"]] == ["two.mp4"]
    loudness = await worker.process("-i clip.mp4 -af loudnorm=print_format=json -f null -")
    assert loudness["outputs"] == []
    assert '"input_i"' in loudness["logs"][0]["log"]


async def test_logs_and_errors_name_files_as_the_caller_does(worker: Worker) -> None:
    measured = await worker.process("-i clip.mp4 -af volumedetect -f null -")
    assert "from 'clip.mp4'" in measured["logs"][0]["log"]
    assert "_in/" not in str(measured["logs"])
    assert str(worker.data) not in str(measured["logs"])
    error = await worker.fail(process("-i {{film}} o.mp4", inputs={"film": "text.mp4"}))
    assert "_in/" not in str(error.as_problem())
    assert "film" in f"{error.stderr}"


async def test_no_secret_of_a_url_is_shown(worker: Worker) -> None:
    url = "https://ada:canary@example.com/a.mp4?X-Amz-Signature=canary#canary"
    error = await worker.fail(process(["-i", url, "o.mp4"]))
    assert error.where["input"] == "https://example.com/a.mp4"
    assert "canary" not in str(error.as_problem())


async def test_sha256_of_an_input(worker: Worker) -> None:
    digest = hashlib.sha256((worker.data / "clip.mp4").read_bytes()).hexdigest()
    good = {"in_1": {"url": "clip.mp4", "sha256": digest}}
    await worker.process("-i {{in_1}} -c copy sum.mp4", inputs=good)
    error = await worker.fail(
        {
            "action": "process",
            "data": {"chainCmds": "-i {{in_1}} -c copy sum.mp4"},
            "inputs": {"in_1": {"url": "clip.mp4", "sha256": "0" * 64}},
        }
    )
    assert (error.code, error.where) == ("checksum_mismatch", {"input": "in_1"})


def process(commands: Any, output: Any = None, **common: Any) -> dict[str, Any]:
    data = {"chainCmds": commands} | ({} if output is None else {"output": output})
    return {"action": "process", "data": data, **common}


REFUSED: list[tuple[dict[str, Any], str, str, str]] = [
    (process("-i nope.mp4 o.mp4"), "source_not_found", "source", "nope.mp4"),
    (process("-i subs o.mp4"), "source_is_folder", "caller", "folder"),
    (process("-i empty.mp4 o.mp4"), "source_empty", "source", "0 bytes"),
    (process("-i outside.mp4 o.mp4"), "path_outside_root", "caller", "FS_PATH"),
    (process("-i /etc/passwd o.mp4"), "path_outside_root", "caller", "FS_PATH"),
    (process("-i clip.mp4 /etc/o.mp4"), "path_outside_root", "target", "relative"),
    (process("-i clip.mp4 subs"), "target_is_folder", "target", "folder"),
    (process("-i s3://bucket/a.mp4 o.mp4"), "credentials_missing", "caller", "AWS"),
    (process("-i rtmp://host/a.mp4 o.mp4"), "unsupported_feature", "caller", "rtmp"),
    (process("-i nope/%03d.png o.mp4"), "source_not_found", "source", "%03d"),
    (
        process("-f concat -i {{l}} o.mp4", inputs={"l": {"content": "file nope.mp4"}}),
        "source_not_found",
        "source",
        "",
    ),
    (process("-i cut-faststart.mp4 -c copy o.mp4"), "output_too_short", "source", "promised"),
    (process("-i clip.mp4 -ss 10 o.mp4"), "nothing_selected", "caller", "-ss"),
    (process("-i clip.mp4 -an -vf select=0 -frames:v 1 o.png"), "nothing_selected", "caller", "select"),
    (process("-i clip.mp4 o.mp4 && -i o.mp4 -c:v nope p.mp4"), "encoder_unknown", "caller", "nope"),
]


@pytest.mark.parametrize(("job", "code", "fault", "word"), REFUSED)
async def test_a_refused_job_names_its_fault(
    worker: Worker, job: dict[str, Any], code: str, fault: str, word: str
) -> None:
    error = await worker.fail(job)
    assert (error.code, error.fault) == (code, fault)
    assert word in f"{error.message} {error.hint}"
    assert not (worker.data / "o.mp4").exists()


async def test_a_failing_command_names_its_place_in_the_chain(worker: Worker) -> None:
    error = await worker.fail(process("-i clip.mp4 o.mp4 && -i o.mp4 -c:v libx2645 p.mp4"))
    assert error.where["command"] == 1
    assert error.hint is not None
    assert "libx264" in error.hint or "libx265" in error.hint
    assert error.stderr is not None


async def test_a_job_times_out(worker: Worker) -> None:
    error = await worker.fail(process("-re -i long.mp4 -c copy o.mp4", timeout=1))
    assert (error.code, error.fault) == ("timed_out", "caller")


async def test_cancelling_stops_ffmpeg_and_cleans_up(worker: Worker) -> None:
    job = parse_job(process("-re -i long.mp4 o.mp4"))
    started = asyncio.Event()
    task = asyncio.ensure_future(worker.services.run(job, observer=lambda event: _note(event.stage, started)))
    await asyncio.wait_for(started.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert worker.leftovers() == []
    assert not (worker.data / "o.mp4").exists()


def _note(stage: Stage, started: asyncio.Event) -> None:
    if stage is Stage.RUNNING:
        started.set()
