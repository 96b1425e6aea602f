"""Manifests of results: where they are, and what they hold."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ffmpeg_worker.job.actions.multi_process import MultiProcessResult
from ffmpeg_worker.job.actions.process import ProcessResult
from ffmpeg_worker.job.job_body import JobBody
from ffmpeg_worker.job.platform_job import PlatformJob, is_platform_id
from ffmpeg_worker.job.result_manifest import ResultManifest, StoredObject, make_manifest, manifest_key

OUTPUT: dict[str, Any] = {
    "name": "a.mp4",
    "path": "k/a.mp4",
    "url": "https://b.example/k/a.mp4?X-Amz-Signature=abcdef",
    "size": 7,
    "content_type": "video/mp4",
    "media": {"duration": 1.0, "tags": {"url": "kept", "title": "of the canary"}},
}
RESULT: dict[str, Any] = {
    "job_id": "first",
    "metadata": {"token": "of the caller"},
    "outputs": [OUTPUT],
    "stats": {"seconds": 1.5, "cpu_seconds": 1.0, "input_bytes": 1, "output_bytes": 7},
    "warnings": [],
}


@pytest.mark.parametrize(
    ("upload_key", "key"),
    [
        ("", ".ffmpeg-worker/j.json"),
        ("orders/17/", "orders/17/.ffmpeg-worker/j.json"),
        ("orders/17", "orders/17/.ffmpeg-worker/j.json"),
        ("orders/17/movie.mp4", "orders/17/.ffmpeg-worker/j.json"),
        ("movie.mp4", ".ffmpeg-worker/j.json"),
        ("v1.2/", "v1.2/.ffmpeg-worker/j.json"),
    ],
)
def test_a_manifest_is_in_a_hidden_folder_beside_the_outputs(upload_key: str, key: str) -> None:
    assert manifest_key(upload_key, "j") == key


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        (ProcessResult, RESULT),
        (
            MultiProcessResult,
            {
                **RESULT,
                "results": [
                    {"index": 0, "success": True, "fused": False, "outputs": [OUTPUT], "warnings": []},
                    {"index": 1, "success": False, "fused": False, "outputs": [], "warnings": [],
                     "error": {"error": "No.", "code": "x", "fault": "caller", "retryable": False}},
                ],
                "succeeded": 1,
                "failed": 1,
            },
        ),
    ],
)  # fmt: skip
def test_a_result_comes_back_whole_with_new_urls(kind: Any, result: dict[str, Any]) -> None:
    original = kind.model_validate(result)
    objects = [StoredObject(key="k/a.mp4", size=7, etag='"e"')]
    stored = make_manifest("j", "d", original, objects, str).model_dump_json()
    assert "Signature" not in stored
    assert "of the caller" not in stored
    restored = ResultManifest.model_validate_json(stored).restore(
        kind, {"k/a.mp4": OUTPUT["url"]}, result["metadata"]
    )
    assert restored == original
    assert restored.as_json() == original.as_json()


def test_secrets_are_removed_from_texts() -> None:
    stored = make_manifest(
        "j", "d", ProcessResult.model_validate(RESULT), [], lambda text: text.replace("canary", "R")
    )
    assert "canary" not in stored.model_dump_json()
    assert "of the R" in stored.model_dump_json()


def test_a_manifest_of_another_action_is_no_result() -> None:
    manifest = ResultManifest(job_id="j", digest="d", result={"score": 1}, objects=())
    with pytest.raises(ValueError, match="outputs"):
        manifest.restore(ProcessResult, {}, None)


def test_the_digest_covers_action_query_and_body() -> None:
    bodies = [
        JobBody("probe", b"{}"),
        JobBody("process", b"{}"),
        JobBody("probe", b"{ }"),
        JobBody("probe", b"{}", {"t": "1"}),
    ]
    assert len({body.digest for body in bodies}) == len(bodies)
    assert JobBody("probe", b"{}", platform_job_id="x").digest == bodies[0].digest


@pytest.mark.parametrize("job_id", ["..", "a:b", "~x", ".hidden", "x" * 200])
def test_ids_that_are_no_plain_names_have_another_name_in_keys(job_id: str) -> None:
    assert is_platform_id(job_id)
    assert PlatformJob(job_id, "d").name == hashlib.sha256(job_id.encode()).hexdigest()


def test_ids_of_runpod_are_names() -> None:
    job_id = "a1b2c3d4-e5f6-47a8-9b0c-d1e2f3a4b5c6-u1"
    assert PlatformJob(job_id, "d").name == job_id


@pytest.mark.parametrize("job_id", ["", "a/b", "a b", "é", "x" * 257, "a\n"])
def test_other_texts_are_no_ids(job_id: str) -> None:
    assert not is_platform_id(job_id)
