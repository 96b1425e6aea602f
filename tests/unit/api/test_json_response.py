"""JSON responses are compact, valid UTF-8 and free of NaN and infinity."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from ffmpeg_worker.api.json_response import json_response


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"psnr": math.inf, "min": math.nan, "max": 1.5}, {"psnr": None, "min": None, "max": 1.5}),
        ({"worst": [{"score": -math.inf}]}, {"worst": [{"score": None}]}),
        ({"pair": (1, math.nan)}, {"pair": [1, None]}),
        ({"name": "half \udcff a character"}, {"name": "half ? a character"}),
        ([], []),
    ],
)
def test_every_value_becomes_json(value: Any, expected: Any) -> None:
    assert json.loads(bytes(json_response(value).body)) == expected


def test_the_body_is_compact_utf8() -> None:
    assert json_response({"a": ["Ä", 1]}).body == '{"a":["Ä",1]}'.encode()


def test_headers_are_added_to_the_defaults_and_replace_them() -> None:
    response = json_response(
        {}, 503, media_type="application/x", headers={"Retry-After": "5", "Cache-Control": "x"}
    )
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/x"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert (response.headers["retry-after"], response.headers["cache-control"]) == ("5", "x")
