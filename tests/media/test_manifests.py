"""Outputs of HLS, DASH and the segment muxer: everything that their manifests name is delivered."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.media.sources import make, make_clip
from support.worker import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

HLS = "-i c.mp4 -c copy -f hls -hls_time 1 -hls_list_size 0"
KEY = bytes(range(16))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker with a film of 4 s that has a key frame every second, one of 40 s, a key and subtitles."""
    root = tmp_path_factory.mktemp("manifests")
    data = root / "data"
    make_clip(data / "c.mp4", seconds=4, size="64x36", extra=("-g", "25"))
    make_clip(data / "long.mp4", seconds=40, size="64x36", extra=("-g", "25"))
    (data / "sub").mkdir()
    (data / "sub/my.key").write_bytes(KEY)
    (data / "sub/info.txt").write_text("my.key\nmy.key\n")
    (data / "s.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nhi\n")
    async with open_worker(root) as opened:
        yield opened


def names(result: dict[str, Any]) -> list[str]:
    return [output["name"] for output in result["outputs"]]


async def duration(worker: Worker, name: str) -> float:
    document = await worker.run({"action": "probe", "data": {"input": name}})
    return float(document["format"]["duration"])


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("-hls_segment_filename a%d.jpg a.m3u8", ["a0.jpg", "a1.jpg", "a2.jpg", "a3.jpg"]),
        ("-hls_segment_filename b%d.html b.m3u8", ["b0.html", "b1.html", "b2.html", "b3.html"]),
        ("-hls_segment_filename c%d c.m3u8", ["c0", "c1", "c2", "c3"]),
        ("-hls_segment_filename seg/d%d.js seg/d.m3u8", ["seg/d0.js", "seg/d1.js", "seg/d2.js", "seg/d3.js"]),
        (
            "-hls_segment_type fmp4 -hls_fmp4_init_filename hi.cmfv -hls_segment_filename hf%d.cmfv e.m3u8",
            ["hf0.cmfv", "hf1.cmfv", "hf2.cmfv", "hf3.cmfv", "hi.cmfv"],
        ),
        (
            "-hls_segment_type fmp4 -hls_fmp4_init_filename i -hls_segment_filename f%d.m4v f.m3u8",
            ["f0.m4v", "f1.m4v", "f2.m4v", "f3.m4v", "i"],
        ),
        ("-hls_flags single_file -hls_segment_filename g.bin g.m3u8", ["g.bin"]),
        ("index", ["index0.ts", "index1.ts", "index2.ts", "index3.ts"]),
        ("list.txt", ["list0.ts", "list1.ts", "list2.ts", "list3.ts"]),
        ("-hls_enc 1 h.m3u8", ["h0.ts", "h1.ts", "h2.ts", "h3.ts", "h.m3u8.key"]),
        (f"-hls_enc 1 -hls_enc_key {KEY.hex()} j.m3u8", ["j0.ts", "j1.ts", "j2.ts", "j3.ts", "j.m3u8.key"]),
    ],
)
@pytest.mark.sampled(2)
async def test_hls(worker: Worker, command: str, files: list[str]) -> None:
    result = await worker.process(f"{HLS} {command}")
    playlist = command.rsplit(maxsplit=1)[-1]
    assert sorted(names(result)) == sorted([playlist, *files])
    assert result["outputs"][0]["name"] == playlist
    assert result["outputs"][0]["media"]["duration"] == pytest.approx(4.0, abs=0.1)
    assert result["outputs"][0]["media"]["codecs"] == ["h264", "aac"]
    assert result["warnings"] == []


@pytest.mark.parametrize(
    ("command", "files"),
    [
        (
            "-init_seg_name i$RepresentationID$.cmfi -media_seg_name m$RepresentationID$-$Number$ p.mpd",
            {"i0.cmfi", "i1.cmfi", "m0-1", "m1-1"},
        ),
        ("-single_file 1 -single_file_name q$RepresentationID$.bin q.mpd", {"q0.bin", "q1.bin"}),
        ("-seg_duration 4 -hls_playlist 1 -hls_master_name r.m3u8 r/r.mpd", {"r/r.m3u8", "r/media_0.m3u8"}),
    ],
)
async def test_dash(worker: Worker, command: str, files: set[str]) -> None:
    result = await worker.process(f"-i c.mp4 -c copy -f dash {command}")
    assert names(result)[0] == command.rsplit(maxsplit=1)[-1]
    assert files <= set(names(result))


@pytest.mark.parametrize(
    ("inputs", "iv"),
    [
        ({"ki": {"content": "https://keys.example/1\nsub/my.key\n"}}, None),
        (
            {"ki": {"content": f"https://keys.example/1\n{{{{key}}}}\n{KEY.hex()}\n"}, "key": "sub/my.key"},
            KEY.hex(),
        ),
        ({"ki": {"content": "https://keys.example/1\nkey\n"}, "key": "sub/my.key"}, None),
        ({"ki": "sub/info.txt"}, None),
    ],
    ids=["a file of the data root", "a placeholder", "the name of an input", "beside its information file"],
)
async def test_the_key_of_an_information_file_is_an_input(
    worker: Worker, inputs: dict[str, Any], iv: str | None
) -> None:
    folder = f"keys{len(inputs)}{iv is None}"
    result = await worker.process(f"{HLS} -hls_key_info_file {{{{ki}}}} {folder}/k.m3u8", inputs=inputs)
    assert names(result) == [f"{folder}/k.m3u8", *(f"{folder}/k{number}.ts" for number in range(4))]
    playlist = worker.data / folder / "k.m3u8"
    text = playlist.read_text()
    assert (f"IV=0x{iv}" in text) is (iv is not None)
    playlist.write_text(re.sub(r'URI="[^"]*"', 'URI="my.key"', text))
    (playlist.parent / "my.key").write_bytes(KEY)
    # Jobs may not read any names through a playlist, so FFmpeg itself decrypts here.
    make(worker.data / f"{folder}.mp4", "-allowed_extensions", "ALL", "-i", str(playlist), "-c", "copy")
    assert await duration(worker, f"{folder}.mp4") == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("k\nlost.key\n", "source_not_found"),
        ("k\n/etc/hostname\n", "path_outside_root"),
        ("k\n{{no}}\n", "unknown_input"),
    ],
)
async def test_the_key_must_be_a_file_of_the_job(worker: Worker, text: str, code: str) -> None:
    data = {"chainCmds": f"{HLS} -hls_key_info_file {{{{ki}}}} z.m3u8"}
    error = await worker.fail({"action": "process", "data": data, "inputs": {"ki": {"content": text}}})
    assert error.code == code


async def test_the_key_of_the_caller_stays_with_the_caller(worker: Worker) -> None:
    (worker.data / "root.key").write_bytes(KEY)
    (worker.data / "root.info").write_text("root.key\nroot.key\n")
    result = await worker.process(f"{HLS} -hls_key_info_file root.info own/k.m3u8")
    assert names(result) == ["own/k.m3u8", "own/k0.ts", "own/k1.ts", "own/k2.ts", "own/k3.ts"]


VARIANTS = "-i c.mp4 -map 0 -map 0 -c copy -f hls -hls_time 2 -hls_list_size 0"


@pytest.mark.parametrize(
    ("command", "first"),
    [
        (
            '-var_stream_map "v:0,a:0 v:1,a:1" -master_pl_name ma.m3u8 -hls_segment_filename l%v/s%d.x l%v/o.m3u8',
            ["ma.m3u8", "l0/o.m3u8", "l1/o.m3u8"],
        ),
        ('-var_stream_map "v:0,a:0,name:lo v:1,a:1,name:hi" -master_pl_name zz.m3u8 n-%v.m3u8',
         ["zz.m3u8", "n-hi.m3u8", "n-lo.m3u8"]),
        ("-master_pl_name top.m3u8 one/o.m3u8", ["one/top.m3u8", "one/o.m3u8"]),
    ],
)  # fmt: skip
async def test_the_master_playlist_comes_first(worker: Worker, command: str, first: list[str]) -> None:
    result = await worker.process(f"{VARIANTS} {command}")
    assert names(result)[: len(first)] == first
    assert result["outputs"][0]["media"]["duration"] == pytest.approx(4.0, abs=0.1)
    segments = names(result)[len(first) :]
    assert len(segments) == 2 * max(len(first) - 1, 1)


async def test_playlists_of_subtitles(worker: Worker) -> None:
    result = await worker.process(
        "-i c.mp4 -i s.srt -map 0 -map 1 -c copy -c:s webvtt -f hls -hls_time 2 -hls_list_size 0 "
        "-var_stream_map v:0,a:0,s:0,sgroup:subs -master_pl_name m.m3u8 m%v.m3u8"
    )
    assert names(result)[:3] == ["m.m3u8", "m0.m3u8", "m0_vtt.m3u8"]
    assert {"m00.ts", "m01.ts", "m00.vtt", "m01.vtt"} <= set(names(result))


async def test_two_playlists_of_one_command(worker: Worker) -> None:
    result = await worker.process(f"{HLS} two/a.m3u8 -c copy -f hls -hls_time 2 -hls_list_size 0 two/b.m3u8")
    expected = ["a.m3u8", "a0.ts", "a1.ts", "a2.ts", "a3.ts", "b.m3u8", "b0.ts", "b1.ts"]
    assert names(result) == [f"two/{name}" for name in expected]


async def test_fused_processes_deliver_their_own_segments(worker: Worker) -> None:
    commands = [f"-i c.mp4 -c:v libx264 -preset ultrafast -f hls -hls_list_size 0 f{n}.m3u8" for n in range(2)]
    data = {"processes": [{"chainCmds": command} for command in commands]}
    result = await worker.run({"action": "multi_process", "data": data})
    assert [one["fused"] for one in result["results"]] == [True, True]
    for number, one in enumerate(result["results"]):
        assert {name[:2] for name in names(one)} == {f"f{number}"}


async def test_a_playlist_of_the_last_segments_is_a_warning(worker: Worker) -> None:
    result = await worker.process("-i long.mp4 -c copy -hls_time 2 hl.m3u8")
    assert names(result) == ["hl.m3u8", *(f"hl{number}.ts" for number in range(20))]
    (warning,) = result["warnings"]
    assert "the last 5 segments" in warning
    assert "-hls_list_size 0" in warning
    whole = await worker.process("-i long.mp4 -c copy -hls_time 2 -hls_list_size 0 whole.m3u8")
    assert whole["warnings"] == []


@pytest.mark.parametrize("base", ["https://cdn.example/v/", "cdn/"])
async def test_a_playlist_for_another_place(worker: Worker, base: str) -> None:
    result = await worker.process(f"{HLS} -hls_base_url {base} base.m3u8")
    assert names(result) == ["base.m3u8", "base0.ts", "base1.ts", "base2.ts", "base3.ts"]
    assert result["warnings"] == []


async def test_the_second_pass_writes_no_logs_into_the_result(worker: Worker) -> None:
    encode = "-i c.mp4 -c:v libx264 -b:v 100k -preset ultrafast -pass"
    result = await worker.process(f"{encode} 1 -an -f null - && {encode} 2 -hls_list_size 0 p2.m3u8")
    assert set(names(result)) == {"p2.m3u8", "p20.ts"}


@pytest.mark.parametrize(
    ("command", "output", "files"),
    [
        ("-segment_list l.csv l%d.ts", None, ["l0.ts", "l1.ts", "l2.ts", "l3.ts", "l.csv"]),
        ("-segment_list n.m3u8 n%d.ts", None, ["n0.ts", "n1.ts", "n2.ts", "n3.ts", "n.m3u8"]),
        ("-segment_list n.ffconcat n%d.mkv", None, ["n0.mkv", "n1.mkv", "n2.mkv", "n3.mkv", "n.ffconcat"]),
        ("-segment_list o.m3u8 o%d.ts", "o.m3u8", ["o.m3u8", "o0.ts", "o1.ts", "o2.ts", "o3.ts"]),
        (
            "-segment_format matroska -segment_header_filename h.bin p%d",
            None,
            ["p0", "p1", "p2", "p3", "h.bin"],
        ),
    ],
)
async def test_lists_of_the_segment_muxer(
    worker: Worker, command: str, output: str | None, files: list[str]
) -> None:
    result = await worker.process(f"-i c.mp4 -map 0 -c copy -f segment -segment_time 1 {command}", output)
    assert names(result) == files


async def test_a_playlist_in_a_tee(worker: Worker) -> None:
    entries = "[f=hls:hls_list_size=0:hls_segment_filename=tee%d.jpg]tee.m3u8|tee.mp4"
    result = await worker.process(["-i", "c.mp4", "-map", "0", "-c", "copy", "-f", "tee", entries])
    assert {"tee.m3u8", "tee0.jpg", "tee1.jpg", "tee.mp4"} == set(names(result))


async def test_a_result_is_what_it_names(worker: Worker) -> None:
    """Files of a command that are not selected do not come with the playlist."""
    result = await worker.process(f"-i c.mp4 -frames:v 1 poster.jpg {HLS[8:]} w.m3u8", "w.m3u8")
    assert names(result) == ["w.m3u8", "w0.ts", "w1.ts", "w2.ts", "w3.ts"]


async def test_files_are_where_players_look_for_them(worker: Worker) -> None:
    for playlist in Path(worker.data).rglob("*.m3u8"):
        text = playlist.read_text()
        if "://" not in text and "cdn/" not in text and "METHOD" not in text:
            for name in (line for line in text.splitlines() if line and not line.startswith("#")):
                assert (playlist.parent / name).stat().st_size > 0
