"""Random HTTP requests get answers that the OpenAPI document allows, and leave the worker unchanged."""

from __future__ import annotations

import http.client
import json
import random
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from schemathesis.config import SchemathesisConfig

from ffmpeg_worker.api.problems import STATUS_MEANINGS
from ffmpeg_worker.job.actions import ACTIONS
from ffmpeg_worker.job.problem import Problem
from fuzz.arena import known_codes
from fuzz.commands import CommandMaker, hostile_values
from fuzz.planted import ENVIRONMENT, Planted, planted
from fuzz.rounds import SECONDS, SEED, rounds
from support.attacks.sandboxes import needs_sandbox
from support.jobs.bad_jobs import BAD_JOBS, GOOD_JOB, SECRET, make_files
from support.servers.api_server import Server, running_server
from support.wait_until import until

pytestmark = needs_sandbox

_CASES = max(2, int(SECONDS * 1.5))
_CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
_WORDS = (
    "process probe a.mp4 clip.mp4 {{in_1}} <<in_1>> -i && ../x http://127.0.0.1:1/x s3://b/k https://h/x.mp4 AWS "
    "LOCAL auto null 1920x1080 psnr ä 🎬 %00 \x7f"
).split()
_FIELDS = (
    "chainCmds output inputs timeout metadata upload s3Config processes input input1 input2 model features scale "
    "subsample threads align fuse in_1 url urls content name bucket key cloud_type credentials headers action "
    "data body"
).split()


@dataclass
class Door:
    """A server among secrets, with checks of each of its answers."""

    server: Server
    planted: Planted
    key: str
    codes: frozenset[str] = field(default_factory=known_codes)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an ordinary request."""
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}

    def judge(self, status: int, media_type: str, body: bytes, story: str) -> None:
        """Check one answer."""
        self.statuses[status] += 1
        assert status in STATUS_MEANINGS or status == 200, f"{status} {body!r}\n{story}"
        assert status not in {500, 503}, f"{body!r}\n{story}"
        assert self.planted.leaked_to(body) == set(), f"{body!r}\n{story}"
        if status != 200:
            assert media_type == "application/problem+json", story
            problem = json.loads(body)
            Problem.model_validate(problem, strict=True, extra="forbid")
            assert problem["code"] in self.codes, f"{problem}\n{story}"

    def send(self, path: str, body: bytes, headers: dict[str, str], story: str) -> None:
        """POST bytes and check the answer."""
        address = self.server.url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=40)
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            self.judge(response.status, response.headers.get_content_type(), response.read(), story)
        finally:
            connection.close()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("bodies")
    make_files(folder / "data")
    with planted(folder / "planted") as secrets:
        key = secrets.canaries.plant_plain("API key")
        secrets.canaries.watch("values of the jobs", SECRET)
        variables = {
            ENVIRONMENT: secrets.canaries.plant_plain("environment"),
            "FFMPEG_WORKER_MAX_TIMEOUT_S": "3",
            "FFMPEG_WORKER_FETCH_DENY_CIDRS": "0.0.0.0/0,::/0",
        }
        with running_server(folder, FFMPEG_WORKER_API_KEYS=key, FFPROBE_PATH="none", **variables) as server:
            door = Door(server, secrets, key)
            yield door
            door.send("/api/ffmpeg/process", json.dumps(GOOD_JOB).encode(), door.headers, "a good job at the end")
            assert door.statuses[200]
            until(server.is_idle)
            log = server.log_path.read_text()
            assert "Traceback" not in log
            assert secrets.leaked_to(log) == set()
            assert secrets.touched() == []
            print(door.statuses.most_common())  # noqa: T201 - shown with -s


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("action", ACTIONS)
def test_by_the_document(door: Door, action: str, mode: schemathesis.GenerationMode) -> None:
    """Bodies that the document allows, or almost, get answers that it describes."""
    with urllib.request.urlopen(f"{door.server.url}/openapi.json") as answer:
        text = answer.read().decode().replace("example.com", "127.0.0.1")  # no name is looked up
    document = schemathesis.openapi.from_dict(json.loads(text), config=SchemathesisConfig())
    document.config.update(base_url=door.server.url)
    operation = document.find_operation_by_id(action)

    @seed(hash_of(SEED))
    @settings(max_examples=_CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        response = case.call(headers=door.headers)
        media_type = (response.headers.get("content-type") or [""])[0].partition(";")[0]
        door.judge(response.status_code, media_type, response.content, repr(case.body)[:2000])
        case.validate_response(response, checks=_CHECKS)

    ask()


def hash_of(text: str) -> int:
    """The same number for the same text, in every process."""
    return int.from_bytes(text.encode()[-8:])


def test_bodies(door: Door) -> None:
    """Jobs with valid words in wrong places, and mutated bytes of jobs."""
    maker = CommandMaker(hostile_values(str(door.planted.secret), door.planted.port))
    for label, chance in rounds("bodies"):
        path = f"/api{chance.choice(list(ACTIONS.values())).path}"
        value = random_job(chance, maker)
        body = json.dumps(value, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")
        if chance.random() < 0.3:
            body = _damaged(body, chance)
        door.send(path, body, _headers(door, chance), f"FUZZ_SEED={label}: {path} {body[:3000]!r}")


def random_job(chance: random.Random, maker: CommandMaker) -> Any:
    """A mutated job, or a job of random words."""
    if chance.random() < 0.3:
        return _value(chance, 3)
    job = dict(chance.choice([job for job in BAD_JOBS if isinstance(job.body, dict)]).body)
    if chance.random() < 0.5:
        job["chainCmds"] = [maker.make(chance) for _ in range(chance.choice((1, 1, 2)))]
    for _ in range(chance.choice((0, 1, 1, 2))):
        if job and chance.random() < 0.2:
            del job[chance.choice(list(job))]
        job[chance.choice(_FIELDS)] = _value(chance, 2)
    return job | {"timeout": 1}


def _value(chance: random.Random, depth: int) -> Any:
    match chance.randrange(8 if depth else 6):
        case 0:
            return chance.choice((None, True, False, {}, [], ""))
        case 1:
            return chance.choice((0, -1, 1, 2**63, 2**64, 1e308, 5e-324, -0.0, 0.1))
        case 2:
            return "".join(
                chr(chance.choice((chance.randrange(128), chance.randrange(0x11000)))) for _ in range(5)
            )
        case 3 | 4 | 5:
            return chance.choice(_WORDS)
        case 6:
            return [_value(chance, depth - 1) for _ in range(chance.randrange(4))]
        case _:
            return {chance.choice(_FIELDS + _WORDS): _value(chance, depth - 1) for _ in range(chance.randrange(4))}


def _damaged(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    added = chance.choice(
        (b"", b"\xff", b"\x00", b'"', b"}", b"[" * 100, b"\\ud800", b"1e999", b"NaN", b"\xef\xbb\xbf")
    )
    return body[:place] + added + body[place + chance.choice((0, 1, 5)) :]


def _headers(door: Door, chance: random.Random) -> dict[str, str]:
    headers = door.headers
    if chance.random() < 0.1:
        name = chance.choice(
            ("Authorization", "Content-Type", "Content-Encoding", "Expect", "X-Job-Id", "Host", "Range")
        )
        headers[name] = chance.choice(
            ("", "x", "gzip", "bytes=0-", "application/json", "100-continue", "\xff\xfe")
        )
    return headers
