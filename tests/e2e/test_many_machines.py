"""Many machines share one PostgreSQL: the processes of compose.yaml, without containers.

One fleet serves all tests. Three workers fall silent at its start, by kill -9 and by pauses; while the others wait
for the silence that tells them, the rest of the module runs. The order of the tests is that of the story.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from support.compose import read_services
from support.servers.bucket import Bucket, open_bucket
from support.servers.fleet import Caller, Fleet, Member, open_fleet
from support.servers.postgres import Postgres, read_rows, running_postgres
from support.servers.s3_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from support.wait_until import until

KEY = "key-of-the-caller"
SECRETS = {
    "API_KEY": KEY,
    "STATE_KEY": "sealed-" * 5,
    "DATABASE_PASSWORD": "unused",
    "STORE_KEY_ID": ACCESS_KEY_ID,
    "STORE_SECRET": SECRET_ACCESS_KEY,
}
HELD = "held/"
TAKEN_OVER_WITHIN_S = 30.0
OUTAGE_S = 10.0


def clip(seconds: float, **more: Any) -> dict[str, Any]:
    """A job that takes as long as its clip and hardly any processor."""
    source = f"testsrc2=size=64x36:rate=10:duration={seconds}"
    return {"action": "process", "data": {"chainCmds": f"-re -f lavfi -i {source} -c:v mpeg4 out.mp4"}, **more}


@dataclass
class Machines:
    """The fleet, what it shares, and the calls to it."""

    fleet: Fleet
    database: Postgres
    url: str
    bucket: Bucket
    api: Caller
    worker_command: list[str]
    worker_variables: dict[str, str]

    def start(self, slots: int, *, is_on_other_machine: bool = False, **variables: str) -> Member:
        """Start a worker as compose.yaml does, with another number of slots, and more variables."""
        given = {**self.worker_variables, "MAX_CONCURRENCY": str(slots), **variables}
        return self.fleet.start(*self.worker_command, is_on_other_machine=is_on_other_machine, variables=given)

    def runs_of(self, *jobs: str) -> list[tuple[str, float, float | None]]:
        """Which worker ran a job, from when to when, for every attempt at these jobs."""
        rows = read_rows(self.url, "SELECT history, ended_at FROM ffw_jobs WHERE job_id = ANY(%s)", list(jobs))
        return [
            (attempt["executor"], attempt["began_at"], ended_at)
            for history, ended_at in rows
            for attempt in history
        ]

    def uploads_of(self, key: str) -> int:
        """How often an object was sent to the store."""
        paths = [path for method, path in self.bucket.server.requests if method == "PUT"]
        return len([path for path in paths if path.partition("?")[0] == f"/media/{key}"])

    def output_of(self, key: str) -> bytes:
        """The bytes of an object in the store."""
        answer = self.bucket.client.get_object(Bucket="media", Key=key)
        return bytes(answer["Body"].read())

    def running_on(self, member: Member) -> list[str]:
        """The jobs that a worker runs now."""
        query = "SELECT job_id FROM ffw_jobs WHERE executor = %s AND status = 'running'"
        return [row[0] for row in read_rows(self.url, query, member.executor)]

    def is_encoding(self, job: str) -> bool:
        """Whether the command of a job runs now."""
        return bool(self.api.show(job).get("progress", {}).get("stage") == "running")


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """The database, the store and an API of compose.yaml; workers are started by the tests."""
    root = tmp_path_factory.mktemp("machines")
    with running_postgres() as database, open_bucket() as bucket, open_fleet(root) as fleet:
        bucket.client.create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION})
        url = database.create_database()
        store = bucket.server.url.removeprefix("http://")
        addresses = {
            "worker:unused@database:5432/jobs": url.removeprefix("postgresql://"),
            "store.localhost:7070": store,
            "store.localhost": "127.0.0.1",
            "3001": "0",
        }
        services = read_services(SECRETS, addresses)
        api, worker = services["api"], services["worker"]
        assert (api.replicas, worker.replicas) == (1, 3)
        assert [service.command[0] for service in (api, worker)] == ["ffmpeg-worker"] * 2
        member = fleet.start(*api.command[1:], variables={**api.environment, "PORT": "0"}).wait_until_ready()
        caller = Caller(member.ready["url"], KEY)
        yield Machines(fleet, database, url, bucket, caller, worker.command[1:], worker.environment)


@dataclass
class Fallen:
    """A worker that fell silent at `at`, in seconds since 1970, in the middle of a job."""

    worker: Member
    job: str
    at: float


@dataclass
class AllFallen:
    """Workers whose end only their silence tells, and the upload that one of them had begun."""

    killed: Fallen
    paused: Fallen
    uploading: Fallen
    may_upload: threading.Event

    def __iter__(self) -> Iterator[Fallen]:
        return iter((self.killed, self.paused, self.uploading))


@pytest.fixture(scope="module")
def fallen(machines: Machines) -> AllFallen:
    """One worker that was killed, and two that were paused, of which one had begun an upload."""
    silent = [machines.start(1, is_on_other_machine=True) for _ in range(3)]
    for worker in silent:
        worker.wait_until_ready()
    may_upload, has_begun = threading.Event(), threading.Event()

    def hold_first(method: str, path: str) -> None:
        if method == "PUT" and path.startswith(f"/media/{HELD}") and not has_begun.is_set():
            has_begun.set()
            may_upload.wait(120)

    machines.bucket.server.fault = hold_first
    jobs = [machines.api.send(clip(8)) for _ in range(2)]  # they must not end before their workers are stopped
    held = machines.api.send(clip(0.2, upload=machines.bucket.upload(HELD, bucket="media")))
    until(lambda: has_begun.is_set() and all(map(machines.is_encoding, jobs)), within_s=60)
    found = {}
    for worker in silent:
        [job] = machines.running_on(worker)
        worker.signal(signal.SIGKILL if job == jobs[0] else signal.SIGSTOP)
        found[job] = Fallen(worker, job, time.time())
    return AllFallen(found[jobs[0]], found[jobs[1]], found[held], may_upload)


@pytest.fixture(scope="module")
def workers(machines: Machines, fallen: AllFallen) -> list[Member]:
    """Two workers of different size."""
    started = [machines.start(slots) for slots in (1, 4)]
    return [worker.wait_until_ready() for worker in started]


def test_jobs_spread_over_workers_which_keep_to_their_own_number_of_slots(
    machines: Machines, workers: list[Member]
) -> None:
    jobs = [machines.api.send(clip(0.5)) for _ in range(8)]
    records = [machines.api.wait(job) for job in jobs]
    assert [(record["status"], record["attempts"]) for record in records] == [("succeeded", 1)] * len(jobs)
    assert all(machines.output_of(f"{job}/out.mp4") for job in jobs)
    assert [machines.uploads_of(f"{job}/out.mp4") for job in jobs] == [1] * len(jobs)
    assert busiest(machines.runs_of(*jobs)) == {workers[0].executor: 1, workers[1].executor: 4}


def busiest(runs: Sequence[tuple[str, float, float | None]]) -> dict[str, int]:
    """The largest number of jobs that each worker ran at once."""
    most: Counter[str] = Counter()
    for executor, began, _ in runs:
        at_once = [run for run in runs if run[0] == executor and run[1] <= began < (run[2] or began + 1)]
        most[executor] = max(most[executor], len(at_once))
    return dict(most)


def test_an_upgrade_loses_nothing_and_counts_no_attempt(machines: Machines, workers: list[Member]) -> None:
    """New workers start, then old ones end: what they run ends if there is time, or goes back."""
    patient, hasty = machines.start(2), machines.start(3, FFMPEG_WORKER_QUEUE_GRACE_S="0")
    for worker in (patient, hasty):
        worker.wait_until_ready()
    jobs = [machines.api.send(clip(2)) for _ in range(10)]
    until(lambda: all(map(machines.running_on, (*workers, hasty))), within_s=60)
    given_back = machines.running_on(hasty)
    for worker in (hasty, *workers):
        worker.signal(signal.SIGTERM)
    assert [worker.wait() for worker in (*workers, hasty)] == [0, 0, 0]
    workers[:] = [patient]
    records = [machines.api.wait(job) for job in jobs]
    assert [(record["status"], record["attempts"]) for record in records] == [("succeeded", 1)] * len(jobs)
    assert [machines.uploads_of(f"{job}/out.mp4") for job in jobs] == [1] * len(jobs)
    # An attempt that was given back leaves no trace in the history.
    assert given_back
    assert hasty.executor not in {machines.runs_of(job)[-1][0] for job in given_back[-1:]}


def test_jobs_of_a_worker_that_falls_silent_are_taken_over(machines: Machines, fallen: AllFallen) -> None:
    for one in fallen:
        until(lambda: len(machines.runs_of(one.job)) > 1, within_s=60)  # noqa: B023
        executor, began, _ = machines.runs_of(one.job)[1]
        assert executor not in {silent.worker.executor for silent in fallen}
        assert began - one.at < TAKEN_OVER_WITHIN_S


def test_a_worker_that_was_paused_ends_no_job_twice_and_uploads_nothing_twice(
    machines: Machines, fallen: AllFallen
) -> None:
    fallen.paused.worker.signal(signal.SIGCONT)
    until(fallen.paused.worker.has_lost_a_job, within_s=60)
    for one in (fallen.killed, fallen.paused):
        record = machines.api.wait(one.job)
        assert (record["status"], record["attempts"]) == ("succeeded", 2)
        assert machines.output_of(f"{one.job}/out.mp4")
        assert machines.uploads_of(f"{one.job}/out.mp4") == 1
    # It is a member again, and takes jobs.
    jobs = [machines.api.send(clip(2)) for _ in range(4)]
    assert {machines.api.wait(job)["status"] for job in jobs} == {"succeeded"}
    assert fallen.paused.worker.executor in busiest(machines.runs_of(*jobs))


def test_a_worker_that_was_paused_during_an_upload_does_not_remove_that_of_its_successor(
    machines: Machines, fallen: AllFallen
) -> None:
    record = machines.api.wait(fallen.uploading.job)
    assert (record["status"], record["attempts"]) == ("succeeded", 2)
    fallen.uploading.worker.signal(signal.SIGCONT)
    fallen.may_upload.set()
    until(fallen.uploading.worker.has_lost_a_job, within_s=60)
    [output] = record["result"]["outputs"]
    assert len(machines.output_of(f"{HELD}out.mp4")) == output["size"]
    assert not [path for method, path in machines.bucket.server.requests if method == "DELETE"]
    assert machines.api.show(fallen.uploading.job)["revision"] == record["revision"]


def test_a_database_that_is_away_for_a_while(machines: Machines, workers: list[Member]) -> None:
    """Jobs go on and end right; the API says when to come back."""
    jobs = [machines.api.send(clip(seconds)) for seconds in (2, 4)]
    until(lambda: {machines.api.show(job)["status"] for job in jobs} == {"running"}, within_s=60)
    machines.database.restart()
    assert machines.api.show(jobs[0])["status"] in {"running", "succeeded"}
    machines.database.stop(at_once=True)
    with ThreadPoolExecutor(2) as callers:
        ends_at = time.monotonic() + OUTAGE_S
        answers = [
            callers.submit(machines.api.call, *request)
            for request in (("GET", f"/jobs/{jobs[1]}"), ("POST", "/jobs", clip(0.2)))
        ]
        for answer in answers:
            refused = answer.result()
            assert (refused.status, refused.json["code"]) == (503, "queue_unavailable")
            assert int(refused.headers["Retry-After"]) > 0
        until(lambda: time.monotonic() >= ends_at)
    machines.database.start()
    records = [machines.api.wait(job) for job in (*jobs, machines.api.send(clip(0.2)))]
    assert [(record["status"], record["attempts"]) for record in records] == [("succeeded", 1)] * 3
    assert [machines.uploads_of(f"{job}/out.mp4") for job in jobs] == [1, 1]
