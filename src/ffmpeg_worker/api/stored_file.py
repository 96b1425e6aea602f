"""The JSON of files, for answers and for the OpenAPI document."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from ffmpeg_worker.api.conditions import Version
from ffmpeg_worker.storage.content_types import content_type

FILE_EXAMPLE: Mapping[str, Any] = {
    "name": "clips/intro.mp4",
    "size": 183422,
    "content_type": "video/mp4",
    "modified_at": "2026-11-30T12:00:00.000Z",
    "etag": '"1f3a2-2cc7e-18b3c9f5d1e2a000"',
    "url": "https://media.example/api/files/~1796094000.x.anonymous.6edf97/clips/intro.mp4",
}


class StoredFile(BaseModel):
    """A file in the data root of a caller."""

    name: str = Field(description="Its name, which jobs can use as an input.", examples=["clips/intro.mp4"])
    size: int = Field(description="Size in bytes.", examples=[183422])
    content_type: str = Field(description="Media type of the name.", examples=["video/mp4"])
    modified_at: datetime = Field(
        description="When it was put there or changed.", examples=["2026-11-30T12:00:00.000Z"]
    )
    etag: str = Field(description="Changes with its content.", examples=[FILE_EXAMPLE["etag"]])
    url: str = Field(
        description="Signed link by which it can be fetched without a key, until it expires.",
        examples=[FILE_EXAMPLE["url"]],
    )


class FilePage(BaseModel):
    """A page of files, in the order of their names."""

    files: list[StoredFile] = Field(description="The files.", examples=[[FILE_EXAMPLE]])
    next_cursor: str | None = Field(
        None, description="`cursor` of the next page; missing on the last one.", examples=["Y2xpcHMvaW50cm8ubXA0"]
    )


class StoredFiles(BaseModel):
    """The files of a form."""

    files: list[StoredFile] = Field(description="The files, in the order of the form.", examples=[[FILE_EXAMPLE]])


class UnfinishedFile(BaseModel):
    """A file of which not all parts were received."""

    name: str = Field(description="The name that it will have.", examples=["clips/intro.mp4"])
    received: int = Field(description="Bytes received; the next part begins there.", examples=[65536])
    size: int = Field(description="Bytes of the whole file.", examples=[183422])


def describe_file(name: str, status: os.stat_result, url: str) -> dict[str, Any]:
    """Return the JSON of a file."""
    moment = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="milliseconds")
    return {
        "name": name,
        "size": status.st_size,
        "content_type": content_type(name),
        "modified_at": moment.replace("+00:00", "Z"),
        "etag": Version.of(status).tag,
        "url": url,
    }
