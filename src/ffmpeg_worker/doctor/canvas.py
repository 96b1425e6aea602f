"""Check of the renderer: it starts, and renders text with a bundled font."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from ffmpeg_worker.doctor.check import Check, Verdict
from ffmpeg_worker.errors import WorkerError
from ffmpeg_worker.pipeline.renderer_process import RendererSpawner
from ffmpeg_worker.process.child import Output
from ffmpeg_worker.scene.content import TextContent
from ffmpeg_worker.scene.scene import Element, Scene
from ffmpeg_worker.scene.scene_json import decode_text_metrics, encode_scene
from ffmpeg_worker.scene.text_style import TextStyle

_NAME = "canvas"
_TIMEOUT_S = 60.0
_MAX_BYTES = 1 << 20
_PNG = b"\x89PNG\r\n"
_SIDE = 32


async def check_canvas() -> Check:
    """Check whether compositions can be rendered."""
    renderer = RendererSpawner()
    try:
        renderer.require_packages()
        async with asyncio.timeout(_TIMEOUT_S):
            image = await _render(renderer, {"first": 0, "form": "png", "threads": 1})
            families = decode_text_metrics(await _render(renderer, {"form": "measure"})).families
    except WorkerError as error:
        return Check(_NAME, Verdict.WARN, f"no compositions: {error.message}", error.hint)
    except (TimeoutError, ValueError):
        return Check(_NAME, Verdict.FAIL, "the renderer does not respond", "Reinstall the package.")
    finally:
        await renderer.close()
    if not image.startswith(_PNG) or "Inter" not in families:
        return Check(_NAME, Verdict.FAIL, "the renderer lacks its fonts", "Reinstall the package.")
    return Check(
        _NAME, Verdict.OK, f"renders; fonts: {', '.join(name for name in families if name != name.lower())}"
    )


async def _render(renderer: RendererSpawner, request: dict[str, object]) -> bytes:
    text = TextContent("Aa", TextStyle(size=16), _SIDE)
    element = Element("layers[0]", 0, 1, text, 0, 0, width=_SIDE, height=_SIDE)
    scene = encode_scene(Scene(_SIDE, _SIDE, (25, 1), 1, (0.0, 0.0, 0.0, 1.0), (element,)))
    output = bytearray()
    with tempfile.TemporaryDirectory() as folder:
        drawing = await renderer.start(
            {"scene": scene, **request},
            stdout=Output(output.extend, _MAX_BYTES),
            cwd=Path(folder),
            confinement=None,
        )
        async with drawing.child:
            await drawing.wait()
    return bytes(output)
