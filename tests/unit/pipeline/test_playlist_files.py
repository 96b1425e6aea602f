"""The files of playlists, from what manifests name and what was written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ffmpeg_worker.command.manifest import Manifest, read_manifest
from ffmpeg_worker.pipeline.playlist_files import PlaylistFiles, find_playlist_files
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind
from ffmpeg_worker.planning.commands.read_chain import read_chain
from ffmpeg_worker.planning.plan import Lane

HEAD = "#EXTM3U\n"


async def read(text: str) -> Manifest | None:
    return read_manifest(text)


def playlist(name: str) -> Artifact:
    return Artifact(name, name, ArtifactKind.PLAYLIST)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def find(folder: Path, *artifacts: Artifact, **lane: object) -> Mapping[str, PlaylistFiles]:
    return await find_playlist_files(Lane((), artifacts, **lane), folder, read)  # type: ignore[arg-type]


async def test_segments_have_any_name(tmp_path: Path) -> None:
    write(
        tmp_path,
        x__m3u8=f'{HEAD}#EXT-X-MAP:URI="hi.cmfv"\nhf0.cmfv\nplain\n',
        hi__cmfv="i",
        hf0__cmfv="0",
        plain="1",
    )
    found = await find(tmp_path, playlist("x.m3u8"))
    assert found == {"x.m3u8": PlaylistFiles(("x.m3u8", "hf0.cmfv", "hi.cmfv", "plain"))}


async def test_the_master_playlist_comes_first_and_then_its_variants(tmp_path: Path) -> None:
    write(
        tmp_path,
        master__m3u8=f"{HEAD}#EXT-X-STREAM-INF:BANDWIDTH=1\nv0/o.m3u8\n#EXT-X-STREAM-INF:X=1\nv1/o.m3u8\n",
    )
    write(tmp_path, v0___o__m3u8=f"{HEAD}0.ts\n", v1___o__m3u8=f"{HEAD}0.ts\n", v0___0__ts="0", v1___0__ts="1")
    found = await find(tmp_path, playlist("v%v/o.m3u8"))
    names = ("master.m3u8", "v0/o.m3u8", "v1/o.m3u8", "v0/0.ts", "v1/0.ts")
    assert found == {"v%v/o.m3u8": PlaylistFiles(names)}


async def test_a_manifest_of_dash_stays_before_its_hls_playlists(tmp_path: Path) -> None:
    write(tmp_path, r__mpd='<MPD><S initialization="i$RepresentationID$.x" media="m-$Number$"/></MPD>')
    write(tmp_path, i0__x="i", **{"m-1": "1", "m-2": "2"})
    write(tmp_path, master__m3u8=f"{HEAD}#EXT-X-STREAM-INF:BANDWIDTH=1\nr0.m3u8\n", r0__m3u8=f"{HEAD}m-1\n")
    found = (await find(tmp_path, playlist("r.mpd")))["r.mpd"]
    assert found.names == ("r.mpd", "master.m3u8", "r0.m3u8", "i0.x", "m-1", "m-2")
    assert not found.is_playable  # the embedded probe has no demuxer for it


async def test_two_playlists_in_one_folder_have_files_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, a__m3u8=f"{HEAD}a8.ts\na9.ts\n", b__m3u8=f"{HEAD}second-1.ts\n", stray__bin="?")
    write(tmp_path, a7__ts="7", a8__ts="8", a9__ts="9", **{"second-0__ts": "0", "second-1__ts": "1"})
    found = await find(tmp_path, playlist("a.m3u8"), playlist("b.m3u8"))
    assert found["a.m3u8"].names == ("a.m3u8", "a7.ts", "a8.ts", "a9.ts", "stray.bin")
    assert found["b.m3u8"].names == ("b.m3u8", "second-0.ts", "second-1.ts")


async def test_files_of_a_lane_in_the_same_folder_are_left_to_it(tmp_path: Path) -> None:
    write(tmp_path, a__m3u8=f"{HEAD}a0.ts\n", b__m3u8=f"{HEAD}b0.ts\n", a0__ts="0", b0__ts="0", o__mp4="film")
    other = Lane((), (playlist("b.m3u8"), Artifact("o.mp4", "o.mp4")))
    found = await find_playlist_files(Lane((), (playlist("a.m3u8"),)), tmp_path, read, beside=[other])
    assert found == {"a.m3u8": PlaylistFiles(("a.m3u8", "a0.ts"))}


async def test_segments_that_are_an_output_themselves_come_only_once(tmp_path: Path) -> None:
    write(tmp_path, l__m3u8=f"{HEAD}o1.ts\n", o1__ts="1")
    found = await find(tmp_path, playlist("l.m3u8"), Artifact("o%d.ts", "o%d.ts", ArtifactKind.SEQUENCE))
    assert found["l.m3u8"].names == ("l.m3u8",)


async def test_keys_of_the_caller_are_not_delivered(tmp_path: Path) -> None:
    write(tmp_path, x__m3u8=f'{HEAD}#EXT-X-KEY:METHOD=AES-128,URI="in.key"\n0.ts\n', **{"0__ts": "0"})
    write(tmp_path, in__key="k", key__info="in.key\nin.key\n")
    found = (await find(tmp_path, playlist("x.m3u8"), key_info_files=frozenset({"key.info"})))["x.m3u8"]
    assert found.names == ("x.m3u8", "0.ts")
    assert found.is_playable


async def test_keys_that_ffmpeg_wrote_are_delivered(tmp_path: Path) -> None:
    write(
        tmp_path,
        x__m3u8=f'{HEAD}#EXT-X-KEY:METHOD=AES-128,URI="x.m3u8.key"\n0.ts\n',
        x__m3u8__key="k",
        **{"0__ts": "0"},
    )
    found = (await find(tmp_path, playlist("x.m3u8")))["x.m3u8"]
    assert found == PlaylistFiles(("x.m3u8", "0.ts", "x.m3u8.key"))


@pytest.mark.parametrize("uri", ["https://keys.example/1", "elsewhere.key", "/etc/passwd", "../secret.key"])
async def test_without_its_key_a_playlist_cannot_be_played(tmp_path: Path, uri: str) -> None:
    folder = tmp_path / "lane"
    write(tmp_path, secret__key="k", lane___x__m3u8=f'{HEAD}#EXT-X-KEY:METHOD=AES-128,URI="{uri}"\n0.ts\n')
    write(folder, **{"0__ts": "0"})
    assert await find(folder, playlist("x.m3u8")) == {
        "x.m3u8": PlaylistFiles(("x.m3u8", "0.ts"), is_playable=False)
    }


async def test_names_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, outside__m3u8=f"{HEAD}1.ts\n", lane___x__m3u8=f"{HEAD}../outside.m3u8\nlink.m3u8\n0.ts\n")
    (tmp_path / "lane/link.m3u8").symlink_to("../outside.m3u8")
    write(tmp_path / "lane", **{"0__ts": "0", "1__ts": "1"})
    found = (await find(tmp_path / "lane", playlist("x.m3u8")))["x.m3u8"]
    assert found.names == ("x.m3u8", "0.ts", "1.ts", "link.m3u8")  # the link is there to be refused
    assert not found.is_playable


async def test_a_missing_segment_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, x__m3u8=f"{HEAD}0.ts\n1.ts\n", **{"0__ts": "0"})
    (warning,) = (await find(tmp_path, playlist("x.m3u8")))["x.m3u8"].warnings
    assert warning == 'The playlist "x.m3u8" names 1 file(s) that the command did not write, such as "1.ts".'


def _chain(command: str) -> object:
    return read_chain([tuple(command.split())], (), {}, option_policy=True)


@pytest.mark.parametrize(
    ("command", "count"),
    [
        ("-i a.mp4 x.m3u8", 1),
        ("-i a.mp4 -hls_flags independent_segments x.m3u8", 1),
        ("-i a.mp4 -hls_flags delete_segments x.m3u8", 0),
    ],
)
async def test_a_list_of_the_last_segments_is_a_warning(tmp_path: Path, command: str, count: int) -> None:
    write(
        tmp_path,
        x__m3u8=f"{HEAD}#EXT-X-MEDIA-SEQUENCE:2\nx2.ts\nx3.ts\n",
        x0__ts="0",
        x1__ts="1",
        x2__ts="2",
        x3__ts="3",
    )
    found = (await find(tmp_path, playlist("x.m3u8"), chain=_chain(command)))["x.m3u8"]
    assert found.names == ("x.m3u8", "x0.ts", "x1.ts", "x2.ts", "x3.ts")
    assert len(found.warnings) == count
    assert all("-hls_list_size 0" in warning and "2 earlier ones" in warning for warning in found.warnings)


async def test_a_playlist_that_starts_at_another_number_is_whole(tmp_path: Path) -> None:
    write(tmp_path, x__m3u8=f"{HEAD}#EXT-X-MEDIA-SEQUENCE:7\nx7.ts\n", x7__ts="7")
    assert (await find(tmp_path, playlist("x.m3u8")))["x.m3u8"].warnings == ()


async def test_logs_of_the_first_pass_and_unselected_outputs_are_left_out(tmp_path: Path) -> None:
    command = "-i a.mp4 -c:v libx264 -pass 2 -passlogfile my x.m3u8 poster%d.jpg"
    write(tmp_path, x__m3u8=f"{HEAD}x0.ts\n", x0__ts="0", poster1__jpg="p", empty__txt="")
    write(
        tmp_path,
        **{"ffmpeg2pass-0__log": "1", "my-0__log": "2", "my-0__log__mbtree": "3", "x265_2pass__log__cutree": "4"},
    )
    found = (await find(tmp_path, playlist("x.m3u8"), chain=_chain(command)))["x.m3u8"]
    assert found.names == ("x.m3u8", "x0.ts")
