"""A source that shows an SVG file, drawn by resvg with given fonts and no other files."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import numpy as np
import resvg_py
from PIL import Image

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.object_fit import Size, object_fit_scales
from ffmpeg_worker.raster.media.svg_check import check_svg
from ffmpeg_worker.raster.media.svg_text import DEFAULT_FAMILY, SvgFonts, prepare_text
from ffmpeg_worker.raster.surfaces.bitmap import Bitmap, Pixels, RgbaBitmap
from ffmpeg_worker.scene.content import ImageContent

_MAX_BYTES = 8 * 1024 * 1024

_NAMESPACE = "http://www.w3.org/2000/svg"
_LENGTH = re.compile(r"\s*([0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?)\s*(px|pt|pc|mm|cm|in|)\s*\Z", re.IGNORECASE)
_UNITS = {"": 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}


def rasterize(markup: str, font_files: Sequence[Path] = ()) -> Pixels:
    """Draw SVG at the size of its root element: premultiplied RGBA. Raises: ValueError."""
    png = resvg_py.svg_to_bytes(
        svg_string=markup,
        skip_system_fonts=True,
        font_files=[str(path) for path in font_files],
        font_family=DEFAULT_FAMILY,
        serif_family=DEFAULT_FAMILY,  # resvg's last choice
    )
    with Image.open(io.BytesIO(bytes(png)), formats=["PNG"]) as image:
        return cast(Pixels, np.array(image.convert("RGBA").convert("RGBa")))


class SvgSource:
    """A `Source` of an SVG file, drawn once at the size of the box."""

    def __init__(self, content: ImageContent, path: Path, size: Size, fonts: SvgFonts) -> None:
        """Read the file. Raises: RasterError."""
        root = _read(path)
        check_svg(root)
        self._font_files = prepare_text(root, fonts)
        width, height = _natural_size(root)
        self.size = size
        self.own_size = (max(round(width), 1), max(round(height), 1))
        self._markup: str | None = _fit_markup(root, content, size)
        self._bitmap: RgbaBitmap | None = None

    def render(self, time_s: float) -> Bitmap | None:  # noqa: ARG002 - it does not change
        """Return the drawing. Raises: RasterError."""
        if self._bitmap is None and self._markup is not None:
            try:
                self._bitmap = RgbaBitmap(rasterize(self._markup, self._font_files))
            except BaseException as error:
                # A panic of resvg is no Exception, and its class cannot be imported.
                if not isinstance(error, ValueError | OSError) and type(error).__name__ != "PanicException":
                    raise
                raise _unreadable() from error
            self._markup = None
        return self._bitmap

    def close(self) -> None:
        """Release the bitmap."""
        self._bitmap = self._markup = None


def is_svg(path: Path) -> bool:
    """Whether a file is SVG, by its name or its first bytes."""
    if path.suffix.lower() in {".svg", ".svgz"}:
        return True
    try:
        with path.open("rb") as file:
            start = file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return False
    return start.startswith((b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg"))


def _read(path: Path) -> ElementTree.Element:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if data[:2] == b"\x1f\x8b":
            with gzip.open(path) as unpacked:
                data = unpacked.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise RasterError(
                f"The SVG has more than {_MAX_BYTES // 1024 // 1024} MB.",
                code="image_too_large",
                hint="Simplify its paths, or use a PNG.",
            )
        if b"<!ENTITY" in data or b"<\x00!\x00E\x00N" in data or b"\x00<\x00!\x00E\x00N" in data:
            raise _unreadable("declares entities, which are not allowed")
        root = ElementTree.fromstring(data)  # noqa: S314 - safe without entities
    except (OSError, EOFError, zlib.error, ElementTree.ParseError, ValueError, LookupError) as error:
        raise _unreadable() from error
    if root.tag.rpartition("}")[2] != "svg":
        raise _unreadable()
    return root


def _fit_markup(root: ElementTree.Element, content: ImageContent, box: Size) -> str:
    """Return the drawing inside an `svg` element of the box's size, which clips it."""
    width, height = _natural_size(root)
    if "viewBox" not in root.attrib:
        root.set("viewBox", f"0 0 {width:g} {height:g}")
    if content.fit == "fill":
        root.set("preserveAspectRatio", "none")
    across, down = object_fit_scales(content.fit, (width, height), box)
    root.set("x", f"{(box[0] - width * across) / 2:.3f}")
    root.set("y", f"{(box[1] - height * down) / 2:.3f}")
    root.set("width", f"{width * across:.3f}")
    root.set("height", f"{height * down:.3f}")
    outer = ElementTree.Element(f"{{{_NAMESPACE}}}svg", {"width": str(box[0]), "height": str(box[1])})
    outer.append(root)
    return ElementTree.tostring(outer, encoding="unicode")


def _natural_size(root: ElementTree.Element) -> tuple[float, float]:
    """Return width and height in pixels, with the defaults of CSS for what the file does not declare."""
    _, _, box_width, box_height = _view_box(root) or (0.0, 0.0, 0.0, 0.0)
    width, height = _length(root.get("width")), _length(root.get("height"))
    ratio = box_width / box_height if box_width and box_height else None
    if width and not height:
        height = width / ratio if ratio else width
    elif height and not width:
        width = height * ratio if ratio else height
    return width or box_width or 300.0, height or box_height or 150.0


def _view_box(root: ElementTree.Element) -> tuple[float, float, float, float] | None:
    try:
        x, y, width, height = (float(part) for part in root.get("viewBox", "").replace(",", " ").split())
    except ValueError:
        return None
    return (x, y, width, height) if 0 < width < 1e6 and 0 < height < 1e6 else None


def _length(text: str | None) -> float | None:
    """Return a length in pixels; `None` if it is relative or not usable."""
    match = _LENGTH.match(text or "")
    if not match:
        return None
    length = float(match[1]) * _UNITS[match[2].lower()]
    return length if 0 < length < 1e6 else None


def _unreadable(problem: str = "cannot be read") -> RasterError:
    return RasterError(
        f"The SVG {problem}.",
        code="source_unreadable",
        hint="Export it again as plain SVG, or use a PNG.",
    )
