"""The Dockerfile and compose.yaml name existing files and settings, and follow docs/security.md."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from ffmpeg_worker.settings import Settings
from support.docs.json_examples import ROOT
from support.docs.variables import KNOWN

# Variables that Python, pip, the shell and NVIDIA's container runtime read.
OTHER_VARIABLES = {
    "PATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "PIP_NO_CACHE_DIR",
    "PIP_DISABLE_PIP_VERSION_CHECK",
}
OTHER_VARIABLES |= {"NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"}
DOCKERFILE = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))


def arguments_of(instruction: str) -> list[str]:
    """Return the arguments of each use of an instruction, with continued lines joined."""
    return re.findall(rf"^{instruction} +(.*)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"])


def test_the_worker_reads_every_variable(services: dict[str, Any]) -> None:
    ours = {name for line in arguments_of("ENV") for name in re.findall(r"(?:^| )([A-Z_]+)=", line)}
    assert ours - OTHER_VARIABLES - KNOWN == set()
    assert (set(services["api"]["environment"]) | set(services["worker"]["environment"])) - KNOWN == set()


def test_copied_files_exist_and_are_not_ignored() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = {word for line in arguments_of("COPY") if "--from" not in line for word in line.split()[:-1]}
    assert sorted(copied) == sorted(kept)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert not any(fnmatch(".env", pattern) for pattern in kept)


def test_the_last_target_is_the_runpod_worker_and_the_one_before_the_api() -> None:
    targets = [line.split(" AS ")[1] for line in arguments_of("FROM")]
    assert targets == ["build", "worker", "api", "runpod"]
    api, runpod = (json.loads(command) for command in re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE))
    assert api == ["ffmpeg-worker", "serve"]
    assert runpod[:2] == ["python3", "-u"]
    assert (ROOT / runpod[2].removeprefix("/app/")).is_file()


def test_every_base_image_has_a_version(services: dict[str, Any]) -> None:
    images = [line.removeprefix("BASE=") for line in arguments_of("ARG") if line.startswith("BASE=")]
    images += [service["image"] for service in services.values() if "build" not in service]
    assert len(images) == 3
    assert all(re.search(r":v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$", image) for image in images), images


def test_no_file_contains_a_secret(services: dict[str, Any]) -> None:
    secrets = re.compile(r"KEY|SECRET|TOKEN|PASSWORD")
    assert [line for line in arguments_of("(?:ENV|ARG)") if secrets.search(line)] == []
    given = [pair for service in services.values() for pair in service.get("environment", {}).items()]
    named = {(name, value) for name, value in given if secrets.search(name)}
    assert len(named) == 7
    assert all(re.fullmatch(r"\$\{\w+:\?.*\}", value) for _, value in named)
    addresses = {value for name, value in given if name == "FFMPEG_WORKER_DATABASE_URL"}
    assert len(addresses) == 1
    assert all(re.match(r"postgresql://worker:\$\{DATABASE_PASSWORD:\?[^}]*\}@", value) for value in addresses)


def test_the_processes_of_a_database_have_the_same_settings(services: dict[str, Any]) -> None:
    """Those that seal, name owners and deliver must agree; the number of slots is each worker's own."""
    api, worker = services["api"]["environment"], services["worker"]["environment"]
    assert {name: value for name, value in worker.items() if name != "MAX_CONCURRENCY"} == api
    assert "--no-worker" in services["api"]["command"]


def test_the_guide_makes_every_secret_that_the_file_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    guide = (ROOT / "docs/many-machines.md").read_text(encoding="utf-8")
    made = re.search(r"^for name in ([A-Z_ ]+); do", guide, re.MULTILINE)
    assert made is not None
    assert {*made[1].split(), *re.findall(r"^echo ([A-Z_]+)=", guide, re.MULTILINE)} == asked


def test_a_container_has_time_to_give_its_jobs_back(services: dict[str, Any]) -> None:
    grace_s = Settings.model_fields["queue_grace_s"].default
    assert all(float(services[name]["stop_grace_period"].rstrip("s")) > grace_s for name in ("api", "worker"))


def test_compose_hardens_its_container_as_the_security_page_says(services: dict[str, Any]) -> None:
    command = re.search(r"docker run .*?IMAGE", (ROOT / "docs/security.md").read_text(), re.DOTALL)
    assert command is not None
    api = services["api"]
    assert api["cap_add"] == re.findall(r"--cap-add (\w+)", command[0])
    assert (api["cap_drop"], api["read_only"], api["tmpfs"]) == (["ALL"], True, ["/tmp"])
    assert api["security_opt"] == ["no-new-privileges:true"]
    worker = services["worker"]
    assert all(api[key] == worker[key] for key in ("cap_add", "tmpfs", "security_opt", "pids_limit"))
    assert str(api["pids_limit"]) in re.findall(r"--pids-limit (\d+)", command[0])
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in services.values())


def test_the_image_finds_the_network_volume() -> None:
    """A data root in the image would be chosen by nobody, and hide the volume that RunPod mounts."""
    assert not [line for line in arguments_of("ENV") if "FS_PATH" in line]
    assert arguments_of("WORKDIR")[-1] == "/"
    assert '"/data"' in arguments_of("VOLUME")[0]


def test_the_store_has_one_address_for_the_worker_and_for_callers(services: dict[str, Any]) -> None:
    """The address is signed into the URLs in results."""
    host = "${STORE_HOST:-store.localhost}"
    api, store = services["api"]["environment"], services["store"]
    assert api["BUCKET_ENDPOINT_URL"] == f"http://{host}:7070"
    assert api["FFMPEG_WORKER_FETCH_ALLOW_HOSTS"] == host
    assert store["networks"]["inside"]["aliases"] == [host]
    assert store["ports"] == ["${STORE_ADDRESS:-127.0.0.1}:7070:7070"]
    assert "outside" in store["networks"]


def test_git_and_the_image_ignore_files_with_secrets() -> None:
    for name in (".gitignore", ".dockerignore"):
        patterns = [line.removeprefix("**/") for line in (ROOT / name).read_text().splitlines()]
        for secret in (".env", ".env.compose", ".env.production"):
            assert any(fnmatch(secret, pattern) for pattern in patterns if pattern != "*"), (name, secret)
