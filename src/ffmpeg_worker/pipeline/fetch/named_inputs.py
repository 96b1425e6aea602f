"""Inputs of a job that its texts name: lists, playlists and information files of HLS keys."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.file_names import display_name
from ffmpeg_worker.job.local_files import LocalFile
from ffmpeg_worker.planning import placeholders
from ffmpeg_worker.planning.required_inputs import RequiredInput

_QUOTED = re.compile(r'"([^"\r\n]*+)"')


class NamedInputs:
    """Fetches the inputs of a job, each once, also where a text names them before their turn comes."""

    def __init__(
        self,
        inputs: Iterable[RequiredInput],
        fetch_new: Callable[[RequiredInput], Awaitable[LocalFile]],
        complete: Callable[[LocalFile], Awaitable[None]],
    ) -> None:
        """`fetch_new` fetches an input; it is called once for each of `inputs`.

        `complete` downloads the rest of one that was only opened.
        """
        self._complete = complete
        self._inputs = {required.key: required for required in inputs}
        self._fetch_new = fetch_new
        self._tasks: dict[str, asyncio.Future[LocalFile]] = {}
        self._waits_for: dict[str, set[str]] = {}

    @property
    def tasks(self) -> tuple[asyncio.Future[LocalFile], ...]:
        """Fetches that have begun."""
        return tuple(self._tasks.values())

    async def fetch(self, required: RequiredInput) -> LocalFile:
        """Fetch an input of the job, or a file that a list names.

        Raises:
            WorkerError: with `where.input`.
        """
        if self._inputs.get(required.key) is not required:
            return await self._fetch_new(required)
        if required.key not in self._tasks:
            self._tasks[required.key] = asyncio.ensure_future(self._fetch_new(required))
        return await asyncio.shield(self._tasks[required.key])

    def find(self, name: str, *, is_own_text: bool) -> str | None:
        """The key of the input that a text names: by a placeholder, or bare where the job itself has the text."""
        key = placeholders.sole_name(name) or (name if is_own_text else None)
        return key if key in self._inputs else None

    async def fetch_for(self, text: RequiredInput, key: str, *, by_range: bool = False) -> LocalFile:
        """Fetch an input that a text names; with `by_range` it may stay open.

        Raises:
            InvalidJob: the texts name each other.
            WorkerError: with `where.input`.
        """
        if self._reaches(key, text.key):
            raise InvalidJob(
                f'The texts "{display_name(text.key)}" and "{display_name(key)}" name each other.',
                code="invalid_value",
                hint="Name the media themselves in one of them.",
            )
        self._waits_for.setdefault(text.key, set()).add(key)
        file = await self.fetch(self._inputs[key])
        if not by_range:
            await self._complete(file)
        return file

    async def fill(self, text: RequiredInput, content: str) -> str:
        """The content of a text with the staged names of the inputs that it names.

        Names count as placeholders, as whole lines and between quotation marks.

        Raises:
            WorkerError: see `fetch_for`.
        """
        paths = {key: (await self.fetch_for(text, key)).staged for key in self._find_named(content)}
        return _rename(content, paths)

    def _find_named(self, content: str) -> list[str]:
        names = [*placeholders.names_in(content), *_QUOTED.findall(content)]
        names += [line.strip() for line in content.splitlines()]
        return [name for name in dict.fromkeys(names) if name in self._inputs]

    def _reaches(self, start: str, end: str) -> bool:
        """Whether a fetch waits for another one, through any number of others."""
        seen: set[str] = set()
        remaining = [start]
        while remaining:
            key = remaining.pop()
            if key == end:
                return True
            if key not in seen:
                seen.add(key)
                remaining += self._waits_for.get(key, ())
        return False


def _rename(content: str, paths: dict[str, str]) -> str:
    lines = [
        line.replace(line.strip(), paths[line.strip()]) if line.strip() in paths else line
        for line in content.splitlines(keepends=True)
    ]
    quoted = _QUOTED.sub(lambda found: f'"{paths.get(found[1], found[1])}"', "".join(lines))
    return placeholders.fill(quoted, lambda name: paths.get(name, f"{{{{{name}}}}}"))
