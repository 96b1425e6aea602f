"""Secrets are found in every part of a job and removed from every text."""

from __future__ import annotations

from typing import Any

import pytest

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.job.secrets import Redact, find_secrets, make_job_redaction, make_redaction, redact_error
from support.growth import grows_linearly


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


def _redaction_of(document: dict[str, Any]) -> Redact:
    job = parse_job(document)
    return make_job_redaction(find_secrets(job), job.data.command_secrets())


def _redaction(*arguments: str) -> Redact:
    return _redaction_of({"action": "process", "data": {"chainCmds": [[*arguments, "o.mp4"]]}})


@pytest.mark.parametrize(
    "shown",
    [
        "0123456789abcdefghij",
        "0123456789abcde…",
        "…89abcdefghij",
        "0123456789abc",
        "argument 01234",
        '"0123456789abcdefghij" and "0123456789abcdefghij"',
    ],
)
def test_cut_secrets_of_commands_are_removed_too(shown: str) -> None:
    redacted = _redaction("-encryption_key", "0123456789abcdefghij")(shown)
    assert not set("0123456789") & set(redacted), redacted


def test_short_secrets_of_commands_are_removed_where_they_are_quoted() -> None:
    redact = _redaction("-password", "abc")
    assert redact("The option cannot be 'abc', see \"abc\" and abc.") == (
        "The option cannot be 'REDACTED', see \"REDACTED\" and abc."
    )


def test_thousands_of_secrets_are_removed_in_linear_time() -> None:
    redact = _redaction(*(f"-encryption_key={number:032x}" for number in range(2000)))
    assert grows_linearly(redact, lambda count: "0" * count)


@pytest.mark.parametrize("action", ["multi_process", "probe"])
def test_every_action_with_commands_has_their_secrets(action: str) -> None:
    commands = {"chainCmds": [["-decryption_key", "0123456789abcdef", "o.mp4"]]}
    data = {"processes": [commands]} if action == "multi_process" else {"input": "a.mp4", **commands}
    assert _redaction_of({"action": action, "data": data})("0123456789abcdef") == "REDACTED"
