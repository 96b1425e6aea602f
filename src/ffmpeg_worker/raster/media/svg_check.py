"""Refuses SVG with external references, and SVG that becomes too large when it is drawn."""

from __future__ import annotations

import base64
import io
import re
import warnings
from xml.etree.ElementTree import Element

from PIL import Image

from ffmpeg_worker.budgets import MAX_LAYER_PIXELS
from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.decode_image import image_too_large

_HREFS = ("href", "{http://www.w3.org/1999/xlink}href")
_EMBEDDED = re.compile(r"\s*data:image/(png|jpe?g|gif|webp);base64,", re.IGNORECASE)
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
_LOCAL = re.compile(r"url\(\s*['\"]?#([^)'\"\s]+)")

# resvg is recursive: deeper trees would overflow its stack.
_MAX_DEPTH = 64
_MAX_ELEMENTS = 200_000


def check_svg(root: Element) -> None:
    """Check a drawing, and remove its links, which are not drawn.

    Raises:
        RasterError: svg_refers_outside, svg_too_complex or image_too_large.
    """
    pixels = 0
    for element in root.iter():
        for name in _HREFS:
            href = element.attrib.get(name)
            if href is None or href.lstrip().startswith("#"):
                continue
            if _EMBEDDED.match(href):
                pixels += _count_pixels(href)
                continue
            if str(element.tag).rpartition("}")[2] == "a":
                del element.attrib[name]
                continue
            raise RasterError(
                "The SVG refers to another file.",
                code="svg_refers_outside",
                hint="Embed its images as data:image/png or data:image/jpeg addresses in base64.",
            )
    if pixels > MAX_LAYER_PIXELS:
        raise image_too_large()
    if not _Complexity(root).is_allowed():
        raise RasterError(
            f"The SVG is nested deeper than {_MAX_DEPTH} elements, or draws more than {_MAX_ELEMENTS}.",
            code="svg_too_complex",
            hint="Simplify it, or use a PNG.",
        )


def _count_pixels(href: str) -> int:
    """Return the pixels of a base64 image; 0 if it cannot be read, as it is not drawn then."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(base64.b64decode(href.partition(",")[2])), formats=_FORMATS) as image:
                return image.width * image.height
    except Image.DecompressionBombError:
        return MAX_LAYER_PIXELS + 1
    except (OSError, ValueError, SyntaxError):
        return 0


class _Complexity:
    """The depth and number of the elements that are drawn, with referenced ones counted at each use."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._by_id = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
        self._counts: dict[Element, tuple[int, int]] = {}

    def is_allowed(self) -> bool:
        depth, count = self._measure(self._root, 0)
        return depth <= _MAX_DEPTH and count <= _MAX_ELEMENTS

    def _measure(self, element: Element, above: int) -> tuple[int, int]:
        """Return depth and number of the elements that are drawn for an element."""
        known = self._counts.get(element)
        if known is not None or above > _MAX_DEPTH:
            return known or (_MAX_DEPTH + 1, 1)
        # resvg does not follow circular references either.
        self._counts[element] = (0, 0)
        depth, count = 0, 1
        for part in (*element, *self._references(element)):
            below, parts = self._measure(part, above + 1)
            depth, count = max(depth, below), count + parts
        self._counts[element] = (depth + 1, count)
        return depth + 1, count

    def _references(self, element: Element) -> list[Element]:
        names = [element.attrib.get(name, "").strip()[1:] for name in _HREFS]
        for value in element.attrib.values():
            if "url(" in value:
                names += _LOCAL.findall(value)
        return [self._by_id[name] for name in names if name in self._by_id]
