"""Secrets are found in every part of a job and removed from every text."""

from __future__ import annotations

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.secrets import find_secrets, make_redaction, redact_error


def test_a_source_of_a_download_may_hold_secrets() -> None:
    source = {"url": "https://user:password@h.example/a.mp4?sig=signature", "headers": {"A": "Bearer token"}}
    job = parse_job({"action": "download", "data": {"input": source}})
    assert set(find_secrets(job)) == {"user:password", "sig=signature", "Bearer token"}


def test_a_text_and_a_plain_path_hold_none() -> None:
    inputs = {"text": {"content": "file 'a.mp4'"}, "file": "a.mp4"}
    assert list(find_secrets(parse_job({"action": "probe", "data": {"input": "file"}, "inputs": inputs}))) == []


def test_the_longest_secret_is_removed_first() -> None:
    redact = make_redaction(["secret", "secret-key"])
    assert "key" not in redact("a secret-key here")


def test_long_and_many_secrets_are_removed() -> None:
    long = "x" * 400_000
    redact = make_redaction([long, *(f"other-{number}" for number in range(1000))])
    assert redact(f"{long} and other-7!") == "REDACTED and REDACTED!"


def test_short_values_stay() -> None:
    assert make_redaction(["mp4", ""])("a.mp4") == "a.mp4"


def test_every_text_of_an_error_is_redacted() -> None:
    error = InvalidJob(
        "Wrong: canary-1.",
        hint="Not canary-1.",
        where={"input": "canary-1", "command": 0},
        stderr="canary-1",
        detail="canary-1",
    )
    redacted = redact_error(error, make_redaction(["canary-1"]))
    assert "canary" not in f"{redacted.as_problem()} {redacted.detail} {redacted}"
