"""How often a result is sent, and what replaces one that RunPod refuses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ffmpeg_worker import retry
from ffmpeg_worker.runpod_worker import deliver_result as module
from ffmpeg_worker.runpod_worker.deliver_result import deliver_result
from ffmpeg_worker.runpod_worker.platform import Platform

RESULT = {"output": {"success": True, "result": {}}}


class Refusing:
    """Responds to results with these statuses, then accepts them."""

    def __init__(self, *answers: tuple[int, str | None] | OSError) -> None:
        self.answers = list(answers)
        self.sent: list[dict[str, Any]] = []

    async def post_result(self, _job_id: str, result: dict[str, Any]) -> tuple[int, str | None]:
        self.sent.append(result)
        answer = self.answers.pop(0) if self.answers else (200, None)
        if isinstance(answer, OSError):
            raise answer
        return answer


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(retry, "asyncio", SimpleNamespace(sleep=sleep))
    return waited


@pytest.mark.parametrize(
    ("answers", "expected", "sent"),
    [
        ([(429, "7"), (503, "999"), (429, "tomorrow"), OSError()], [7, 30, 2, 4], 5),
        ([(401, None)], [], 1),
        ([(500, None)] * 99, list(module.PAUSES_S), 8),
    ],
)
async def test_retried_only_where_that_may_help(
    pauses: list[float], answers: list[Any], expected: list[float], sent: int
) -> None:
    platform = Refusing(*answers)
    assert await deliver_result(cast(Platform, platform), "x", RESULT) is (sent == 5)
    assert pauses == expected
    assert platform.sent == [RESULT] * sent


async def test_a_refused_result_is_replaced_once(pauses: list[float]) -> None:
    platform = Refusing((413, None), (400, None))
    assert await deliver_result(cast(Platform, platform), "x", RESULT) is False
    assert [sent.get("error", "")[:14] for sent in platform.sent] == ["", "RunPod refused"]
