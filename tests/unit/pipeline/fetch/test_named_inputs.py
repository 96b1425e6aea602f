"""Texts of a job name its other inputs: lists, playlists, information files of keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob, SourceNotFound
from ffmpeg_worker.pipeline.fetch.fetch import fetch
from support.job_contexts import FakeJob

LIST = "-f concat -safe 0 -i {{list}} -c copy o.mp4"


def job_with(folder: Path, command: str, inputs: dict[str, Any]) -> FakeJob:
    job = FakeJob(folder, {"action": "process", "data": {"chainCmds": command}, "inputs": inputs})
    for name in ("c.mp4", "d.mp4", "in_1"):
        (job.data / name).write_bytes(name.encode())
    return job


@pytest.mark.parametrize(
    ("content", "staged"),
    [
        ("file '{{in_1}}'\nfile '{{in_2}}'\n", ["in_1.mp4", "in_2.mp4"]),
        ("file <<in_2>>\nfile {{ in_1 }}\n", ["in_2.mp4", "in_1.mp4"]),
        ("ffconcat version 1.0\nfile 'in_1'\nduration 1\nfile in_2\n", ["in_1.mp4", "in_2.mp4"]),
        ("file '{{in_1}}'\nfile 'd.mp4'\nfile '{{in_1}}'\n", ["in_1.mp4", "d.mp4", "in_1.mp4"]),
    ],
)
@pytest.mark.parametrize("list_comes_first", [True, False])
async def test_a_list_names_inputs(
    tmp_path: Path, content: str, staged: list[str], *, list_comes_first: bool
) -> None:
    text = {"list": {"content": content, "name": "l.txt"}}
    media = {"in_1": "c.mp4", "in_2": "d.mp4"}
    job = job_with(tmp_path, LIST, {**text, **media} if list_comes_first else {**media, **text})
    found = (await fetch(job.context))["list"].path.read_text()
    assert [line.split("'")[1] for line in found.splitlines() if line.startswith("file")] == staged


async def test_a_list_that_follows_from_its_own_name(tmp_path: Path) -> None:
    content = {"content": "ffconcat version 1.0\nfile '{{in_1}}'\n", "name": "l.ffconcat"}
    job = job_with(tmp_path, "-i {{list}} -c copy o.mp4", {"in_1": "c.mp4", "list": content})
    assert "file 'in_1.mp4'" in (await fetch(job.context))["list"].path.read_text()


async def test_a_list_of_the_data_root_names_inputs_by_placeholders_only(tmp_path: Path) -> None:
    job = job_with(tmp_path, "-f concat -i l.txt o.mp4", {"in_1": "c.mp4"})
    (job.data / "l.txt").write_text("file '{{in_1}}'\nfile 'in_1'\n")
    staged = (job.context.workspace.staging / (await fetch(job.context))["l.txt"].staged).read_text().split("'")
    assert staged[1] == "in_1.mp4"
    assert (job.context.workspace.staging / staged[3]).read_bytes() == b"in_1"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.m3u8", "#EXTM3U\n#EXTINF:1,\n{{in_1}}\n#EXT-X-ENDLIST\n", "\nin_1.mp4\n"),
        (
            "p.m3u8",
            '#EXTM3U\n#EXT-X-MAP:URI="in_1"\n#EXTINF:1,\n in_2\n',
            'URI="in_1.mp4"\n#EXTINF:1,\n in_2.mp4\n',
        ),
        ("p.m3u8", '#EXT-X-KEY:METHOD=AES-128,URI="<<in_1>>"\n', 'URI="in_1.mp4"'),
        ("p.mpd", "<BaseURL>{{in_1}}</BaseURL>", "<BaseURL>in_1.mp4</BaseURL>"),
        ("p.cue", 'FILE "in_1" WAVE\n', 'FILE "in_1.mp4" WAVE'),
    ],
)
async def test_a_playlist_names_inputs(tmp_path: Path, name: str, content: str, expected: str) -> None:
    inputs = {"list": {"content": content, "name": name}, "in_1": "c.mp4", "in_2": "d.mp4"}
    job = job_with(tmp_path, "-i {{list}} -c copy o.mp4", inputs)
    assert expected in (await fetch(job.context))["list"].path.read_text()


@pytest.mark.parametrize("second", ["{{key}}", "<< key >>", "key"])
async def test_the_information_file_of_a_key_names_an_input(tmp_path: Path, second: str) -> None:
    info = {"content": f"https://example.com/{{{{id}}}}/key\n{second}\n0123\n", "name": "k.info"}
    inputs = {"key": "in_1", "ki": info, "in_1": "c.mp4", "id": "d.mp4"}
    job = job_with(tmp_path, "-i {{in_1}} -hls_key_info_file {{ki}} o.m3u8", inputs)
    files = await fetch(job.context)
    # The key is opened from the working directory; the address of the key is for players.
    expected = f"https://example.com/{{{{id}}}}/key\n_in/{files['key'].staged}\n0123\n"
    assert files["ki"].path.read_text() == expected


async def test_other_texts_stay_as_they_are(tmp_path: Path) -> None:
    subs = {"content": "{{in_1}}\nin_1\n", "name": "s.srt"}
    job = job_with(tmp_path, "-i {{in_1}} -vf subtitles={{s}} o.mp4", {"in_1": "c.mp4", "s": subs})
    assert (await fetch(job.context))["s"].path.read_text() == subs["content"]


async def test_lists_that_name_each_other_are_refused(tmp_path: Path) -> None:
    inputs = {
        "a": {"content": "file '{{b}}'\n", "name": "a.txt"},
        "b": {"content": "file '{{a}}'\n", "name": "b.txt"},
    }
    job = job_with(tmp_path, "-f concat -i {{a}} -f concat -i {{b}} o.mp4", inputs)
    with pytest.raises(InvalidJob, match="name each other"):
        await fetch(job.context)


async def test_an_unknown_name_in_a_list_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(InvalidJob) as caught:
        job_with(tmp_path, LIST, {"in_1": "c.mp4", "list": {"content": "file '{{in_2}}'\n", "name": "l.txt"}})
    assert caught.value.code == "unknown_input"


async def test_a_named_input_that_does_not_exist(tmp_path: Path) -> None:
    text = {"content": "file '{{in_1}}'\n", "name": "l.txt"}
    job = job_with(tmp_path, LIST, {"list": text, "in_1": "missing.mp4"})
    with pytest.raises(SourceNotFound) as caught:
        await fetch(job.context)
    assert caught.value.where["input"] == "in_1"
