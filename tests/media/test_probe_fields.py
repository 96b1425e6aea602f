"""The embedded probe compared with ffprobe, field by field, on many kinds of files."""

from __future__ import annotations

import io
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from ffmpeg_worker.ffmpeg.probe.pyav_probe import answer_requests, describe
from ffmpeg_worker.job.media import read_media
from support.media.media_kinds import ZOO, make_zoo, run_ffmpeg

PAGE = Path(__file__).parents[2] / "docs" / "probe.md"

Kind = Literal["left out", "added", "differs"]


@dataclass(frozen=True)
class Difference:
    """Fields that may differ in `files` (empty: in any file); `where` and `why` are shown in docs/probe.md."""

    fields: tuple[str, ...]
    kind: Kind
    where: str
    why: str
    files: tuple[str, ...] = ()

    def covers(self, finding: Finding) -> bool:
        return (
            finding.field in self.fields
            and finding.kind == self.kind
            and (not self.files or finding.file in self.files)
        )

    def row(self) -> str:
        fields = ", ".join(f"`{field}`" for field in self.fields)
        return f"| {fields} | {self.kind} | {self.where} | {self.why} |"


@dataclass(frozen=True)
class Finding:
    """One field of one file that differs; its name has no indexes."""

    file: str
    field: str
    kind: Kind
    theirs: object
    ours: object


_CHROMATICITIES = tuple(
    f"streams.side_data_list.{point}_{axis}"
    for point in ("red", "green", "blue", "white_point")
    for axis in ("x", "y")
)

DIFFERENCES = (
    Difference(("format.probe_score",), "left out", "everywhere", "PyAV does not have it."),
    Difference(
        ("streams.closed_captions", "streams.film_grain"),
        "left out",
        "video",
        "PyAV does not have them, and ffprobe's 0 means nothing either, as it has decoded no frame.",
    ),
    Difference(
        ("streams.side_data_list.displaymatrix",),
        "left out",
        "rotated or mirrored video",
        "libav prints only its `rotation`. Mirrored video cannot be distinguished from rotated video.",
        ("rotated.mp4", "mirrored.mp4"),
    ),
    Difference(
        _CHROMATICITIES,
        "left out",
        "HDR10 with a mastering display",
        "libav prints them rounded to four decimals.",
        ("hdr10_boxes.mp4", "hdr10_boxes.mkv"),
    ),
    Difference(
        ("streams.side_data_list.min_luminance", "streams.side_data_list.max_luminance"),
        "differs",
        "HDR10 with a mastering display, in Matroska",
        "The same value, always in ten-thousandths: `50/10000` for `1/200`.",
        ("hdr10_boxes.mkv",),
    ),
    Difference(
        ("streams.profile",),
        "left out",
        "codecs whose profile has no name (VP8)",
        "ffprobe prints a number in this case; PyAV has names only.",
        ("vp8_vorbis.webm",),
    ),
    Difference(
        ("streams.bits_per_raw_sample",),
        "left out",
        "FFV1",
        "PyAV does not have it, and the pixel format may have more bits than are used.",
        ("ffv1.mkv",),
    ),
    Difference(
        ("streams.divx_packed", "streams.quarter_sample"),
        "left out",
        "MPEG-4 part 2",
        "They are options of the decoder, which PyAV does not read.",
        ("mpeg4_mp3.avi",),
    ),
    Difference(
        ("streams.r_frame_rate", "streams.avg_frame_rate", "streams.extradata_size"),
        "left out",
        "data streams and attachments",
        "PyAV has these attributes only for streams with a decoder.",
        ("chapters.m4a", "timecode.mov", "tracks.mkv"),
    ),
    Difference(
        ("streams.bit_rate",),
        "left out",
        "data streams",
        "PyAV has these attributes only for streams with a decoder.",
        ("chapters.m4a", "timecode.mov"),
    ),
    Difference(
        ("streams.disposition.non_diegetic", "streams.disposition.multilayer", "streams.initial_padding"),
        "added",
        "all streams; audio",
        "Printed by later releases of ffprobe.",
    ),
    Difference(
        ("streams.tags.vendor_id",),
        "left out",
        "MP4",
        "Later releases read it from QuickTime files only; in MP4 it says `[0][0][0][0]`.",
    ),
    Difference(
        ("streams.channel_layout",),
        "added",
        "channels in a custom order",
        "Later releases name the order: `2 channels (FR+FL)`.",
        ("reordered.mov",),
    ),
    Difference(("streams.color_space",), "added", "PNG", "Later releases say `gbr`.", ("still.png", "cover.mp3")),
    Difference(("streams.id",), "added", "HLS playlists", "Later releases print it.", ("playlist.m3u8",)),
    Difference(
        ("format.start_time", "streams.start_time", "streams.start_pts"),
        "differs",
        "Matroska and WebM audio with a codec delay",
        "Later releases subtract the delay: 0.000000 for -0.007000.",
        ("tracks.mkv", "vp8_vorbis.webm", "vp9_opus.webm"),
    ),
    Difference(
        ("format.duration", "format.bit_rate"),
        "differs",
        "MP4 whose first frame is late; MP3",
        "Later releases count from the first frame, and without the padding of an MP3.",
        ("late_start.mp4", "cover.mp3"),
    ),
    Difference(
        ("streams.duration", "streams.duration_ts"),
        "differs",
        "MP3",
        "Later releases do not count the padding.",
        ("cover.mp3",),
    ),
    Difference(
        ("streams.r_frame_rate",),
        "differs",
        "raw H.264",
        "Later releases count fields if the stream has no timestamps: 50/1 for 25/1.",
        ("raw.h264",),
    ),
)


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zoo")
    make_zoo(folder)
    return folder


@pytest.fixture(scope="session")
def findings(zoo: Path) -> list[Finding]:
    ffprobe = _reviewed_ffprobe()
    with ThreadPoolExecutor(max_workers=2) as threads:
        theirs = list(threads.map(lambda name: _run_ffprobe(ffprobe, zoo / name), ZOO))
    ours = [describe(str(zoo / name)) for name in ZOO]
    return [finding for name, *pair in zip(ZOO, theirs, ours, strict=True) for finding in _compare(name, *pair)]


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.sampled(2)
def test_every_field_is_as_ffprobe_prints_it(name: str, findings: list[Finding]) -> None:
    unexplained = [
        finding
        for finding in findings
        if finding.file == name and not any(difference.covers(finding) for difference in DIFFERENCES)
    ]
    assert unexplained == []


def test_every_allowed_difference_still_occurs(findings: list[Finding]) -> None:
    seen = {(finding.field, finding.kind) for finding in findings}
    expected = {(field, difference.kind) for difference in DIFFERENCES for field in difference.fields}
    assert expected - seen == set()
    idle = [
        (difference.fields, file)
        for difference in DIFFERENCES
        for file in difference.files
        if not any(difference.covers(finding) for finding in findings if finding.file == file)
    ]
    assert idle == []


def test_the_page_lists_the_differences() -> None:
    table = "\n".join(
        ["| Field | Here | Where | Why |", "|---|---|---|---|", *(each.row() for each in DIFFERENCES)]
    )
    assert table in PAGE.read_text()


def test_the_path_is_unchanged(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(zoo)
    assert describe("name with blanks 🎬.mp4")["format"]["filename"] == "name with blanks 🎬.mp4"
    shutil.copy("pcm24.wav", "http:pcm24.wav")
    assert describe("http:pcm24.wav")["format"]["filename"] == "http:pcm24.wav"


def test_the_description_is_json(zoo: Path) -> None:
    for name in ZOO:
        described = describe(str(zoo / name))
        assert json.loads(json.dumps(described, allow_nan=False)) == described


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.sampled(3)
def test_a_brief_description_has_the_facts_of_a_whole_one(name: str, zoo: Path) -> None:
    assert read_media(describe(str(zoo / name), is_brief=True)) == read_media(describe(str(zoo / name)))


def test_nothing_is_printed(zoo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cut = zoo / "cut.ts"
    cut.write_bytes((zoo / "mpeg2.ts").read_bytes()[1000:20_001])
    describe(str(cut))
    describe(str(zoo / "tracks.mkv"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.mp4", None, "not_found"),
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"These are words and no film.\n" * 40, "not_media"),
        ("noise.mkv", bytes(range(256)) * 8, "not_media"),
        ("header_only.mkv", b"\x1a\x45\xdf\xa3", "incomplete"),
    ],
)
def test_a_file_without_media_is_refused(tmp_path: Path, name: str, content: bytes | None, reason: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert _reason(tmp_path / name) == reason


def test_a_truncated_file_is_incomplete_or_described(zoo: Path, tmp_path: Path) -> None:
    # The index of the MP4 is at its end; the header of Matroska is at its start.
    reasons = {}
    for name in ("h264_aac.mp4", "tracks.mkv"):
        content = (zoo / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) * 6 // 10])
        reasons[name] = _reason(tmp_path / name)
    assert reasons == {"h264_aac.mp4": "incomplete", "tracks.mkv": None}


def test_a_playlist_does_not_reach_the_network(tmp_path: Path) -> None:
    playlist = tmp_path / "remote.m3u8"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n")
        assert _reason(playlist) == "not_media"
        with pytest.raises(BlockingIOError):
            server.accept()


def test_invalid_bytes_in_tags_are_replaced(zoo: Path) -> None:
    assert describe(str(zoo / "latin1.flac"))["format"]["tags"]["title"] == "�n�c�d� Zoo"


def test_a_long_tag_is_not_truncated(zoo: Path) -> None:
    run_ffmpeg(zoo, "-i", "pcm24.wav", "-metadata", f"comment={'long ' * 20_000}end", "long.flac")
    comment = describe(str(zoo / "long.flac"))["format"]["tags"]["comment"]
    assert (len(comment), comment[-3:]) == (100_003, "end")


def test_a_tag_name_cannot_look_like_a_stream(zoo: Path) -> None:
    forged = "x\n  Stream #0:0: Audio: fake (fake / 0x656B6166), 8000 Hz, 7.1\n    Side data:"
    run_ffmpeg(zoo, "-i", "pcm24.wav", "-c:a", "flac", "-metadata", f"{forged}=y", "forged.mkv")
    described = describe(str(zoo / "forged.mkv"))
    assert any("fake" in name.lower() for name in described["format"]["tags"])
    assert described["streams"][0]["codec_name"] == "flac"
    assert not {"channels", "codec_tag", "channel_layout"} & described["streams"][0].keys()


def _reviewed_ffprobe() -> str:
    ffprobe = shutil.which("ffprobe")
    version = ""
    if ffprobe:
        version = subprocess.run([ffprobe, "-version"], capture_output=True, text=True, check=True).stdout
    if ffprobe and version.startswith("ffprobe version 5.1"):
        return ffprobe
    reason = f"the differences were reviewed against ffprobe 5.1; here is {version[:20] or 'none'}"
    pytest.skip(reason)


def _run_ffprobe(ffprobe: str, file: Path) -> dict[str, Any]:
    shown = ["-show_format", "-show_streams", "-show_chapters", "-of", "json"]
    done = subprocess.run([ffprobe, "-v", "error", *shown, str(file)], capture_output=True, check=True)
    described: dict[str, Any] = json.loads(done.stdout)
    return described


def _compare(name: str, theirs: dict[str, Any], ours: dict[str, Any]) -> Iterator[Finding]:
    left, right = dict(_leaves(theirs)), dict(_leaves(ours))
    for path in sorted(left.keys() | right.keys()):
        kind: Kind = "left out" if path not in right else "added" if path not in left else "differs"
        if kind != "differs" or left[path] != right[path]:
            yield Finding(name, re.sub(r"\.\d+", "", path), kind, left.get(path), right.get(path))


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _leaves(each, f"{path}.{index}")
    else:
        yield path, value


def _reason(file: Path) -> str | None:
    request, reply = io.BytesIO(json.dumps({"path": str(file)}).encode()), io.BytesIO()
    answer_requests(request, reply)
    assert str(file).encode() not in reply.getvalue().partition(b'"format"')[0]
    response: dict[str, str] = json.loads(reply.getvalue())
    return response.get("error")
