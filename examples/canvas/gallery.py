"""Draw the pictures of docs/gallery.md and docs/presets.md: `./run gallery [--all] [NAME…]`.

Also writes docs/gallery.md and the table of examples/canvas/README.md.

Only pictures that are out of date are drawn, unless `--all` or names are given.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from frame_strip import draw_checkers, join_frames, save_small
from gallery_check import (
    MAX_BYTES,
    digest_media,
    find_problems,
    find_stale,
    list_pictures,
    read_manifest,
    write_manifest,
)
from gallery_entries import ROOT, Entry, Recipe, all_entries, read_composition, read_recipes
from gallery_page import write_pages
from make_media import make_media
from PIL import Image
from recipe_pictures import draw_recipe, make_recipe_media

from ffmpeg_worker.job.parse import parse_job
from ffmpeg_worker.open_services import open_services
from ffmpeg_worker.services import Services
from ffmpeg_worker.settings import Settings

_HERE = Path(__file__).parent
_AT_ONCE = 2
_FRAME_PIXELS = 400_000
"""Of a frame before it is made smaller for the picture."""


async def draw_frame(services: Services, entry: Entry, number: int, folder: Path) -> Image.Image:
    """Draw one frame of a composition, over a checkered ground if it is transparent."""
    composition = read_composition(entry.name)
    width, height = composition["width"], composition["height"]
    share = min(1.0, (_FRAME_PIXELS / (width * height)) ** 0.5)
    data: dict[str, Any] = {
        "json": composition,
        "t": entry.times[number],
        "width": round(width * share / 2) * 2,
        "output": f"{entry.name}-{number}.png",
        "row": entry.rows[number] if entry.rows else 0,
    }
    await services.run(parse_job({"action": "canvas_preview", "data": data}))
    with Image.open(folder / data["output"]) as image:
        frame = image.convert("RGBA")
    return Image.alpha_composite(draw_checkers(frame.size), frame)


async def _draw_entry(services: Services, entry: Entry, folder: Path) -> None:
    frames = [await draw_frame(services, entry, number, folder) for number in range(len(entry.times))]
    name = f"gallery/{entry.name}.webp"
    _report(name, save_small(join_frames(frames), ROOT / "docs/images" / name, MAX_BYTES["gallery"]))


async def _draw_all(stale: Sequence[str]) -> None:
    limit = asyncio.Semaphore(_AT_ONCE)

    async def draw(work: Any) -> None:
        async with limit:
            await work

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(_HERE / "media", folder / "media")
        settings = Settings(data_root=folder, scratch_root=folder / "scratch")
        async with open_services(settings) as services:
            recipes = [one for one in read_recipes().values() if f"recipes/{one.name}.webp" in stale]
            if recipes:
                make_recipe_media(folder / "media")
            entries = [entry for entry in all_entries() if f"gallery/{entry.name}.webp" in stale]
            work = [draw(_draw_entry(services, entry, folder)) for entry in entries]
            work += [draw(_draw_recipe(services, recipe, folder)) for recipe in recipes]
            await asyncio.gather(*work)


async def _draw_recipe(services: Services, recipe: Recipe, folder: Path) -> None:
    picture = await draw_recipe(services, recipe, folder)
    name = f"recipes/{recipe.name}.webp"
    _report(name, save_small(picture, ROOT / "docs/images" / name, MAX_BYTES["recipes"]))


def _refresh_media() -> None:
    """Make the media, unless those of the same scripts are there."""
    stamp = _HERE / "media/made-by.txt"
    want = digest_media()
    if not stamp.exists() or stamp.read_text("utf-8") != want:
        make_media(_HERE / "media")
        stamp.write_text(want, encoding="utf-8")


def _report(name: str, size: int) -> None:
    print(f"{name}: {size / 1000:.1f} kB", flush=True)  # noqa: T201


def main(arguments: Sequence[str]) -> None:
    """Draw what is out of date, and write the pages."""
    pictures = list_pictures()
    names = {argument for argument in arguments if argument != "--all"}
    stale = list(pictures) if "--all" in arguments else find_stale()
    if names:
        stale = [name for name in pictures if Path(name).stem in names]
    if stale:
        _refresh_media()
        asyncio.run(_draw_all(stale))
    kept = {name: one["from"] for name, one in read_manifest().items() if name in pictures}
    write_manifest({**kept, **{name: pictures[name] for name in stale}})
    for path, text in write_pages().items():
        path.write_text(text, encoding="utf-8")
    if problems := list(find_problems()):
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main(sys.argv[1:])
