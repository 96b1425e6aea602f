"""Inputs and outputs over TLS, with a trusted and an untrusted certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.media.sources import make_clip
from support.programs.terminal import Terminal, new_terminal
from support.servers.certificates import make_certificates
from support.servers.s3_server import (
    ACCESS_KEY_ID,
    BUCKET,
    REGION,
    SECRET_ACCESS_KEY,
    S3Server,
    running_s3,
)

ALLOW = {"FFMPEG_WORKER_FETCH_ALLOW_HOSTS": "localhost"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def store(authority: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_s3(authority[1]) as server:
        server.plant(
            "in/clip.mp4", make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", seconds=1).read_bytes()
        )
        yield server


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return new_terminal(tmp_path)


def job(store: S3Server) -> dict[str, Any]:
    credentials = {
        "aws_access_key_id": ACCESS_KEY_ID,
        "aws_secret_access_key": SECRET_ACCESS_KEY,
        "aws_region": REGION,
        "aws_url": store.url,
    }
    return {
        "action": "process",
        "data": {"chainCmds": ["-i", f"s3://{BUCKET}/in/clip.mp4", "-c", "copy", "copy.mkv"]},
        "upload": {
            "bucket": BUCKET,
            "key": "out/",
            "cloud_type": "AWS",
            "credentials": credentials,
            "presign": 60,
        },
    }


def test_a_trusted_certificate(terminal: Terminal, store: S3Server, authority: tuple[Path, Any]) -> None:
    trust = {"SSL_CERT_FILE": str(authority[0]), **ALLOW}
    ended = terminal.run(job(store), env=trust)
    assert ended.code == 0, ended.stderr
    [output] = ended.json["outputs"]
    assert output["url"].startswith(f"{store.url}/{BUCKET}/out/copy.mkv?")
    assert len(store.read("out/copy.mkv") or b"") == output["size"]

    ended = terminal.run({"action": "probe", "data": {"input": output["url"]}}, env=trust)
    assert ended.code == 0, ended.stderr
    assert ended.json["format"]["format_name"].startswith("matroska")


def test_an_untrusted_certificate(terminal: Terminal, store: S3Server) -> None:
    ended = terminal.run(job(store), env=ALLOW)
    assert (ended.json["code"], ended.json["fault"]) == ("source_unreachable", "source")
    ended = terminal.run({"action": "probe", "data": {"input": f"{store.url}/{BUCKET}/x.mp4"}}, env=ALLOW)
    assert ended.json["code"] == "source_certificate_invalid"
