"""Credentials: bases of URLs in results."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ffmpeg_worker.job.credentials import Credentials

FIELDS = ("aws_public_url", "gcp_public_url", "azure_public_url")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "url",
    ["https://cdn.example.com", "HTTP://cdn.example.com:8080/a/b/", "https://[::1]/x", "https://cdn.example/?v=1"],
)
def test_bases_of_urls_in_results(field: str, url: str) -> None:
    assert getattr(Credentials.model_validate({field: url}), field) == url


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//",
        "JavaScript://cdn.example/%0aalert(1)",
        "data:text/html,x",
        "file:///etc",
        "ftp://cdn.example",
        "//cdn.example",
        "cdn.example",
        "https://",
        "https://user@cdn.example",
        "https://user:word@cdn.example",
        "https://cdn.example:0",
        "https://cdn.example:port",
        "https://[::1",
        "https://cdn.example/\\evil",
        "https://cdn.example/ x",
        "java\tscript:x",
        'https://cdn.example/">',
    ],
)
def test_what_is_no_base_of_urls(field: str, url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Credentials.model_validate({field: url})
    assert "https://cdn.example.com" in caught.value.errors()[0]["msg"]
