"""Redaction of secrets in the log of a command."""

from __future__ import annotations

import pytest

from ffmpeg_worker.command.invocation import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pw@host/a.mp4", "https://REDACTED@host/a.mp4"),
        ("https://me:p@w@host/a", "https://REDACTED@host/a"),
        ("rtmp://host/app/a@b", "rtmp://host/app/a@b"),
        (
            "https://h/a?X-Amz-Date=1&X-Amz-Signature=abc&X-Amz-Credential=id%2F1#f",
            "https://h/a?X-Amz-Date=1&X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED#f",
        ),
        ("https://h/a?sig=x%3D&se=2030", "https://h/a?sig=REDACTED&se=2030"),
        ("https://h/a?TOKEN=x", "https://h/a?TOKEN=REDACTED"),
        ("https://h/a?keyframe=1&monkey=2", "https://h/a?keyframe=1&monkey=2"),
        (
            "[in#0] https://u:p@h/x: 403 'https://u:p@h/y?key=1'",
            "[in#0] https://REDACTED@h/x: 403 'https://REDACTED@h/y?key=REDACTED'",
        ),
        ("scale=w=1:h=2", "scale=w=1:h=2"),
    ],
)
def test_secrets_in_addresses_are_not_shown(text: str, shown: str) -> None:
    assert redact(text) == shown
