"""Which of the encoders that most jobs ask for can be used here."""

from __future__ import annotations

import asyncio

from ffmpeg_worker.command.encoders import ENCODERS
from ffmpeg_worker.ffmpeg.tools import Tools
from ffmpeg_worker.tasks import cancel_and_wait

_SOFTWARE = [name for name, encoder in ENCODERS.items() if encoder.hardware is None]
_HARDWARE = [name for name in ENCODERS if name not in _SOFTWARE]


class MainEncoders:
    """Software encoders that are listed work; those of the hardware are tried once, beside other work."""

    def __init__(self) -> None:
        self._trial: asyncio.Task[frozenset[str]] | None = None

    def usable(self, tools: Tools) -> list[str]:
        """What is known to work by now; the first call starts the trial of the others."""
        if self._trial is None:
            self._trial = asyncio.ensure_future(tools.usable_encoders(_HARDWARE))
        listed = tools.capabilities.encoders
        tried = tools.capabilities.tried_encoders
        return [name for name in _SOFTWARE if name in listed] + [name for name in _HARDWARE if tried.get(name)]

    async def close(self) -> None:
        """End a trial that is still under way."""
        if self._trial is not None:
            await cancel_and_wait(self._trial)
