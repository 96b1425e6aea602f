"""The tool that lists the files of the data root."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from pydantic import Field

from ffmpeg_worker.frozen_model import FrozenModel
from ffmpeg_worker.job.result_parts import ResultModel
from ffmpeg_worker.mcp_server.read_arguments import read_arguments
from ffmpeg_worker.mcp_server.schemas import answer_schema, model_schema
from ffmpeg_worker.mcp_server.tool import Answer, Call, Tool
from ffmpeg_worker.owners import ANONYMOUS
from ffmpeg_worker.storage.content_types import content_type
from ffmpeg_worker.storage.local.file_area import FileArea, ListedFile

_MAX_TEXT = 4096


class _Arguments(FrozenModel):
    prefix: str = Field(
        "", max_length=_MAX_TEXT, description="Only files whose name begins with this.", examples=["clips/"]
    )
    after: str = Field(
        "", max_length=_MAX_TEXT, description="`next_after` of the page before.", examples=["clips/b.mp4"]
    )
    limit: int = Field(100, ge=1, le=1000, description="Maximum number of files.", examples=[100])


class _File(ResultModel):
    name: str = Field(description="Its name, which jobs use as an input.")
    size: int = Field(description="Bytes.")
    content_type: str = Field(description="Media type of its name.")
    modified_at: str = Field(description="When it was changed last, in UTC.")


class _Page(ResultModel):
    files: tuple[_File, ...] = Field(description="The files, in the order of their names.")
    next_after: str | None = Field(None, description="`after` of the next page; missing on the last one.")


async def _list(call: Call) -> Answer:
    asked = read_arguments(_Arguments, call.arguments)
    stores = call.services.resources.stores
    area = FileArea(stores.roots_of(ANONYMOUS), stores.data_usage, ANONYMOUS)
    found = await asyncio.to_thread(area.list, asked.prefix, asked.after, asked.limit + 1)
    shown = found[: asked.limit]
    following = shown[-1].name if len(found) > len(shown) else None
    return Answer(_Page(files=tuple(map(_describe, shown)), next_after=following).as_json())


def _describe(file: ListedFile) -> _File:
    moment = datetime.fromtimestamp(file.status.st_mtime, UTC)
    return _File(
        name=file.name,
        size=file.status.st_size,
        content_type=content_type(file.name),
        modified_at=moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


LIST_FILES = Tool(
    "list_files",
    "List files",
    "List the files of the data root, which jobs can use as inputs by their names. Outputs of jobs are there too.",
    model_schema(_Arguments),
    answer_schema(_Page),
    _list,
    is_read_only=True,
    is_idempotent=True,
)
