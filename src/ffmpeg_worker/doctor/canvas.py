"""Check of the renderer: it starts, and draws a letter with a font of its own."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from ffmpeg_worker.doctor.check import Check, Verdict
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.pipeline.renderer_process import RendererSpawner
from ffmpeg_worker.process.child import Output
from ffmpeg_worker.scene.scene import Element, Scene, TextContent
from ffmpeg_worker.scene.scene_json import decode_text_metrics, encode_scene
from ffmpeg_worker.scene.text_style import TextStyle

_NAME = "canvas"
_TRIAL_S = 60.0
_MAX_BYTES = 1 << 20
_PNG = b"\x89PNG\r\n"
_SIDE = 32


async def check_canvas() -> Check:
    """Whether compositions can be drawn here."""
    renderer = RendererSpawner()
    try:
        renderer.require_packages()
        async with asyncio.timeout(_TRIAL_S):
            picture = await _answer(renderer, {"first": 0, "form": "png", "threads": 1})
            families = decode_text_metrics(await _answer(renderer, {"form": "measure"})).families
    except WorkerError as error:
        return Check(_NAME, Verdict.WARN, f"no compositions: {error.message}", error.hint)
    except (TimeoutError, ValueError):
        return Check(_NAME, Verdict.FAIL, "the renderer does not answer", "Install the package anew.")
    finally:
        await renderer.close()
    if not picture.startswith(_PNG) or "Inter" not in families:
        return Check(_NAME, Verdict.FAIL, "the renderer lacks its fonts", "Install the package anew.")
    return Check(
        _NAME, Verdict.OK, f"draws; fonts: {', '.join(name for name in families if name != name.lower())}"
    )


async def _answer(renderer: RendererSpawner, order: dict[str, object]) -> bytes:
    text = TextContent("Aa", TextStyle(size=16), _SIDE)
    element = Element("layers[0]", 0, 1, text, 0, 0, width=_SIDE, height=_SIDE)
    scene = encode_scene(Scene(_SIDE, _SIDE, (25, 1), 1, (0.0, 0.0, 0.0, 1.0), (element,)))
    answer = bytearray()
    with tempfile.TemporaryDirectory() as folder:
        drawing = await renderer.start(
            {"scene": scene, **order}, stdout=Output(answer.extend, _MAX_BYTES), cwd=Path(folder), confinement=None
        )
        async with drawing.child:
            await drawing.wait()
    return bytes(answer)
