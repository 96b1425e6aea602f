"""Folders of fonts of the data root that a command names, copied into its working directory."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from ffmpeg_worker.errors import InvalidJob, SourceNotFound, WorkerError
from ffmpeg_worker.job.file_names import check_name, display_name
from ffmpeg_worker.job.sources import FileSource
from ffmpeg_worker.planning.commands.subtitle_fonts import FONT_SUFFIXES
from ffmpeg_worker.storage.stores import Stores
from ffmpeg_worker.storage.transfer import TransferMeter
from ffmpeg_worker.tasks import in_turns


async def copy_font_folders(
    names: Iterable[str], folder: Path, stores: Stores, check_room: Callable[[int], None]
) -> None:
    """Copy the fonts of each folder under the same name; libass would use another font without a word.

    `check_room` receives the size of each font before it is copied, and may raise.

    Raises:
        SourceNotFound: there is no such folder, or no font in it.
        InvalidJob: it is a file.
        WorkerError: the job may not read it.
    """
    for name in sorted(names):
        fonts = await _find_fonts(name, stores, folder)
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        async for font in in_turns(fonts):
            check_room(font.stat().st_size)
            await asyncio.to_thread(shutil.copyfile, font, target / font.name)


async def _find_fonts(name: str, stores: Stores, folder: Path) -> list[Path]:
    check_name(name, what="input")
    source = FileSource(url=f"{name}/*")
    try:
        found = await stores.source(source).find(source.url)
    except SourceNotFound:
        if await _is_file(name, stores, folder):
            raise InvalidJob(
                f'"fontsdir" names the file "{display_name(name)}", and libass reads folders of fonts.',
                code="invalid_value",
                hint="Name the folder that holds the font, or give the font as an input: fontsdir={{font}}.",
                where={"argument": "fontsdir"},
            ) from None
        found = []
    fonts = [path for path in found if path.suffix.lower() in FONT_SUFFIXES]
    if not fonts:
        raise SourceNotFound(
            f'There is no folder "{display_name(name)}" with fonts.',
            hint="Give the font as an input and write fontsdir={{its_name}}, or put a folder of fonts under the "
            "data root.",
            where={"argument": "fontsdir"},
        )
    return fonts


async def _is_file(name: str, stores: Stores, folder: Path) -> bool:
    source = FileSource(url=name)
    try:
        await stores.source(source).fetch(source, folder, TransferMeter())
    except WorkerError:
        return False
    return True
