"""Webhooks: what receivers get, when it is tried again, and which process sends it."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from standardwebhooks import Webhook

from ffmpeg_worker.client.webhooks import InvalidSignature, verify_webhook
from ffmpeg_worker.errors import AddressNotAllowed, DeliveryNotFound, InvalidJob, JobNotFound
from ffmpeg_worker.job_queue.attempt_store import begin_attempt, finish_job
from ffmpeg_worker.job_queue.database import Database, sqlite_url
from ffmpeg_worker.job_queue.job_record import JobStatus
from ffmpeg_worker.job_queue.job_store import NewJob, insert_job, restart_job
from ffmpeg_worker.job_queue.seal import Seal
from ffmpeg_worker.job_queue.webhooks import deliverer, send
from ffmpeg_worker.job_queue.webhooks.callback import Callback
from ffmpeg_worker.job_queue.webhooks.claims import CLAIM_S, Room, claim_due
from ffmpeg_worker.job_queue.webhooks.progress_events import store_progress
from ffmpeg_worker.job_queue.webhooks.schedule import PAUSES_S
from ffmpeg_worker.job_queue.webhooks.webhooks import Webhooks
from ffmpeg_worker.settings import Settings
from support.servers.certificates import make_certificates
from support.servers.receiver import Receiver, drip, flood, hang, open_receiver, redirect, refuse, reset

SECRETS = ["whsec_" + "QUFB" * 8, "whsec_" + "QkJC" * 8]
LOCAL = Settings(
    allow_http_inputs=True,
    fetch_allow_cidrs=(ip_network("127.0.0.1/32"),),
    webhook_secret=" ".join(SECRETS),
    public_url="https://media.example/",
)
HOUR = 3600.0


@dataclass
class Clock:
    """The clock of the database, which tests move."""

    offset: float = 0.0

    def __call__(self, _connection: sa.Connection | None = None) -> float:
        return time.time() + self.offset


@dataclass
class Queue:
    """The webhooks of some processes that share a database, without the engine that runs jobs."""

    path: Path
    stack: AsyncExitStack
    clock: Clock = field(default_factory=Clock)
    seal: Seal = field(default_factory=lambda: Seal("key"))
    opened: list[Webhooks] = field(default_factory=list)
    database: Database = field(init=False)
    webhooks: Webhooks = field(init=False)

    async def open_process(self, settings: Settings = LOCAL, *, sends: bool = True) -> Webhooks:
        """Open another process."""
        database = Database(sqlite_url(self.path))
        await database.open()
        self.stack.push_async_callback(database.close)
        webhooks = Webhooks(settings, database, self.seal, clock=self.clock)
        if sends:
            webhooks.open(f"process-{len(self.opened)}")
        self.stack.push_async_callback(webhooks.close)
        self.opened.append(webhooks)
        self.database = database
        return webhooks

    async def add(self, callback: Callback) -> str:
        """Store a job; returns its id."""
        job = NewJob(
            job_id=str(uuid.uuid4()),
            owner="one",
            action="probe",
            priority=50,
            body=b"",
            body_digest="",
            callback=self.webhooks.seal_callback(callback),
            metadata={"order": "A-17"},
        )
        await self.database.run(partial(insert_job, job=job))
        return job.job_id

    async def end(self, job_id: str, result: dict[str, Any] | None = None, token: str | None = None) -> None:
        """End a job, well where there is a result, and wake the process that ends it."""
        values: dict[str, Any] = {"status": JobStatus.FAILED, "error": {"error": "No.", "code": "timed_out"}}
        if result is not None:
            sealed = self.seal.seal(json.dumps(result).encode())
            values = {"status": JobStatus.SUCCEEDED, "result": sealed}
        await self.database.run(partial(finish_job, job_id=job_id, token=token, **values))
        self.webhooks.wake()

    async def send(self, url: str, **callback: Any) -> str:
        """Run a job with a callback to its end; returns its id."""
        job_id = await self.add(Callback(url, **callback))
        await self.end(job_id, {"outputs": []})
        return job_id

    async def delivery(self, job_id: str) -> dict[str, Any]:
        """The newest delivery of a job."""
        return (await self.webhooks.list_deliveries(job_id, "one"))[0]

    async def tried(self, job_id: str, count: int) -> dict[str, Any]:
        """The newest delivery of a job, after so many tries."""
        deadline = time.monotonic() + 20
        while len((found := await self.delivery(job_id))["tries"]) < count:
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.01)
        return found

    def move(self, seconds: float) -> None:
        """Move the clock, and let all processes look at it."""
        self.clock.offset += seconds
        for webhooks in self.opened:
            webhooks.wake()


@pytest_asyncio.fixture
async def queue(tmp_path: Path) -> AsyncIterator[Queue]:
    async with AsyncExitStack() as stack:
        opened = Queue(tmp_path / "jobs.db", stack)
        opened.webhooks = await opened.open_process()
        yield opened


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def test_a_receiver_gets_a_signed_message_with_the_job(queue: Queue, receiver: Receiver) -> None:
    job_id = await queue.send(f"{receiver.url}/hook?a=1", auth_header="Bearer abc")
    message = await receiver.wait_for(1)
    assert (message.method, message.path) == ("POST", "/hook?a=1")
    assert message.headers["content-type"] == "application/json"
    assert message.headers["user-agent"].startswith("ffmpeg-worker/")
    assert message.headers["authorization"] == "Bearer abc"
    assert message.json["type"] == "job.succeeded"
    job = message.json["data"]
    assert message.json["timestamp"] == job["ended_at"]
    assert (job["id"], job["status"], job["result"]) == (job_id, "succeeded", {"outputs": []})
    assert job["metadata"] == {"order": "A-17"}
    assert job["status_url"] == f"https://media.example/api/jobs/{job_id}"
    for secret in SECRETS:
        Webhook(secret).verify(message.body, dict(message.headers))
        assert verify_webhook(message.body, message.headers, secret)["data"] == job
    with pytest.raises(InvalidSignature):
        verify_webhook(message.body + b" ", message.headers, SECRETS)
    delivery = await queue.tried(job_id, 1)
    assert (delivery["status"], delivery["id"], delivery["tries"][0]["status"]) == ("delivered", message.id, 204)


async def test_a_failed_job_is_told_with_its_error(queue: Queue, receiver: Receiver) -> None:
    job_id = await queue.add(Callback(receiver.url, auth_header="X-Key: k:1"))
    await queue.end(job_id)
    message = await receiver.wait_for(1)
    assert message.json["type"] == "job.failed"
    assert message.json["data"]["error"]["code"] == "timed_out"
    assert message.headers["x-key"] == "k:1"


async def test_secrets_of_the_callback_are_neither_stored_in_clear_nor_shown(
    queue: Queue, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [500]
    caplog.set_level("DEBUG")
    job_id = await queue.send(f"{receiver.url}/path-canary?key=query-canary", auth_header="header-canary")
    shown = json.dumps(await queue.tried(job_id, 1)) + caplog.text
    stored = b"".join(path.read_bytes() for path in queue.path.parent.glob("jobs.db*"))
    for secret in ("path-canary", "query-canary", "header-canary", *SECRETS):
        assert secret not in shown
        assert secret.encode() not in stored


async def test_a_try_that_fails_is_repeated_under_the_same_id(queue: Queue, receiver: Receiver) -> None:
    receiver.answers = [500, 503, 204]
    job_id = await queue.send(receiver.url)
    first = await queue.tried(job_id, 1)
    assert (first["status"], first["tries"][0]["error"]) == ("pending", "The receiver answered 500.")
    for count, seconds in ((2, 7), (3, 40)):
        queue.move(seconds)
        await queue.tried(job_id, count)
    assert (await queue.tried(job_id, 3))["status"] == "delivered"
    assert {(message.id, message.body) for message in receiver.received} == {
        (first["id"], receiver.received[0].body)
    }


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (reset, "The receiver broke off the connection."),
        (hang, "The receiver did not answer within 0.2 s."),
        (410, "The receiver answered 410."),
    ],
)
async def test_why_a_message_was_not_accepted(
    queue: Queue, receiver: Receiver, answer: Any, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "TIMEOUT_S", 0.2)
    receiver.answers = [answer]
    found = await queue.tried(await queue.send(receiver.url), 1)
    assert found["tries"][0]["error"] == sentence
    assert found["status"] == ("failed" if answer == 410 else "pending")


async def test_redirects_are_not_followed(queue: Queue, receiver: Receiver) -> None:
    async with open_receiver() as target:
        receiver.answers = [redirect(target.url)]
        found = await queue.tried(await queue.send(receiver.url), 1)
        assert target.received == []
    assert "redirects with 307" in found["tries"][0]["error"]


@pytest.mark.parametrize("answer", [drip, flood])
async def test_the_status_counts_whatever_the_body_is(queue: Queue, receiver: Receiver, answer: Any) -> None:
    receiver.answers = [answer]
    found = await queue.tried(await queue.send(receiver.url), 1)
    assert (found["status"], found["tries"][0]["status"]) == ("delivered", 200)


async def test_a_receiver_needs_a_valid_certificate(queue: Queue, tmp_path: Path) -> None:
    _, context = make_certificates(tmp_path)
    async with open_receiver(context) as receiver:
        found = await queue.tried(await queue.send(receiver.url.replace("localhost", "127.0.0.1")), 1)
        assert receiver.received == []
    assert found["tries"][0]["error"] == "The receiver has no valid TLS certificate."


async def test_a_private_address_is_given_up(queue: Queue, receiver: Receiver) -> None:
    await queue.webhooks.close()
    job_id = await queue.send(receiver.url)
    await queue.open_process(Settings(allow_http_inputs=True))  # with stricter rules than at the time of the job
    found = await queue.tried(job_id, 1)
    assert (found["status"], receiver.received) == ("failed", [])
    assert found["tries"][0]["error"] == "The worker may not call the address of the receiver."


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://app.example/", "it is not encrypted"),
        ("https://user:password@app.example/", "it contains a user or password"),
        ("https://10.1.2.3/", "it does not lead to a public host"),
        ("https://[::1]/", "it does not lead to a public host"),
        ("https://[fd00::1]/", "it does not lead to a public host"),
        ("https://169.254.169.254/latest", "it does not lead to a public host"),
        ("https://localhost/", "it does not lead to a public host"),
        ("https://app.localhost./", "it does not lead to a public host"),
        ("https://2130706433/", "it does not lead to a public host"),
        ("https://0x7f.1/", "it does not lead to a public host"),
        ("https://app.example:22/", "it does not lead to a public host"),
        ("https:///path", "cannot be used"),
    ],
)
async def test_a_receiver_that_can_never_be_called_is_refused(queue: Queue, url: str, reason: str) -> None:
    strict = await queue.open_process(Settings(), sends=False)
    with pytest.raises(AddressNotAllowed) as caught:
        strict.seal_callback(Callback(url, job_field="webhook"))
    assert reason in caught.value.message
    assert "password" not in caught.value.message.replace("a user or password", "")
    assert caught.value.where == {"field": "webhook"}


@pytest.mark.parametrize(
    "header",
    ["Host: x", "content-length: 1", "Webhook-Signature: v1,x", "User-Agent: x", "X-Key:", "Bearer \u00e4"],
)
async def test_a_header_that_may_not_be_set_is_refused(queue: Queue, header: str) -> None:
    with pytest.raises(InvalidJob) as caught:
        queue.webhooks.seal_callback(Callback("https://app.example/", auth_header=header))
    assert (caught.value.code, caught.value.where) == ("invalid_header", {"field": "callback_auth_header"})


async def test_a_receiver_that_is_down_for_an_hour_gets_the_message_once(queue: Queue) -> None:
    async with open_receiver() as receiver:
        port = int(receiver.url.rpartition(":")[2])
    job_id = await queue.send(f"http://127.0.0.1:{port}")
    for count, pause_s in enumerate(PAUSES_S, 1):
        found = await queue.tried(job_id, count)
        if queue.clock.offset > HOUR:
            break
        queue.move(pause_s * 1.2 + 1)
    assert len(found["tries"]) == 7
    assert {entry["error"] for entry in found["tries"]} == {
        "The receiver cannot be reached: the connection was refused."
    }
    async with open_receiver(port=port) as receiver:
        queue.move(4 * HOUR)
        message = await receiver.wait_for(1)
        assert (await queue.tried(job_id, len(found["tries"]) + 1))["status"] == "delivered"
        assert [each.id for each in receiver.received] == [message.id] == [found["id"]]


async def test_a_message_is_given_up_after_a_day_and_can_be_sent_again(queue: Queue, receiver: Receiver) -> None:
    receiver.answers = [500]
    job_id = await queue.send(receiver.url)
    for count in range(1, 11):
        found = await queue.tried(job_id, count)
        queue.move(16 * HOUR)
    assert (found["status"], "next_try_at" in found) == ("failed", False)
    receiver.answers = [204]
    assert (await queue.webhooks.replay(job_id, found["id"], "one"))["status"] == "pending"
    found = await queue.tried(job_id, 11)
    assert found["status"] == "delivered"
    assert {message.id for message in receiver.received} == {found["id"]}
    await queue.webhooks.replay(job_id, found["id"], "one")
    assert (await queue.tried(job_id, 12))["status"] == "delivered"
    with pytest.raises(JobNotFound):
        await queue.webhooks.replay(job_id, found["id"], "another")
    with pytest.raises(DeliveryNotFound):
        await queue.webhooks.replay(job_id, "msg_other", "one")


@pytest.mark.parametrize(("asked", "waits"), [("600", 600), ("99999999", HOUR), ("0", 0), ("soon", 0)])
async def test_retry_after_is_respected_within_an_hour(
    queue: Queue, receiver: Receiver, asked: str, waits: float
) -> None:
    receiver.answers = [refuse(429, Retry_After=asked), 204]
    job_id = await queue.send(receiver.url)
    await queue.tried(job_id, 1)
    if waits:
        queue.move(waits - 30)
        free = Room("nobody", 9, {}, 9, held=[])
        assert (await queue.database.run(partial(claim_due, clock=queue.clock, room=free)))[0] == []
    queue.move(40)
    await receiver.wait_for(2)


async def test_a_jump_of_the_clock_neither_loses_nor_multiplies_tries(queue: Queue, receiver: Receiver) -> None:
    receiver.answers = [500]
    job_id = await queue.send(receiver.url)
    await queue.tried(job_id, 1)
    queue.move(365 * 24 * HOUR)
    await queue.tried(job_id, 2)
    queue.move(-365 * 24 * HOUR)  # the next try was planned for a time that comes in a year
    await queue.tried(job_id, 3)
    for webhooks in queue.opened * 5:
        webhooks.wake()
        await queue.delivery(job_id)
    assert len(receiver.received) == 3


async def test_of_several_processes_one_sends(queue: Queue, receiver: Receiver) -> None:
    await queue.open_process()
    await queue.open_process()
    jobs = [await queue.add(Callback(receiver.url)) for _ in range(20)]
    for job_id in jobs:
        await queue.end(job_id, {})
        queue.move(0)
    for job_id in jobs:
        assert (await queue.tried(job_id, 1))["status"] == "delivered"
    assert len({message.id for message in receiver.received}) == len(receiver.received) == 20


async def test_a_slow_receiver_does_not_delay_others(
    queue: Queue, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliverer, "MAX_AT_ONCE", 6)
    async with open_receiver() as slow:
        slow.answers = [hang]
        for _ in range(deliverer.MAX_AT_ONCE + 10):
            await queue.send(slow.url)
        await slow.wait_for(deliverer.MAX_PER_RECEIVER)
        await queue.tried(await queue.send(receiver.url), 1)
        assert slow.most_open == slow.open == deliverer.MAX_PER_RECEIVER


async def test_what_a_dead_process_was_sending_is_sent_by_another(queue: Queue, receiver: Receiver) -> None:
    await queue.webhooks.close()
    job_id, other = await queue.send(receiver.url), await queue.send(receiver.url)
    dead = Room("dead", 1, {}, 1, held=[])
    for _ in range(2):
        claimed, _next = await queue.database.run(partial(claim_due, clock=queue.clock, room=dead))
        assert len(claimed) == 1  # the second time, the claim of the first was lost with its answer
    living = await queue.open_process()
    await queue.tried(other if claimed[0].record.job_id == job_id else job_id, 1)
    assert len(receiver.received) == 1
    await living.take_over(["dead"])
    assert (await receiver.wait_for(2)).id == claimed[0].delivery_id


async def test_a_claim_runs_out(queue: Queue, receiver: Receiver) -> None:
    await queue.webhooks.close()
    job_id = await queue.send(receiver.url)
    lost = Room("lost", 9, {}, 9, held=[])
    assert len((await queue.database.run(partial(claim_due, clock=queue.clock, room=lost)))[0]) == 1
    await queue.open_process()
    queue.move(CLAIM_S + 1)
    assert (await queue.tried(job_id, 1))["status"] == "delivered"


async def test_what_was_due_at_the_end_of_the_process_is_sent_before(queue: Queue, receiver: Receiver) -> None:
    job_id = await queue.send(receiver.url)
    await queue.webhooks.close()
    assert (await queue.delivery(job_id))["status"] == "delivered"


async def run_with_progress(queue: Queue, url: str) -> tuple[str, str]:
    """Begin a job that tells its progress; returns its id and the token of its attempt."""
    job_id, token = await queue.add(Callback(url, events=("progress", "end"))), "token"
    await queue.database.run(partial(begin_attempt, job_id=job_id, executor="process-0", token=token))
    return job_id, token


async def test_the_end_comes_after_progress_that_is_being_sent(queue: Queue, receiver: Receiver) -> None:
    gate = asyncio.Event()

    async def wait(_request: Any) -> Any:
        await gate.wait()
        return await refuse(204)(_request)

    receiver.answers = [wait, 204]
    job_id, token = await run_with_progress(queue, receiver.url)
    assert await queue.database.run(partial(store_progress, tokens={job_id: token})) == {job_id: True}
    queue.webhooks.wake()
    await receiver.wait_for(1)
    await queue.database.run(partial(store_progress, tokens={job_id: token}))  # waits, and is overtaken by the end
    await queue.end(job_id, {}, token)
    queue.move(0)
    assert [message.json["type"] for message in receiver.received] == ["job.progress"]
    gate.set()
    await receiver.wait_for(2)
    await queue.tried(job_id, 1)
    assert [message.json["type"] for message in receiver.received] == ["job.progress", "job.succeeded"]
    assert receiver.received[0].json["data"]["status"] == "running"
    assert await queue.database.run(partial(store_progress, tokens={job_id: token})) == {}


async def test_progress_is_tried_twice_at_most(queue: Queue, receiver: Receiver) -> None:
    receiver.answers = [500]
    job_id, token = await run_with_progress(queue, receiver.url)
    await queue.database.run(partial(store_progress, tokens={job_id: token}))
    queue.webhooks.wake()
    await queue.tried(job_id, 1)
    queue.move(7)
    assert (await queue.tried(job_id, 2))["status"] == "failed"


async def test_only_the_newest_progress_is_kept(queue: Queue, receiver: Receiver) -> None:
    job_id, token = await run_with_progress(queue, receiver.url)
    for count in range(1, 4):
        await queue.database.run(partial(store_progress, tokens={job_id: token}))
        queue.webhooks.wake()
        await receiver.wait_for(count)
        await queue.tried(job_id, 1)
    assert len(await queue.webhooks.list_deliveries(job_id, "one")) == 1
    assert len({message.id for message in receiver.received}) == 3


async def test_a_repeated_job_does_not_change_what_is_told_of_its_first_end(
    queue: Queue, receiver: Receiver
) -> None:
    receiver.answers = [500, 204]
    job_id = await queue.send(receiver.url)
    await queue.tried(job_id, 1)
    await queue.database.run(partial(restart_job, job_id=job_id, owner="one"))
    queue.move(7)
    assert (await receiver.wait_for(2)).json["data"]["status"] == "succeeded"
    await queue.end(job_id)
    assert (await receiver.wait_for(3)).json["type"] == "job.failed"
    assert len({message.id for message in receiver.received}) == 2


async def test_a_large_result_is_left_out(queue: Queue, receiver: Receiver) -> None:
    job_id = await queue.add(Callback(receiver.url))
    await queue.end(job_id, {"stdout": "x" * (300 << 10)})
    message = await receiver.wait_for(1)
    assert len(message.body) < 2000
    job = message.json["data"]
    assert ("result" in job, job["is_shortened"]) == (False, True)
    assert job["status_url"].endswith(job_id)


async def test_runpods_form(queue: Queue, receiver: Receiver) -> None:
    receiver.answers = [500, 500, 200]
    job_id = await queue.send(receiver.url, shape="runpod")
    for count in (1, 2):
        await queue.tried(job_id, count)
        queue.move(11)
    assert (await queue.tried(job_id, 3))["status"] == "delivered"
    body = receiver.received[2].json
    assert {**body, "delayTime": 0} == {
        "id": job_id,
        "status": "COMPLETED",
        "output": {"success": True, "result": {"outputs": []}},
        "delayTime": 0,
        "executionTime": 0,
    }
    failed = await queue.add(Callback(receiver.url, shape="runpod"))
    await queue.end(failed)
    body = (await receiver.wait_for(4)).json
    assert (body["status"], body["error"], "output" in body) == ("TIMED_OUT", "No.", True)


async def test_runpods_form_is_tried_three_times(queue: Queue, receiver: Receiver) -> None:
    receiver.answers = [500]
    job_id = await queue.send(receiver.url, shape="runpod")
    for count in (1, 2, 3):
        found = await queue.tried(job_id, count)
        queue.move(11)
    assert found["status"] == "failed"


async def test_a_defect_is_tried_again_by_the_schedule(
    queue: Queue, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError("secret-canary")

    monkeypatch.setattr(deliverer, "make_message", fail)
    job_id = await queue.send(receiver.url)
    found = await queue.tried(job_id, 1)
    assert found["tries"][0]["error"] == "The worker failed; its log has the reason."
    monkeypatch.undo()
    queue.move(7)
    assert (await queue.tried(job_id, 2))["status"] == "delivered"


async def test_webhooks_of_another_key_wait_for_it(queue: Queue, receiver: Receiver) -> None:
    await queue.webhooks.close()
    job_id = await queue.send(receiver.url)
    right, queue.seal = queue.seal, Seal("another key")
    other = await queue.open_process()
    queue.seal = right
    assert "FFMPEG_WORKER_STATE_KEY" in (await queue.tried(job_id, 1))["tries"][0]["error"]
    await other.close()
    await queue.open_process()
    queue.move(7)
    assert (await queue.tried(job_id, 2))["status"] == "delivered"


async def test_an_idle_process_sleeps(queue: Queue, receiver: Receiver) -> None:
    idle = await queue.open_process(sends=False)
    assert await idle._deliverer._look(patience_s=5) == deliverer._LOOK_S
    receiver.answers = [500]
    await queue.tried(await queue.send(receiver.url), 1)
    assert 3 < await idle._deliverer._look(patience_s=5) < 7  # until the next try
