"""Files that manifests of HLS and DASH name."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.manifest import Manifest, read_manifest


def test_a_media_playlist_names_segments_their_header_and_keys() -> None:
    text = (
        "#EXTM3U\r\n#EXT-X-VERSION:7\r\n#EXT-X-MEDIA-SEQUENCE:15\r\n"
        '#EXT-X-KEY:METHOD=AES-128,URI="k/a.key",IV=0x00\r\n#EXT-X-MAP:URI="init.cmfv",BYTERANGE="9@0"\r\n'
        "#EXTINF:1.0,a title, with commas\r\n s0.jpg \r\n"
        "#EXT-X-BYTERANGE:10@9\r\ns0.jpg\r\n#EXTINF:1,\r\nno-suffix\r\n"
    )
    assert read_manifest(text) == Manifest(
        names=("init.cmfv", "s0.jpg", "no-suffix"), keys=("k/a.key",), first_segment=15, segments=3
    )


def test_a_master_playlist_names_playlists() -> None:
    text = (
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="x",URI="vtt.m3u8"\n'
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv0/o.m3u8\n'
    )
    assert read_manifest(text) == Manifest(names=("vtt.m3u8", "i.m3u8", "v0/o.m3u8"), is_master=True)


@pytest.mark.parametrize("name", ["https://cdn.example/0.ts", "/0.ts", "//host/0.ts", "file:0.ts", "data:,x"])
def test_addresses_and_absolute_paths_are_no_names(name: str) -> None:
    found = read_manifest(f"#EXTM3U\n0.ts\n{name}\n")
    assert found is not None
    assert found.leads_away
    assert found.names == ("0.ts",)


def test_the_key_of_another_server_leads_away() -> None:
    found = read_manifest('#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example/1"\n0.ts\n')
    assert found == Manifest(names=("0.ts",), leads_away=True, segments=1)


def test_a_dash_manifest_names_files_and_patterns() -> None:
    text = (
        '<?xml version="1.0"?>\n<MPD><BaseURL>one.bin</BaseURL><SegmentTemplate timescale="1" '
        "initialization=\"i$RepresentationID$.cmfi\" media='100%/m$RepresentationID$-$Number%05d$-$Time$.x'/>"
        '<SegmentURL media="a&amp;b.m4s"/><SegmentTemplate media="cost$$-$Bandwidth$"/></MPD>'
    )
    assert read_manifest(text) == Manifest(
        names=("one.bin", "a&b.m4s"),
        patterns=("i%v.cmfi", "100%%/m%v-%d-%d.x", "cost$-%d"),
        is_hls=False,
    )


def test_a_dash_manifest_with_addresses_leads_away() -> None:
    found = read_manifest("<MPD><BaseURL>https://cdn.example/</BaseURL><BaseURL>x.mp4</BaseURL></MPD>")
    assert found == Manifest(names=("x.mp4",), leads_away=True, is_hls=False)


@pytest.mark.parametrize("text", ["", "0.ts\n", "WEBVTT\n", " #EXTM3U\n", "<html>"])
def test_other_texts_are_no_manifests(text: str) -> None:
    assert read_manifest(text) is None


def test_a_byte_order_mark_is_ignored() -> None:
    assert read_manifest("\ufeff#EXTM3U\na.ts\n") == Manifest(names=("a.ts",), segments=1)
