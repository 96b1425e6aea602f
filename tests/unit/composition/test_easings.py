"""Names of easings."""

from __future__ import annotations

import pytest

from ffmpeg_worker.composition.easings import EASINGS, parse_easing


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *((name, name) for name in EASINGS),
        ("ease-out-cubic", "cubic-out"),
        ("easeInOut", "ease-in-out"),
        ("easeInQuad", "quad-in"),
        ("cubic-bezier(.1,2,.3,-1)", "cubic-bezier(0.1, 2, 0.3, -1)"),
        ("steps(4)", "steps(4)"),
    ],
)
def test_an_easing_gets_its_canonical_name(text: str, name: str) -> None:
    assert parse_easing(text).name == name
    assert parse_easing(name).name == name


@pytest.mark.parametrize(
    "text",
    ["", "ease-inout", "steps(0)", "cubic-bezier(1,2,3)", "cubic-bezier(2,0,0,1)", "cubic-bezier(0,inf,0,1)"],
)
def test_other_strings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse_easing(text)
