"""Decodes still frames of image files with Pillow: upright, in sRGB and with 8 bits per channel."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import numpy as np
import pi_heif
from av.video.frame import VideoFrame
from PIL import Image, ImageCms, ImageFilter, ImageOps

from ffmpeg_worker.budgets import MAX_LAYER_PIXELS
from ffmpeg_worker.composition.choices import Fit
from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.chroma_key import apply_chroma_key
from ffmpeg_worker.raster.media.color_space import ACCURATE
from ffmpeg_worker.raster.media.filter_chain import FilterChain
from ffmpeg_worker.raster.media.object_fit import Axis, Size, fit_content
from ffmpeg_worker.raster.surfaces.bitmap import Pixels, YuvBitmap, split_i420
from ffmpeg_worker.scene.content import ChromaKey

# None of these formats starts another program or opens another file.
_FORMATS = (
    *("JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF", "HEIF", "BMP", "TIFF"),
    *("JPEG2000", "ICO", "PPM", "TGA", "PSD"),
)

# At import: a confined process may not load the plugins that read the formats.
Image.init()
pi_heif.register_heif_opener(thumbnails=False, aux_images=False, depth_images=False)
_SUPPORTED_FORMATS = [name for name in _FORMATS if name in Image.OPEN]

_ORIENTATION_TAG = 0x0112


@contextmanager
def reading_image() -> Iterator[None]:
    """Turn what Pillow raises for damaged images into a `RasterError`, and silence its warnings.

    Its decoders do not check all of a file, so damage raises errors of any type.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (MemoryError, RasterError):
        raise
    except Exception as error:
        raise image_unreadable() from error


def open_image(path: Path) -> Image.Image:
    """Open an image without decoding it. Raises: RasterError (image_too_large, source_unreadable)."""
    with reading_image():
        try:
            image = Image.open(path, formats=_SUPPORTED_FORMATS)
        except Image.DecompressionBombError as error:
            raise image_too_large() from error
    if image.width * image.height > MAX_LAYER_PIXELS:
        image.close()
        raise image_too_large()
    return image


def upright_size(image: Image.Image) -> Size:
    """Return width and height after the Exif orientation is applied. Raises: RasterError, if it is unreadable."""
    with reading_image():
        is_rotated = image.getexif().get(_ORIENTATION_TAG, 1) >= 5
    return (image.height, image.width) if is_rotated else (image.width, image.height)


def decode_fitted(image: Image.Image, fit: Fit, box: Size, *, chroma_key: ChromaKey | None = None) -> Pixels:
    """Decode the current frame of an image and fit it into a box: premultiplied RGBA.

    Raises: RasterError, if it cannot be decoded.
    """
    with reading_image():
        if fit not in {"none", "scale-down"}:
            _reduce_while_decoding(image, box)
        image.load()
        upright = _to_srgb(ImageOps.exif_transpose(_to_8_bits(image)), image.info.get("icc_profile"))
    if chroma_key:
        keyed = apply_chroma_key(cast(Pixels, np.asarray(upright.convert("RGBA"))), chroma_key)
        upright = Image.fromarray(keyed)
    return _fit(upright, fit, box)


def to_yuv(rgba: Pixels) -> YuvBitmap:
    """Convert opaque pixels of even width and height."""
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgba[..., :3]), "rgb24")
    scale = ("scale", f"out_color_matrix=bt709:out_range=limited:{ACCURATE}")
    chain = FilterChain(lambda _: [scale, ("format", "yuv420p")])
    converted = cast(Pixels, chain.convert(frame).to_ndarray())
    return YuvBitmap(*split_i420(converted, rgba.shape[1], rgba.shape[0]))


def image_unreadable() -> RasterError:
    """Return the error for an image that cannot be decoded."""
    return RasterError(
        "The image cannot be read.",
        code="source_unreadable",
        hint="Use a complete JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP, TIFF, PSD or SVG file.",
    )


def image_too_large() -> RasterError:
    """Return the error for an image with too many pixels."""
    return RasterError(
        f"The image has more than {MAX_LAYER_PIXELS // 1_000_000} million pixels.",
        code="image_too_large",
        hint="Scale it down first.",
    )


def _reduce_while_decoding(image: Image.Image, box: Size) -> None:
    # Only JPEG supports this. Twice the size of the box leaves the quality to the scaling.
    if image.format != "JPEG":
        return
    width, height = box if image.getexif().get(_ORIENTATION_TAG, 1) < 5 else box[::-1]
    ratio = max(width / image.width, height / image.height)
    image.draft(None, (int(image.width * ratio * 2), int(image.height * ratio * 2)))


def _to_8_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image).astype(np.float32)
        # Values above 255 are 16-bit integers; floating-point values up to 1 are fractions of white.
        scale = 1 / 257 if values.max(initial=0) > 255 else 255 if image.mode == "F" and values.max() <= 1 else 1
        gray = Image.fromarray(np.clip(values * scale + 0.5, 0, 255).astype(np.uint8))
        if _ORIENTATION_TAG in image.getexif():
            gray.getexif()[_ORIENTATION_TAG] = image.getexif()[_ORIENTATION_TAG]
        return gray
    return image


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    mode = "RGBA" if image.has_transparency_data else "RGB"
    converted = None
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        # An image with a broken profile is shown without color conversion.
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(source):
                opaque = image.convert("RGB") if image.mode == "RGBA" else image
                target = ImageCms.createProfile("sRGB")
                converted = ImageCms.profileToProfile(opaque, source, target, outputMode="RGB")
    if converted is None:
        return image.convert(mode)
    if mode == "RGBA":
        converted.putalpha(image.convert("RGBA").getchannel("A"))
    return converted


def _fit(image: Image.Image, fit: Fit, box: Size) -> Pixels:
    fitted = fit_content(fit, image.size, box)
    left, right = _round_target(fitted.x, box[0])
    top, bottom = _round_target(fitted.y, box[1])
    is_opaque = image.mode == "RGB"
    # Premultiplied before scaling, so that the colors of transparent pixels do not bleed.
    scaled = (image if is_opaque else image.convert("RGBa")).resize(
        (right - left, bottom - top),
        Image.Resampling.LANCZOS,
        box=(
            fitted.x.visible[0] * image.width,
            fitted.y.visible[0] * image.height,
            fitted.x.visible[1] * image.width,
            fitted.y.visible[1] * image.height,
        ),
        reducing_gap=3.0,
    )
    pixels = cast(Pixels, np.asarray(scaled))
    rgba = np.zeros((box[1], box[0], 4), np.uint8)
    part = rgba[top:bottom, left:right]
    part[..., 3] = 255 if is_opaque else pixels[..., 3]
    # Lanczos overshoots: limit premultiplied colors to their opacity.
    part[..., :3] = pixels if is_opaque else np.minimum(pixels[..., :3], pixels[..., 3:])
    if fit == "contain-blur" and not fitted.fills_box:
        return _add_blurred_backdrop(rgba, image, box)
    return rgba


def _round_target(axis: Axis, box: int) -> tuple[int, int]:
    first = min(round(axis.target[0]), box - 1)
    return first, min(max(round(axis.target[1]), first + 1), box)


def _add_blurred_backdrop(rgba: Pixels, image: Image.Image, box: Size) -> Pixels:
    small = (max(box[0] // 4, 1), max(box[1] // 4, 1))
    cover = Image.fromarray(_fit(image, "cover", small), "RGBa")
    blurred = cover.filter(ImageFilter.GaussianBlur(max(small) * 0.03)).resize(box, Image.Resampling.BICUBIC)
    free = 255 - rgba[..., 3:].astype(np.uint16)
    over: Pixels = (rgba + (np.asarray(blurred) * free + 127) // 255).astype(np.uint8)
    return over
