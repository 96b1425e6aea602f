"""Pictures of image files, brought upright, to sRGB and to eight bits by Pillow."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from typing import cast

import numpy as np
from av.video.frame import VideoFrame
from PIL import Image, ImageCms, ImageFilter, ImageOps

from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.chroma_key import keyed
from ffmpeg_worker.raster.media.color_space import ACCURATE
from ffmpeg_worker.raster.media.filter_chain import Chain
from ffmpeg_worker.raster.media.object_fit import Axis, Size, fit_into
from ffmpeg_worker.raster.surfaces.bitmap import Pixels, YuvBitmap
from ffmpeg_worker.scene.scene import ChromaKey, Fit

MAX_PIXELS = 64_000_000

# None of these runs another program or opens another file.
_FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF", "JPEG2000", "ICO", "PPM", "TGA", "HEIF")

# Now: a confined process may not load what reads the formats.
Image.init()
_KNOWN = [name for name in _FORMATS if name in Image.OPEN]

_ORIENTATION = 0x0112


def open_image(path: Path, where: str = "") -> Image.Image:
    """Open an image without decoding it. Raises: RasterError (image_too_large, source_unreadable)."""
    try:
        with warnings.catch_warnings():
            # Its size is looked at below.
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=_KNOWN)
    except Image.DecompressionBombError as error:
        raise too_large(where) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise unreadable(where) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise too_large(where)
    return image


def upright_size(image: Image.Image, where: str = "") -> Size:
    """Width and height when it is turned as its file says. Raises: RasterError, if it cannot be decoded."""
    try:
        is_lying = image.getexif().get(_ORIENTATION, 1) >= 5
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as error:
        raise unreadable(where) from error
    return (image.height, image.width) if is_lying else (image.width, image.height)


def fitted(
    image: Image.Image, fit: Fit, box: Size, *, chroma_key: ChromaKey | None = None, where: str = ""
) -> Pixels:
    """The frame that an image stands at, laid into a box: RGBA, multiplied with its opacity.

    Raises: RasterError, if it cannot be decoded.
    """
    try:
        if fit not in {"none", "scale-down"}:
            _shrink_while_decoding(image, box)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
            upright = _in_srgb(ImageOps.exif_transpose(_in_eight_bits(image)), image.info.get("icc_profile"))
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, Image.DecompressionBombError) as error:
        raise unreadable(where) from error
    if chroma_key:
        upright = Image.fromarray(keyed(cast(Pixels, np.asarray(upright.convert("RGBA"))), chroma_key))
    return _laid(upright, fit, box)


def planes_of(rgba: Pixels) -> YuvBitmap:
    """Opaque pixels (of even width and height) as `YuvBitmap`."""
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgba[..., :3]), "rgb24")
    step = ("scale", f"out_color_matrix=bt709:out_range=limited:{ACCURATE}")
    converted = cast(Pixels, Chain(lambda _: [step, ("format", "yuv420p")]).convert(frame).to_ndarray())
    height, width = rgba.shape[:2]
    chroma = converted[height:].reshape(2, height // 2, width // 2)
    return YuvBitmap(converted[:height], chroma[0], chroma[1])


def unreadable(where: str) -> RasterError:
    """What is said of an image that cannot be decoded."""
    return RasterError(
        "The image cannot be read.",
        code="source_unreadable",
        where=where,
        hint="Use a complete JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or SVG file.",
    )


def too_large(where: str) -> RasterError:
    """What is said of an image that is a bomb."""
    return RasterError(
        f"The image has more than {MAX_PIXELS // 1_000_000} million pixels.",
        code="image_too_large",
        where=where,
        hint="Scale it down first.",
    )


def _shrink_while_decoding(image: Image.Image, box: Size) -> None:
    # JPEG alone can do it. Twice the size that is needed leaves the quality to the scaling.
    if image.format != "JPEG":
        return
    width, height = box if image.getexif().get(_ORIENTATION, 1) < 5 else box[::-1]
    ratio = max(width / image.width, height / image.height)
    image.draft(None, (int(image.width * ratio * 2), int(image.height * ratio * 2)))


def _in_eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image).astype(np.float32)
        # Whole numbers of more than a byte are sixteen bits, and numbers up to one are shares.
        scale = 1 / 257 if values.max(initial=0) > 255 else 255 if image.mode == "F" and values.max() <= 1 else 1
        grey = Image.fromarray(np.clip(values * scale + 0.5, 0, 255).astype(np.uint8))
        if _ORIENTATION in image.getexif():
            grey.getexif()[_ORIENTATION] = image.getexif()[_ORIENTATION]
        return grey
    return image


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image.convert(mode)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return image.convert(mode)
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(
            image.convert("RGB") if image.mode == "RGBA" else image, source, target, outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A broken profile is no reason to refuse a picture.
        return image.convert(mode)
    if converted is None:
        return image.convert(mode)
    if mode == "RGBA":
        converted.putalpha(image.convert("RGBA").getchannel("A"))
    return converted


def _laid(image: Image.Image, fit: Fit, box: Size) -> Pixels:
    fitting = fit_into(fit, image.size, box)
    left, right = _ends(fitting.x, box[0])
    top, bottom = _ends(fitting.y, box[1])
    is_opaque = image.mode == "RGB"
    # Multiplied before it is scaled: colours that are not seen must not bleed into those that are.
    scaled = (image if is_opaque else image.convert("RGBa")).resize(
        (right - left, bottom - top),
        Image.Resampling.LANCZOS,
        box=(
            fitting.x.shown[0] * image.width,
            fitting.y.shown[0] * image.height,
            fitting.x.shown[1] * image.width,
            fitting.y.shown[1] * image.height,
        ),
        reducing_gap=3.0,
    )
    pixels = cast(Pixels, np.asarray(scaled))
    rgba = np.zeros((box[1], box[0], 4), np.uint8)
    part = rgba[top:bottom, left:right]
    part[..., 3] = 255 if is_opaque else pixels[..., 3]
    # Lanczos overshoots: no colour may be more than its opacity.
    part[..., :3] = pixels if is_opaque else np.minimum(pixels[..., :3], pixels[..., 3:])
    if fit == "contain-blur" and not fitting.fills:
        return _over_blur(rgba, image, box)
    return rgba


def _ends(axis: Axis, box: int) -> tuple[int, int]:
    first = min(round(axis.place[0]), box - 1)
    return first, min(max(round(axis.place[1]), first + 1), box)


def _over_blur(rgba: Pixels, image: Image.Image, box: Size) -> Pixels:
    small = (max(box[0] // 4, 1), max(box[1] // 4, 1))
    behind = Image.fromarray(_laid(image, "cover", small), "RGBa")
    blurred = behind.filter(ImageFilter.GaussianBlur(max(small) * 0.03)).resize(box, Image.Resampling.BICUBIC)
    free = 255 - rgba[..., 3:].astype(np.uint16)
    over: Pixels = (rgba + (np.asarray(blurred) * free + 127) // 255).astype(np.uint8)
    return over
