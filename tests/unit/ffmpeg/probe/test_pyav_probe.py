"""Descriptions of files by PyAV, and the reasons where there is none."""

from __future__ import annotations

import io
import json
import os
import wave
from pathlib import Path

import av
import pytest

from ffmpeg_worker.ffmpeg.probe.pyav_container import ProbeFailed
from ffmpeg_worker.ffmpeg.probe.pyav_probe import answer_requests, describe


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    file = tmp_path / "sound.wav"
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(8000)
        opened.writeframes(bytes(16000))
    return file


def reason_of(path: str) -> str:
    with pytest.raises(ProbeFailed) as caught:
        describe(path)
    return caught.value.reason


def test_a_description_has_the_shape_of_ffprobe(sound: Path) -> None:
    described = describe(str(sound))
    assert described["format"]["format_name"] == "wav"
    assert described["format"]["duration"] == "1.000000"
    assert described["format"]["size"] == str(sound.stat().st_size)
    [stream] = described["streams"]
    assert (stream["codec_name"], stream["sample_rate"], stream["channels"]) == ("pcm_s16le", "8000", 1)
    assert described["chapters"] == []


def test_a_relative_name_is_no_protocol(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sound.parent)
    sound.rename(sound.parent / "http:sound.wav")
    assert describe("http:sound.wav")["format"]["filename"] == "http:sound.wav"


def test_reasons(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello\n" * 50)
    (tmp_path / "cut.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(100))
    assert reason_of(str(tmp_path / "missing")) == "not_found"
    assert reason_of(str(tmp_path / "text" / "below")) == "not_found"
    assert reason_of(str(tmp_path)) == "not_a_file"
    assert reason_of(str(tmp_path / "pipe")) == "not_a_file"
    assert reason_of(str(tmp_path / "empty")) == "empty"
    assert reason_of(str(tmp_path / "text")) == "not_media"
    assert reason_of(str(tmp_path / "cut.mp4")) == "incomplete"
    assert reason_of("a\0b") == "unreadable"


def test_a_refused_permission(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/secret/path.wav")

    monkeypatch.setattr(av, "open", refuse)
    assert reason_of(str(sound)) == "permission"


def test_requests_are_answered_line_by_line(sound: Path) -> None:
    lines = [{"path": str(sound)}, {"path": "/missing.wav"}, {"wrong": 1}]
    replies = io.BytesIO()
    answer_requests(io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines)), replies)
    described, missing, odd = [json.loads(line) for line in replies.getvalue().splitlines()]
    assert described == {"ok": describe(str(sound))}
    assert (missing, odd) == ({"error": "not_found"}, {"error": "unreadable"})
