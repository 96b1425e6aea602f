"""Sends webhooks that are due: sleeps until the next one is, or until one is stored."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import replace
from functools import partial
from typing import Any

from ffmpeg_worker.errors import Misconfigured, WorkerError
from ffmpeg_worker.job_queue.database import Database
from ffmpeg_worker.job_queue.job_record import time_text
from ffmpeg_worker.job_queue.output_links import OutputLinks
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.webhooks.callback import Callback, Shape
from ffmpeg_worker.job_queue.webhooks.claims import (
    Claim,
    Clock,
    Room,
    TryResult,
    claim_due,
    finish_try,
    read_database_clock,
    release_claims,
)
from ffmpeg_worker.job_queue.webhooks.message import Message, make_message
from ffmpeg_worker.job_queue.webhooks.schedule import next_pause
from ffmpeg_worker.job_queue.webhooks.send import Answer, send_webhook
from ffmpeg_worker.logs import job_id_var, log
from ffmpeg_worker.outbound.client import OutboundClient
from ffmpeg_worker.tasks import cancel_and_wait

MAX_AT_ONCE = 64
MAX_PER_RECEIVER = 4
_MAX_PER_FAILING_RECEIVER = 1
_MAX_FAILING_KNOWN = 10_000
_LOOK_S = 30.0
"""Seconds after which deliveries of processes that have died, and jumps of the clock, are noticed."""
_BLOCKED_S = 1.0
_OUTAGE_S = 2.0
_CLOSE_S = 5.0
_PATIENCE_S = 5.0
_RECORD_PATIENCE_S = 45.0
"""Shorter than a claim: a try that cannot be recorded is repeated."""


class Deliverer:
    """Sends webhooks of all processes that share the database."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        outbound: OutboundClient,
        secrets: Sequence[str],
        *,
        public_url: str | None,
        links: OutputLinks,
        clock: Clock = read_database_clock,
    ) -> None:
        """`secrets` sign; `public_url` is the base of links, else that of the request which sent the job."""
        self._database = database
        self._seal = seal
        self._outbound = outbound
        self._secrets = secrets
        self._public_url = public_url
        self._links = links
        self._clock = clock
        self._executor = ""
        self._woken = asyncio.Event()
        self._looping: asyncio.Task[None] | None = None
        self._tries: dict[asyncio.Task[None], Claim] = {}
        self._failing: set[str] = set()
        self._is_short_of_room = False

    def open(self, executor: str) -> None:
        """Start to send, under the name of this process."""
        self._executor = executor
        # In a context of its own: the one of the caller belongs to a request.
        self._looping = asyncio.create_task(self._loop(), context=Context())

    def wake(self) -> None:
        """Look for deliveries now: one was stored."""
        self._woken.set()

    async def close(self) -> None:
        """Send what is due, as far as a few seconds allow; the rest is left to others."""
        if self._looping is None:
            return
        await cancel_and_wait(self._looping)
        until = time.monotonic() + _CLOSE_S
        with suppress(WorkerError):
            await self._look(patience_s=1.0)
        while self._tries and (left := until - time.monotonic()) > 0:
            await asyncio.wait(self._tries, timeout=left)
        await cancel_and_wait(*self._tries)
        with suppress(WorkerError):
            await self._database.run(partial(release_claims, executors=[self._executor]), patience_s=1.0)

    async def _loop(self) -> None:
        while True:
            self._woken.clear()
            try:
                pause_s = await self._look(patience_s=_PATIENCE_S)
            except WorkerError as error:
                log(logging.WARNING, "webhooks wait for the database", detail=error.detail)
                pause_s = _OUTAGE_S
            except Exception:
                log(logging.ERROR, "webhooks cannot be looked for", exc_info=True)
                pause_s = _LOOK_S
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()

    async def _look(self, *, patience_s: float) -> float:
        """Claim what is due and begin to send it; returns the seconds until the next look."""
        counts = Counter(claim.receiver for claim in self._tries.values())
        room = Room(
            executor=self._executor,
            total=MAX_AT_ONCE - len(self._tries),
            of_receivers={
                **dict.fromkeys(self._failing, _MAX_PER_FAILING_RECEIVER),
                **{receiver: self._limit_of(receiver) - count for receiver, count in counts.items()},
            },
            of_others=MAX_PER_RECEIVER,
            held=[claim.delivery_id for claim in self._tries.values()],
        )
        self._is_short_of_room = True  # so that a try which ends meanwhile is not overlooked
        if room.total <= 0:
            return _LOOK_S  # the end of a try wakes
        claim = partial(claim_due, clock=self._clock, room=room)
        claims, next_s = await self._database.run(claim, patience_s=patience_s)
        for each in claims:
            self._tries[asyncio.create_task(self._deliver(each))] = each
        counts = Counter(claim.receiver for claim in self._tries.values())
        is_full = any(count >= self._limit_of(receiver) for receiver, count in counts.items())
        # One that is due but was not claimed waits for another of its job.
        self._is_short_of_room = is_full or len(self._tries) >= MAX_AT_ONCE or next_s == 0
        if next_s is None:
            return _LOOK_S
        return min(max(next_s, _BLOCKED_S if next_s == 0 else 0.0), _LOOK_S)

    def _limit_of(self, receiver: str) -> int:
        return _MAX_PER_FAILING_RECEIVER if receiver in self._failing else MAX_PER_RECEIVER

    async def _deliver(self, claim: Claim) -> None:
        job_id_var.set(claim.record.job_id)
        is_delivered = False
        try:
            is_delivered = await self._try(claim)
        except WorkerError as error:
            log(logging.WARNING, "the try of a webhook could not be recorded", detail=error.detail)
        except Exception:
            log(logging.ERROR, "a try could not be recorded", exc_info=True, delivery=claim.delivery_id)
            await asyncio.sleep(_LOOK_S)  # it stays claimed: without a record it would be sent again at once
        finally:
            task = asyncio.current_task()
            if task is not None:
                self._tries.pop(task, None)
            if self._is_short_of_room or not is_delivered:
                self.wake()

    async def _try(self, claim: Claim) -> bool:
        """Send a webhook and record the try; returns whether it was accepted."""
        at = time.time()
        shape, answer = await self._send(claim, at)
        self._note(claim.receiver, answer)
        entry: dict[str, Any] = {"at": time_text(at), "status": answer.status, "error": answer.error}
        entry = {key: value for key, value in entry.items() if value is not None}
        pause_s = None
        if answer.error is not None and not answer.is_refused:
            pause_s = next_pause(
                claim.event,
                shape,
                claim.attempts + 1,
                status=answer.status,
                retry_after_s=answer.retry_after_s,
            )
        result = TryResult({**entry, "seconds": round(answer.seconds, 3)}, answer.error is None, pause_s)
        finish = partial(finish_try, clock=self._clock, executor=self._executor, claim=claim, result=result)
        has_failed = await self._database.run(finish, patience_s=_RECORD_PATIENCE_S)
        log(
            logging.WARNING if has_failed else logging.INFO,
            _describe(result, has_failed=has_failed),
            delivery=claim.delivery_id,
            type=claim.event,
            **entry,
        )
        return result.is_delivered

    async def _send(self, claim: Claim, at: float) -> tuple[Shape, Answer]:
        shape: Shape = "standard"
        try:
            callback, message = await asyncio.to_thread(self._prepare, claim, at)
            shape = callback.shape
            return shape, await send_webhook(self._outbound, callback, message)
        except Misconfigured:
            return shape, Answer(None, "The webhook was stored under another FFMPEG_WORKER_STATE_KEY.", 0.0)
        except Exception:
            log(logging.ERROR, "a webhook failed unexpectedly", exc_info=True, delivery=claim.delivery_id)
            return shape, Answer(None, "The worker failed; its log has the reason.", 0.0)

    def _prepare(self, claim: Claim, now: float) -> tuple[Callback, Message]:
        """Open what is sealed, and make the message; in a thread, since a result may be large."""
        callback = Callback.open(self._seal.unseal(claim.target))
        record = claim.record
        if record.sealed_result is not None:
            record = replace(
                record, result=json.loads(self._seal.unseal(record.sealed_result)), sealed_result=None
            )
        base_url = self._public_url or callback.base_url
        if base_url is not None:
            record = self._links.describe_outputs(record, base_url)
        return callback, make_message(claim, record, callback, self._secrets, base_url, now)

    def _note(self, receiver: str, answer: Answer) -> None:
        """A receiver that fails gets one webhook at a time, so that it does not hold the room of others."""
        if answer.error is None:
            self._failing.discard(receiver)
        elif len(self._failing) < _MAX_FAILING_KNOWN:
            self._failing.add(receiver)


def _describe(result: TryResult, *, has_failed: bool) -> str:
    if result.is_delivered:
        return "webhook delivered"
    return "webhook given up" if has_failed else "webhook not accepted"
