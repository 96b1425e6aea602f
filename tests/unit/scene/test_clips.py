"""Contents of source files."""

from __future__ import annotations

import pytest

from ffmpeg_worker.composition.media_layers import ImageLayer
from ffmpeg_worker.scene.clips import image_size


@pytest.mark.parametrize(
    ("root", "size"),
    [
        ('width="30" height="10.4px"', (30, 10)),
        ("viewBox='0 0 30 10'", (30, 10)),
        ('width="100%" height="10" viewBox="-5,-5, 30,10"', (30, 10)),
        ('width="0" height="10"', None),
        ('viewBox="0 0 x"', None),
        ("", None),
        ("<svg" * 20_000, None),
    ],
)
def test_the_size_of_an_svg_is_what_it_says(root: str, size: tuple[int, int] | None) -> None:
    layer = ImageLayer(type="image", src="a.svg")

    assert image_size(layer, {"a.svg": f"<?xml?><svg {root}><g/></svg>"}, "layers[0]") == size
