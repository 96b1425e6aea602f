"""Random HTTP requests get responses that the OpenAPI document allows, and leave the worker unchanged."""

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
from fuzz.bodies import damage, random_job
from fuzz.checked_worker import known_codes
from fuzz.commands import CommandMaker, hostile_values
from fuzz.planted import ENVIRONMENT, Planted, plant_secrets
from fuzz.rounds import DEFAULT_SECONDS, SECONDS, SEED, rounds
from support.attacks.sandboxes import needs_sandbox
from support.extent import IS_FULL
from support.jobs.bad_jobs import GOOD_JOB, SECRET, make_files
from support.servers.api_server import Server, running_server
from support.wait_until import until

pytestmark = needs_sandbox


def _is_slow(operation_id: str) -> bool:
    """Whether its bodies are compositions, which take ten seconds to generate; test_canvas.py damages others."""
    return operation_id in ACTIONS and ACTIONS[operation_id].uses_renderer


_CASES = max(2, int(SECONDS * 1.5))
_GOOD = {200, 202}
_JOBS_OPERATIONS = ("list_jobs", "show_job", "show_job_log", "retry_job")
_MODES = list(schemathesis.GenerationMode)
_TAKEN = [
    pytest.param(operation_id, mode, marks=[pytest.mark.nightly] if _is_slow(operation_id) else [])
    for number, operation_id in enumerate((*ACTIONS, *_JOBS_OPERATIONS))
    for mode in (_MODES if IS_FULL else [_MODES[number % len(_MODES)]])
]
"""One mode for each operation, for the next one the other; tests/property/test_request_schemas.py takes all bodies
that are allowed."""
_CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass
class CheckedServer:
    """A server with planted secrets around it, and checks of each of its responses."""

    server: Server
    planted: Planted
    key: str
    codes: frozenset[str] = field(default_factory=known_codes)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an ordinary request."""
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}

    def check(self, status: int, media_type: str, body: bytes, description: str) -> None:
        """Check one response."""
        self.statuses[status] += 1
        assert status in STATUS_MEANINGS or status in _GOOD, f"{status} {body!r}\n{description}"
        assert status not in {500, 503}, f"{body!r}\n{description}"
        assert self.planted.find_leaks(body) == set(), f"{body!r}\n{description}"
        if status not in _GOOD:
            assert media_type == "application/problem+json", description
            problem = json.loads(body)
            Problem.model_validate_json(body, strict=True, extra="forbid")
            assert problem["code"] in self.codes, f"{problem}\n{description}"

    def send(self, path: str, body: bytes, headers: dict[str, str], description: str) -> None:
        """POST bytes and check the response."""
        address = self.server.url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=40)
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            self.check(response.status, response.headers.get_content_type(), response.read(), description)
        finally:
            connection.close()


@pytest.fixture(scope="module")
def checked_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckedServer]:
    folder = tmp_path_factory.mktemp("bodies")
    make_files(folder / "data")
    with plant_secrets(folder / "planted") as secrets:
        key = secrets.canaries.plant_plain("API key")
        secrets.canaries.watch("values of the jobs", SECRET)
        variables = {
            ENVIRONMENT: secrets.canaries.plant_plain("environment"),
            "FFMPEG_WORKER_MAX_TIMEOUT_S": "3",
            "FFMPEG_WORKER_FETCH_DENY_CIDRS": "0.0.0.0/0,::/0",
        }
        with running_server(folder, FFMPEG_WORKER_API_KEYS=key, FFPROBE_PATH="none", **variables) as server:
            checked_server = CheckedServer(server, secrets, key)
            yield checked_server
            checked_server.send(
                "/api/ffmpeg/process",
                json.dumps(GOOD_JOB).encode(),
                checked_server.headers,
                "a valid job at the end",
            )
            assert checked_server.statuses[200]
            until(server.is_idle)
            log = server.log_path.read_text()
            assert "Traceback" not in log
            assert secrets.find_leaks(log) == set()
            assert secrets.find_accesses() == []
            print(checked_server.statuses.most_common())  # noqa: T201 - shown with -s


@pytest.fixture(scope="module")
def document(checked_server: CheckedServer) -> Any:
    """The OpenAPI document of the server."""
    with urllib.request.urlopen(f"{checked_server.server.url}/openapi.json") as response:
        text = response.read().decode().replace("example.com", "127.0.0.1")  # so that no DNS lookup happens
    document = schemathesis.openapi.from_dict(json.loads(text), config=SchemathesisConfig())
    document.config.update(base_url=checked_server.server.url)
    return document


@pytest.mark.parametrize(("operation_id", "mode"), _TAKEN, ids=lambda value: getattr(value, "value", value))
@pytest.mark.sampled(2)
def test_requests_from_the_openapi_document(
    checked_server: CheckedServer, document: Any, operation_id: str, mode: schemathesis.GenerationMode
) -> None:
    """Requests that the document allows, or nearly allows, get responses that it describes."""
    operation = document.find_operation_by_id(operation_id)
    cases = 2 if SECONDS <= DEFAULT_SECONDS and _is_slow(operation_id) else _CASES

    @seed(stable_hash(SEED))
    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def send_case(case: schemathesis.Case[Any]) -> None:
        response = case.call(headers=checked_server.headers)
        media_type = (response.headers.get("content-type") or [""])[0].partition(";")[0]
        checked_server.check(response.status_code, media_type, response.content, repr(case.body)[:2000])
        case.validate_response(response, checks=_CHECKS)

    send_case()


def stable_hash(text: str) -> int:
    """Return a number that is the same in every process, unlike `hash`."""
    return int.from_bytes(text.encode()[-8:])


def test_mutated_bodies(checked_server: CheckedServer) -> None:
    """Random jobs have valid words in wrong places, or damaged JSON."""
    maker = CommandMaker(hostile_values(str(checked_server.planted.secret), checked_server.planted.port))
    for label, chance in rounds("bodies"):
        path = f"/api{chance.choice(list(ACTIONS.values())).path}"
        value = random_job(chance, maker)
        body = json.dumps(value, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")
        if chance.random() < 0.3:
            body = damage(body, chance)
        checked_server.send(
            path, body, _random_headers(checked_server, chance), f"FUZZ_SEED={label}: {path} {body[:3000]!r}"
        )


def _random_headers(checked_server: CheckedServer, chance: random.Random) -> dict[str, str]:
    headers = checked_server.headers
    if chance.random() < 0.1:
        name = chance.choice(
            ("Authorization", "Content-Type", "Content-Encoding", "Expect", "X-Job-Id", "Host", "Range")
        )
        headers[name] = chance.choice(
            ("", "x", "gzip", "bytes=0-", "application/json", "100-continue", "\xff\xfe")
        )
    return headers
