"""Object keys of outputs: names, prefixes and playlists."""

from __future__ import annotations

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.upload import Upload
from ffmpeg_worker.pipeline.output_keys import OutputKeys
from ffmpeg_worker.planning.artifact import Artifact, ArtifactKind

ONE = [Artifact("small.mp4", "small.mp4")]
TWO = [*ONE, Artifact("big.mp4", "big.mp4")]
VARIANTS = [Artifact("out/v%v/x.m3u8", "out/v%v/x.m3u8", ArtifactKind.PLAYLIST, entry="out/m.m3u8")]
WITHOUT_MASTER = [Artifact("out/v%v/x.m3u8", "out/v%v/x.m3u8", ArtifactKind.PLAYLIST)]
PLAYLIST = [Artifact("out/x.m3u8", "out/x.m3u8", ArtifactKind.PLAYLIST)]
FRAMES = [Artifact("f/%03d.png", "f/%03d.png", ArtifactKind.SEQUENCE)]


def naming(key: str, artifacts: list[Artifact]) -> OutputKeys:
    return OutputKeys(Upload(bucket="media-out", key=key), artifacts)


@pytest.mark.parametrize(
    ("key", "artifacts", "name", "expected"),
    [
        ("", ONE, "small.mp4", "small.mp4"),
        ("a", ONE, "small.mp4", "a/small.mp4"),
        ("a/", ONE, "sub/small.mp4", "a/sub/small.mp4"),
        ("a.b/c", ONE, "small.mp4", "a.b/c/small.mp4"),
        ("a.mkv/", ONE, "small.mp4", "a.mkv/small.mp4"),
        ("a.mp4", TWO, "small.mp4", "a.mp4/small.mp4"),
        ("a", ONE, "/data/x/small.mp4", "a/small.mp4"),
        ("a/b.mp4", ONE, "small.mp4", "a/b.mp4"),
        ("hls/index.m3u8", PLAYLIST, "out/x.m3u8", "hls/index.m3u8"),
        ("hls/index.m3u8", PLAYLIST, "out/seg/1.ts", "hls/seg/1.ts"),
        ("hls/index.m3u8", PLAYLIST, "elsewhere/1.ts", "hls/1.ts"),
        ("index.m3u8", PLAYLIST, "out/1.ts", "1.ts"),
        ("shots.png", FRAMES, "f/001.png", "shots.png/f/001.png"),
        ("hls/index.m3u8", VARIANTS, "out/m.m3u8", "hls/index.m3u8"),
        ("hls/index.m3u8", VARIANTS, "out/v0/x.m3u8", "hls/v0/x.m3u8"),
        ("hls/index.m3u8", VARIANTS, "out/v1/0.ts", "hls/v1/0.ts"),
        ("hls/index.m3u8", WITHOUT_MASTER, "out/v0/x.m3u8", "hls/index.m3u8/out/v0/x.m3u8"),
        ("hls/index.m3u8", WITHOUT_MASTER, "out/v1/x.m3u8", "hls/index.m3u8/out/v1/x.m3u8"),
    ],
)
def test_keys(key: str, artifacts: list[Artifact], name: str, expected: str) -> None:
    assert naming(key, artifacts).of(name) == expected


@pytest.mark.parametrize("upload", [None, Upload(url="https://h.example/a.mp4?sig=x")])
def test_without_a_bucket_names_stay(upload: Upload | None) -> None:
    assert OutputKeys(upload, ONE).of("/data/small.mp4") == "/data/small.mp4"


@pytest.mark.parametrize("name", ["../up.mp4", "x" * 1020 + ".mp4"])
def test_names_that_make_no_key(name: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        naming("a", ONE).of(name)
    assert caught.value.code == "invalid_upload"


SIDE = Artifact("p.log", "p.log", is_media=False, is_side=True, is_optional=True)


@pytest.mark.parametrize(
    ("artifacts", "name", "expected"),
    [
        ([*ONE, SIDE], "small.mp4", "a/b.mp4"),
        ([*ONE, SIDE], "p.log", "a/p.log"),
        (ONE, "left.log", "a/left.log"),
        ([SIDE], "p.log", "a/b.mp4"),
        ([*TWO, SIDE], "p.log", "a/b.mp4/p.log"),
    ],
)
def test_files_beside_the_outputs_leave_the_key_to_them(
    artifacts: list[Artifact], name: str, expected: str
) -> None:
    assert naming("a/b.mp4", artifacts).of(name) == expected


def test_the_first_lane_gets_a_name_that_was_not_planned() -> None:
    keys = naming("a", [*ONE, SIDE])
    assert [keys.claim("p.log", lane) for lane in ("x", "y", "x")] == [True, False, True]
    assert not keys.claim("small.mp4", "x")
