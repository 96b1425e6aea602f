"""`ffmpeg-worker jobs`, `worker` and `serve --no-worker`: several processes on one machine share a file."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.programs.terminal import Ended, Terminal, new_terminal
from support.servers.fleet import Caller, Member, open_fleet

KEY = "key-of-the-caller"
Jobs = Callable[..., Ended]


def clip(seconds: float, **more: Any) -> dict[str, Any]:
    """A job that takes as long as its clip and hardly any processor."""
    source = f"testsrc2=size=64x36:rate=10:duration={seconds}"
    return {"action": "process", "data": {"chainCmds": f"-re -f lavfi -i {source} -c:v mpeg4 out.mp4"}, **more}


@dataclass
class Machine:
    """One machine: an API that runs nothing, and two workers."""

    api: Caller
    workers: list[Member]
    state: Path


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    root = tmp_path_factory.mktemp("machine")
    with open_fleet(root, {"FFMPEG_WORKER_API_KEYS": KEY, "MAX_CONCURRENCY": "1"}) as fleet:
        state = root / "state"
        api = fleet.start("serve", "--no-worker", "--port", "0", state=state)
        workers = [fleet.start("worker", "--health-port", "0", state=state) for _ in range(2)]
        for member in (api, *workers):
            member.wait_until_ready()
        yield Machine(Caller(api.ready["url"], KEY), workers, state)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A shell in an empty folder."""
    return new_terminal(tmp_path)


@pytest.fixture
def jobs(machine: Machine, terminal: Terminal) -> Jobs:
    """Call `ffmpeg-worker jobs`, with the API and its key in the environment."""
    environment = {"FFMPEG_API_BASE_URL": f"{machine.api.url}/api", "FFMPEG_WORKER_API_KEYS": KEY}

    def call(*arguments: str, job: Any = None) -> Ended:
        return terminal.call("jobs", *arguments, stdin="" if job is None else json.dumps(job), env=environment)

    return call


def test_workers_of_one_machine_share_the_jobs_and_the_api_runs_none(machine: Machine) -> None:
    sent = [machine.api.send(clip(0.5)) for _ in range(6)]
    assert {machine.api.wait(job)["status"] for job in sent} == {"succeeded"}
    ended = [{line["job_id"] for line in worker.log_lines("job ended")} & {*sent} for worker in machine.workers]
    assert all(ended)
    assert [len(ended[0] | ended[1]), len(ended[0] & ended[1])] == [6, 0]


def test_a_synchronous_call_waits_for_a_worker(machine: Machine) -> None:
    answer = machine.api.call("POST", "/ffmpeg/probe", {"input": "tone:440"})
    assert (answer.status, answer.json["streams"][0]["codec_type"]) == (200, "audio")
    failed = machine.api.call("POST", "/ffmpeg/probe", {"input": "missing.mp4"})
    assert (failed.status, failed.json["code"]) == (404, "source_not_found")


def test_a_worker_serves_its_health_and_metrics(machine: Machine) -> None:
    url = machine.workers[0].ready["health_url"]
    with urllib.request.urlopen(f"{url}/health") as response:
        assert json.load(response) == {"status": "ok"}
    request = urllib.request.Request(f"{url}/metrics", headers={"X-API-Key": KEY})
    with urllib.request.urlopen(request) as response:
        assert b"ffmpeg_worker_active_jobs" in response.read()
    assert Caller(url, KEY).call("GET", "/jobs").status == 404


def test_a_job_is_sent_followed_and_shown(jobs: Jobs) -> None:
    ended = jobs("send", "-", "--watch", job=clip(0.5, metadata={"order": "7"}))
    assert (ended.code, ended.stderr, ended.json["status"]) == (0, "", "succeeded")
    assert ended.json["result"]["outputs"][0]["name"] == "out.mp4"
    shown = jobs("show", ended.json["id"])
    assert (shown.code, shown.json) == (0, ended.json)


def test_a_list_is_filtered_and_paged(jobs: Jobs, machine: Machine) -> None:
    for number in range(3):
        machine.api.wait(machine.api.send(clip(0.1, metadata={"batch": "b", "number": str(number)})))
    listed = jobs(
        "list", "--metadata", "batch=b", "--status", "succeeded", "--status", "failed", "--limit", "2"
    ).json
    assert [job["metadata"]["number"] for job in listed["jobs"]] == ["2", "1"]
    rest = jobs("list", "--metadata", "batch=b", "--cursor", listed["next_cursor"]).json
    assert ([job["metadata"]["number"] for job in rest["jobs"]], rest["next_cursor"]) == (["0"], None)


def test_a_failed_job_has_the_exit_code_of_run_and_is_repeated(jobs: Jobs) -> None:
    ended = jobs("send", "-", "--watch", job={"action": "probe", "data": {"input": "missing.mp4"}})
    assert (ended.code, ended.json["status"], ended.json["error"]["code"]) == (3, "failed", "source_not_found")
    assert "Error: " in ended.stderr
    again = jobs("retry", ended.json["id"], "--watch")
    assert (again.code, again.json["retries"]) == (3, 1)


def test_a_running_job_is_cancelled_and_its_log_is_shown(jobs: Jobs, machine: Machine) -> None:
    job = machine.api.send(clip(600))
    machine.api.wait(job, "running")
    assert jobs("cancel", job).code == 0
    watched = jobs("watch", job)
    assert (watched.code, watched.json["status"]) == (130, "cancelled")
    assert (jobs("log", job).code, "log" in jobs("log", job, "--json").json) == (0, True)


def test_a_terminal_shows_tables_and_progress(terminal: Terminal, machine: Machine) -> None:
    api = ("--url", machine.api.url, "--key", KEY)
    job = machine.api.send(clip(1.5))
    code, seen = terminal.watched("jobs", "watch", job, *api)
    assert code == 0
    assert "out.mp4" in seen.split("succeeded")[-1]
    code, seen = terminal.watched("jobs", "list", *api)
    assert (code, job in seen, "succeeded" in seen) == (0, True, True)


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("show", "unknown"), 2, "job_not_found"),
        (("list", "--status", "gone"), 2, "invalid_value"),
        (("list", "--key", "another"), 2, "unauthorized"),
        (("list", "--url", "http://127.0.0.1:9/api"), 5, "api_unreachable"),
        (("list", "--url", "ftp://host"), 78, "misconfigured"),
        (("send", "missing.json"), 2, "job_file_unreadable"),
        (("list", "--metadata", "novalue"), 2, None),
    ],
)
def test_refusals(jobs: Jobs, arguments: tuple[str, ...], code: int, problem: str | None) -> None:
    ended = jobs(*arguments)
    assert ended.code == code
    assert "Traceback" not in ended.stderr
    if problem is not None:
        assert ended.json["code"] == problem


@pytest.mark.parametrize(
    ("command", "variables", "said"),
    [
        ("serve --no-worker", {"FFMPEG_WORKER_QUEUE": "off"}, "FFMPEG_WORKER_QUEUE=on"),
        ("worker", {"FFMPEG_WORKER_QUEUE": "off"}, "FFMPEG_WORKER_QUEUE=on"),
        ("worker", {"FFMPEG_WORKER_DATABASE_URL": "postgresql://a:pass-word@127.0.0.1:9/b"}, "STATE_KEY"),
        (
            "worker",
            {"FFMPEG_WORKER_DATABASE_URL": "mysql://a:pass-word@host/b", "FFMPEG_WORKER_STATE_KEY": "k"},
            "PostgreSQL",
        ),
    ],
)
def test_a_process_that_needs_the_queue_does_not_start_without_it(
    terminal: Terminal, command: str, variables: dict[str, str], said: str
) -> None:
    ended = terminal.call(*command.split(), env=variables)
    assert ended.code == 78
    assert said in ended.stderr
    assert "pass-word" not in ended.stderr


def test_a_health_server_beyond_loopback_needs_a_key(terminal: Terminal) -> None:
    ended = terminal.call("worker", "--health-host", "0.0.0.0", "--health-port", "0")
    assert (ended.code, "API key" in ended.stderr) == (78, True)


def test_a_worker_that_ends_gives_its_job_to_another(machine: Machine) -> None:
    """The last test of the machine: a worker ends at once if it has nothing to wait for."""
    ending, other = machine.workers
    job = machine.api.send(clip(1))
    machine.api.wait(job, "running")
    ending.signal(signal.SIGTERM)
    assert ending.wait() == 0
    assert ending.log_lines("worker stopping")
    assert machine.api.wait(job)["attempts"] == 1
    assert machine.api.wait(machine.api.send(clip(0.1)))["status"] == "succeeded"
    assert other.log_lines("job ended")
