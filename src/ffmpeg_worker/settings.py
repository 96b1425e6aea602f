"""All settings, read once from the environment and an optional `.env` file."""

from __future__ import annotations

import os
import tempfile
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ffmpeg_worker import __version__
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.suggestions import find_nearest

_PREFIX = "FFMPEG_WORKER_"
_OF_STORES = ("AWS_", "GOOGLE_", "AZURE_")
_LOOPBACK_HOSTS = {"127.0.0.1", "::1", "localhost"}


def _named(variable: str) -> Any:
    """A field whose variable is fixed by the contract and carries no prefix."""
    return AliasChoices(variable)


class Settings(BaseSettings):
    """What an operator can choose. Every field names its variable, unit and default in `docs/settings.md`."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    env: Literal["development", "production"] = Field(
        "development",
        validation_alias=_named("ENV"),
        description="`production` hides `/docs` and `/openapi.json`.",
    )
    version: str = Field(
        __version__, validation_alias=_named("VERSION"), description="Version shown by `/health`."
    )
    host: str = Field("127.0.0.1", description="Address the HTTP door binds to.")
    port: int = Field(3000, ge=0, le=65535, validation_alias=_named("PORT"), description="Port of the HTTP door.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Accepted API keys, separated by commas. Required to bind to anything but loopback.",
    )
    api_base_url: str = Field(
        "http://localhost:3000/api",
        validation_alias=_named("FFMPEG_API_BASE_URL"),
        description="Where the RunPod worker finds the HTTP door.",
    )
    api_timeout_s: float = Field(
        300,
        gt=0,
        validation_alias=_named("FFMPEG_API_TIMEOUT"),
        description="Seconds the RunPod worker waits for an answer of the HTTP door.",
    )
    shutdown_s: float = Field(
        60,
        ge=0,
        description="Seconds that running jobs have left when the RunPod worker is told to end; those that take "
        "longer are answered as failures that may be tried again.",
    )
    runpod_fan_out: int | None = Field(
        None,
        ge=2,
        description="Processes from which on a `multi_process` is cut into parts that other workers of the same "
        "RunPod endpoint run. Default: none is.",
    )
    runpod_fan_out_workers: int = Field(
        3, ge=2, le=50, description="Parts that it is cut into; one of them stays on the worker that cuts."
    )
    runpod_fan_out_queue_s: float = Field(
        30,
        ge=0,
        description="Seconds after which a part that no other worker has begun is run where it was cut.",
    )
    runpod_api_key: SecretStr | None = Field(
        None, description="RunPod API key that may send jobs to the worker's own endpoint; needed for that alone."
    )
    runpod_endpoint_id: str | None = Field(
        None,
        validation_alias=_named("RUNPOD_ENDPOINT_ID"),
        description="That endpoint. RunPod sets it.",
    )
    runpod_base_url: str = Field(
        "https://api.runpod.ai/v2",
        validation_alias=_named("RUNPOD_ENDPOINT_BASE_URL"),
        description="Where RunPod's endpoints are.",
    )
    test_input_file_name: str = Field(
        "test_input.json",
        validation_alias=_named("TEST_INPUT_FILE_NAME"),
        description="File beside `runpod/handler.py` that its local test mode reads.",
    )
    data_root: Path = Field(
        Path("data"),
        validation_alias=_named("FS_PATH"),
        description="Folder that relative names of inputs and outputs refer to; made when missing.",
    )
    allowed_roots: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="More folders, separated by `:`, that absolute names may lie under.",
    )
    scratch_root: Path = Field(
        Path(tempfile.gettempdir()) / f"ffmpeg-worker-{os.getuid()}",
        description="Folder for the jobs' scratch directories; best on the disk of the data root.",
    )
    warm_canvas: bool = Field(
        False,
        description="Load what draws compositions at the start of the worker, not with the first such job, "
        "which then need not wait for it. It takes some 100 MB.",
    )
    ffmpeg_path: str | None = Field(
        None,
        validation_alias=_named("FFMPEG_PATH"),
        description="FFmpeg to use: a path, a name on PATH, or `system`. Default: the embedded one.",
    )
    ffprobe_path: str | None = Field(
        None,
        validation_alias=_named("FFPROBE_PATH"),
        description="ffprobe to use: a path, a name on PATH, or `none` for the embedded probe. "
        "Default: the one on PATH, else the embedded probe.",
    )
    allow_http_inputs: bool = Field(
        False, description="Fetch inputs from `http://` addresses too, not from `https://` alone."
    )
    fetch_allow_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts, separated by commas, that inputs are fetched from on every port, also where the "
        "name leads to a private address.",
    )
    fetch_allow_cidrs: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        description="Networks such as `10.1.0.0/16`, separated by commas, that inputs are fetched from on every "
        "port although they are not public.",
    )
    fetch_deny_cidrs: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), description="Networks, separated by commas, that inputs are never fetched from."
    )
    max_input_bytes: int = Field(5 << 30, ge=1, description="Largest input fetched from a URL, in bytes.")
    max_job_input_bytes: int = Field(
        10 << 30, ge=1, description="All inputs that a job fetches from URLs together, in bytes."
    )
    cache_bytes: int = Field(
        2 << 30,
        ge=0,
        description="Room for inputs kept for later jobs, in bytes; each is asked for again before it is used. "
        "0: none are kept.",
    )
    cloud_storage_type: Literal["LOCAL", "AWS", "R2", "GCP", "AZURE"] = Field(
        "LOCAL",
        validation_alias=_named("CLOUD_STORAGE_TYPE"),
        description="Where outputs of jobs without `upload` go: `LOCAL`, the data root, or a kind of store, "
        "whose bucket `BUCKET_NAME` names. `AWS` when `BUCKET_ENDPOINT_URL` is set.",
    )
    bucket_name: str | None = Field(
        None,
        validation_alias=_named("BUCKET_NAME"),
        description="The bucket for jobs that name none. Default: the one in `BUCKET_ENDPOINT_URL`.",
    )
    bucket_endpoint_url: str | None = Field(
        None,
        validation_alias=_named("BUCKET_ENDPOINT_URL"),
        description="Endpoint of an S3-compatible store for that bucket.",
    )
    bucket_access_key_id: SecretStr | None = Field(
        None,
        validation_alias=_named("BUCKET_ACCESS_KEY_ID"),
        description="Its access key id. Default: the worker's own credentials (`AWS_…`, `GOOGLE_…`, `AZURE_…`).",
    )
    bucket_secret_access_key: SecretStr | None = Field(
        None, validation_alias=_named("BUCKET_SECRET_ACCESS_KEY"), description="Its secret access key."
    )
    bucket_prefix: str = Field("", description="Prefix of all keys in that bucket; the job's id follows it.")
    bucket_public_url: str | None = Field(
        None, description="Base of the `url` in results for that bucket, e.g. of a CDN."
    )
    bucket_presign_s: int = Field(
        604800,
        ge=0,
        le=604800,
        description="Seconds that a `url` in results is valid for that bucket, where it has no public one. "
        "0: the object's own URL.",
    )
    allow_own_credentials: bool = Field(
        False,
        description="Jobs that give no credentials may use the worker's own (`AWS_…`, `GOOGLE_…`, `AZURE_…`) "
        "for every bucket these open.",
    )
    google_storage_url: str = Field(
        "https://storage.googleapis.com", description="Endpoint of Google Cloud Storage."
    )
    option_policy: Literal["on", "off"] = Field(
        "on",
        description="`off` runs commands without judging their arguments first, and without the limits put in "
        "front of inputs: only for callers who may do on this machine whatever FFmpeg can.",
    )
    sandbox: Literal["require", "degraded", "off"] = Field(
        "require",
        description="How jobs are confined: `require` refuses to start where they cannot be, "
        "`degraded` does what it can, `off` does nothing and is for trusted callers and files.",
    )
    sandbox_first_uid: int = Field(
        200000,
        ge=1000,
        description="Where the worker is root, each job runs as a user of its own: this number and the next 4095.",
    )
    max_memory_bytes: int | None = Field(
        None,
        ge=64 << 20,
        description="Bytes of memory one FFmpeg may ask for. Default: 4 GiB, or four fifths of the container's "
        "memory divided by `MAX_CONCURRENCY` where that is less.",
    )
    max_output_file_bytes: int = Field(10 << 30, ge=1, description="Largest file an FFmpeg may write, in bytes.")
    max_job_bytes: int = Field(
        20 << 30, ge=1, description="Bytes that all files a job has written may have together."
    )
    max_job_files: int = Field(20_000, ge=1, description="Files that a job may write.")
    max_open_files: int = Field(512, ge=64, description="Files one FFmpeg may have open.")
    max_threads: int = Field(
        max(512, 16 * (os.cpu_count() or 1)),
        ge=16,
        description="Threads that all FFmpegs of one job may have; counted where jobs have users of their own.",
    )
    min_free_disk_bytes: int = Field(
        2 << 30,
        ge=0,
        description="Free bytes on the disk of the scratch folder below which no new job is taken; "
        "below half of it running jobs are stopped.",
    )
    max_concurrency: int = Field(
        os.cpu_count() or 1,
        ge=1,
        validation_alias=_named("MAX_CONCURRENCY"),
        description="FFmpeg processes at once, over all jobs. Default: the number of cores.",
    )
    max_waiting_jobs: int = Field(
        100, ge=0, description="Jobs that may wait for a free slot before new ones are refused (503)."
    )
    default_timeout_s: float = Field(600, gt=0, description="Seconds for a job that names no `timeout`.")
    max_timeout_s: float = Field(21600, gt=0, description="Upper limit in seconds for a job's `timeout`.")
    max_body_bytes: int = Field(1 << 20, ge=1024, description="Largest request body, in bytes.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level logged.")

    @field_validator("cloud_storage_type", mode="before")
    @classmethod
    def _in_any_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("api_keys", "fetch_allow_hosts", "fetch_allow_cidrs", "fetch_deny_cidrs", mode="before")
    @classmethod
    def _split_at_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_roots", mode="before")
    @classmethod
    def _split_roots(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part for part in value.split(os.pathsep) if part)
        return value

    @cached_property
    def api_base_url_is_set(self) -> bool:
        """Whether somebody chose the address of the HTTP door, so that none may be started instead."""
        return "api_base_url" in self.model_fields_set

    @cached_property
    def api_timeout_is_set(self) -> bool:
        """Whether somebody chose how long the RunPod worker waits, so that no job may have longer."""
        return "api_timeout_s" in self.model_fields_set

    def check_exposure(self) -> None:
        """Refuse to serve strangers without a key.

        Raises:
            Misconfigured: `host` is not loopback and there is no API key.
        """
        if self.host not in _LOOPBACK_HOSTS and not self.api_keys:
            raise Misconfigured(
                f"Binding to {self.host} without an API key would let anybody who reaches it run commands.",
                hint=f"Set {_PREFIX}API_KEYS=<key>[,<key>…], or bind to 127.0.0.1.",
            )


def read_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` win over the environment.

    Raises:
        Misconfigured: a variable has a value it cannot have (which is not shown), or a name that nothing reads.
    """
    _refuse_misspelt_variables()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = environment_variable_of(str(first["loc"][0])) if first["loc"] else "settings"
        raise Misconfigured(f"{name}: {first['msg']}.", hint="docs/settings.md lists every setting.") from None


def pop_store_credentials() -> dict[str, str]:
    """Take the worker's own credentials for stores out of the environment, where libraries would find them."""
    names = [name for name in os.environ if name.upper().startswith(_OF_STORES)]
    return {name: os.environ.pop(name) for name in names}


def _refuse_misspelt_variables() -> None:
    known = [environment_variable_of(name) for name in Settings.model_fields]
    for name in os.environ:
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            nearest = find_nearest(name, known)
            raise Misconfigured(
                f"There is no setting {name}.",
                hint=f"Did you mean {nearest}?" if nearest else "docs/settings.md lists every setting.",
            )


def environment_variable_of(field: str) -> str:
    """The environment variable of a settings field (given by field name or variable)."""
    info = Settings.model_fields.get(field)
    if info is None:
        return field
    if isinstance(info.validation_alias, AliasChoices):
        return str(info.validation_alias.choices[0])
    return _PREFIX + field.upper()
