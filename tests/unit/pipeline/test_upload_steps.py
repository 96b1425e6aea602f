"""Uploads of a lane as steps of the runtime."""

from __future__ import annotations

from typing import Any, cast

from ffmpeg_worker.pipeline.runtime import Runtime, always
from ffmpeg_worker.pipeline.upload_steps import UploadSteps


async def test_a_later_attempt_gets_the_upload_that_the_first_has_begun() -> None:
    records = Recorded()
    steps = UploadSteps(cast(Runtime, records), "lane-0")
    left: list[str | None] = []

    async def begin(found: str | None) -> str:
        left.append(found)
        return f"upload-{len(left)}"

    assert await steps.find_begun("a.mp4") is None
    assert records.results == {}
    assert [await steps.begin("a.mp4", begin), await steps.begin("a.mp4", begin)] == ["upload-1", "upload-2"]
    assert left == [None, "upload-1"]
    assert await steps.find_begun("a.mp4") == "upload-2"


class Recorded:
    """A runtime that keeps the results of steps."""

    def __init__(self) -> None:
        self.results: dict[str, Any] = {}

    async def step(self, name: str, _kind: Any, run: Any, *, is_usable: Any = always, **_: Any) -> Any:
        if name not in self.results or not is_usable(self.results[name]):
            self.results[name] = await run()
        return self.results[name]
