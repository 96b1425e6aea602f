"""What SVG may not have: references to the outside, and trees that grow without measure when they are drawn."""

from __future__ import annotations

import base64
import io
import re
import warnings
from xml.etree.ElementTree import Element

from PIL import Image

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.decode_image import MAX_PIXELS, too_large

_HREFS = ("href", "{http://www.w3.org/1999/xlink}href")
_EMBEDDED = re.compile(r"\s*data:image/(png|jpe?g|gif|webp);base64,", re.IGNORECASE)
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_LOCAL = re.compile(r"url\(\s*['\"]?#([^)'\"\s]+)")

# The drawing library goes down by recursion: deeper trees would overflow its stack.
_MOST_DEPTH = 64
_MOST_ELEMENTS = 200_000


def check_svg(root: Element, where: str = "") -> None:
    """Links, which are not drawn, are taken out.

    Raises:
        RasterError: svg_refers_outside, svg_too_complex, image_too_large.
    """
    pixels = 0
    for element in root.iter():
        for name in _HREFS:
            href = element.attrib.get(name)
            if href is None or href.lstrip().startswith("#"):
                continue
            if _EMBEDDED.match(href):
                pixels += _pixels(href)
                continue
            if str(element.tag).rpartition("}")[2] == "a":
                del element.attrib[name]
                continue
            raise RasterError(
                "The SVG refers to another file.",
                code="svg_refers_outside",
                where=where,
                hint="Embed its images as data:image/png or data:image/jpeg addresses in base64.",
            )
    if pixels > MAX_PIXELS:
        raise too_large(where)
    if not _Growth(root).is_small():
        raise RasterError(
            f"The SVG is nested deeper than {_MOST_DEPTH} elements, or draws more than {_MOST_ELEMENTS}.",
            code="svg_too_complex",
            where=where,
            hint="Simplify it, or use a PNG.",
        )


def _pixels(href: str) -> int:
    """Of an image in base64; none where that cannot be told, for then it is not drawn either."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(base64.b64decode(href.partition(",")[2])), formats=_FORMATS) as image:
                return image.width * image.height
    except Image.DecompressionBombError:
        return MAX_PIXELS + 1
    except (OSError, ValueError, SyntaxError):
        return 0


class _Growth:
    """How many elements are drawn, what is drawn by reference counted each time."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._by_id = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
        self._counts: dict[Element, tuple[int, int]] = {}

    def is_small(self) -> bool:
        depth, count = self._measure(self._root, 0)
        return depth <= _MOST_DEPTH and count <= _MOST_ELEMENTS

    def _measure(self, element: Element, above: int) -> tuple[int, int]:
        """Depth and number of what is drawn for an element."""
        known = self._counts.get(element)
        if known is not None or above > _MOST_DEPTH:
            return known or (_MOST_DEPTH + 1, 1)
        # A circle is not followed by what draws either.
        self._counts[element] = (0, 0)
        depth, count = 0, 1
        for part in (*element, *self._referred(element)):
            below, parts = self._measure(part, above + 1)
            depth, count = max(depth, below), count + parts
        self._counts[element] = (depth + 1, count)
        return depth + 1, count

    def _referred(self, element: Element) -> list[Element]:
        names = [element.attrib.get(name, "").strip()[1:] for name in _HREFS]
        for value in element.attrib.values():
            if "url(" in value:
                names += _LOCAL.findall(value)
        return [self._by_id[name] for name in names if name in self._by_id]
