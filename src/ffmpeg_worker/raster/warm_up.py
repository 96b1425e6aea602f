"""Draws a small scene with every kind of content, so that forked renderers need to load nothing.

A confined fork could not load modules or libraries: it may read only its job's files.
"""

from __future__ import annotations

import importlib
import tempfile
import wave
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from ffmpeg_worker.raster.draw_frames import draw_frames, draw_png
from ffmpeg_worker.raster.text.break_text import warm_up_breakers
from ffmpeg_worker.raster.text.font_library import load_bundled, load_system
from ffmpeg_worker.scene.content import (
    Cue,
    Gradient,
    ImageContent,
    ShapeContent,
    SubtitlesContent,
    TextContent,
    VideoContent,
    WaveformContent,
    Word,
)
from ffmpeg_worker.scene.curve import Curve, Key
from ffmpeg_worker.scene.scene import Content, Element, GroupContent, Scene, Transition
from ffmpeg_worker.scene.text_style import Highlight, Shadow, Stroke, TextStyle

# Modules that the libraries import when they are first needed.
_LAZY_MODULES = (
    *("av.subtitles.codeccontext", "av.subtitles.stream", "PIL.ImageCms", "encodings.idna"),
    # Tables that fontTools needs to read other tables of WOFF2 fonts.
    *(f"fontTools.ttLib.tables.{table}" for table in ("_h_e_a_d", "_h_h_e_a", "_m_a_x_p")),
)
_SIDE = 32
_WHITE = (1.0, 1.0, 1.0, 1.0)
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h8v8z"/><text>a</text></svg>'


def warm_up() -> None:
    """Load everything that drawing may need. Raises OSError if there is no folder for temporary files."""
    for name in _LAZY_MODULES:
        importlib.import_module(name)
    Image.init()
    load_bundled()
    load_system()
    warm_up_breakers()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_files(folder)
        scene = _scene()
        for _ in draw_frames(
            scene, range(scene.frames), folder, is_transparent=False, threads=1, on_warning=lambda _: None
        ):
            pass
        draw_png(scene, 0, folder, threads=1, on_warning=lambda _: None)


def _write_files(folder: Path) -> None:
    gray = np.full((_SIDE, _SIDE, 3), 128, np.uint8)
    Image.fromarray(gray).save(folder / "a.jpg")
    Image.fromarray(gray).save(folder / "a.gif")
    (folder / "a.svg").write_text(_SVG)
    with wave.open(str(folder / "a.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    with av.open(str(folder / "a.mkv"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = _SIDE
        stream.pix_fmt = "yuv420p"
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(gray, "rgb24")))
        container.mux(stream.encode(None))


def _scene() -> Scene:
    style = TextStyle(
        size=8, stroke=Stroke(_WHITE, 1), shadows=(Shadow(_WHITE, blur=2),), highlight=Highlight(_WHITE)
    )
    cue = Cue(0, 1, "a b", (Word("a", 0, 0.5), Word("b", 0.5, 1)))
    video = VideoContent("a.mkv", (_SIDE, _SIDE), 0, 1)
    shape = ShapeContent("rect", Gradient((_WHITE, (0, 0, 0, 0))), radius=2)
    contents: tuple[Content, ...] = (
        video,
        ImageContent("a.jpg"),
        ImageContent("a.gif"),
        ImageContent("a.svg"),
        shape,
        WaveformContent("a.wav", _WHITE),
        TextContent("Aé ع א 👋", style, _SIDE),
        SubtitlesContent((cue,), style, _SIDE),
        GroupContent((_element(shape),)),
    )
    rotation = Curve((Key(0, (0,)), Key(1, (90,), "ease-in-out")))
    elements = [_element(content) for content in contents]
    elements += [
        _element(shape, rotation=rotation, blur=2, blend="multiply", opacity=0.5),
        _element(video, enter=Transition("radial", 3)),
        _element(video, enter=Transition("hl-slice", 3), replaces=len(elements) + 1),
    ]
    return Scene(_SIDE, _SIDE, (25, 1), 3, (0, 0, 0, 1), tuple(elements))


def _element(content: Content, **more: object) -> Element:
    return Element("layers[0]", 0, 3, content, 0, 0, width=_SIDE, height=_SIDE, **more)  # type: ignore[arg-type]
