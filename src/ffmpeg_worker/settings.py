"""Settings, read once from the environment and an optional `.env` file."""

from __future__ import annotations

import base64
import logging
import os
import re
import tempfile
from collections.abc import Iterable
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ffmpeg_worker import __version__
from ffmpeg_worker.env_file import ENV_FILE, ENV_FILE_ENCODING, has_env_file, lies_in, read_env_file
from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.logs import log
from ffmpeg_worker.suggestions import find_nearest
from ffmpeg_worker.validation_errors import describe_problem

_PREFIX = "FFMPEG_WORKER_"
_STORE_PREFIXES = ("AWS_", "GOOGLE_", "AZURE_")
SEAL_KEY_FILE = "seal.key"
"""Name of the file in the state folder with the key of queued jobs, where the settings have none."""
WEBHOOK_SECRET_PREFIX = "whsec_"
_LOOPBACK_HOSTS = {"127.0.0.1", "::1", "localhost"}
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s?#@,*]+", re.IGNORECASE)


class Settings(BaseSettings):
    """Settings of the operator; `docs/settings.md` lists every variable with its values and default."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        env_file_encoding=ENV_FILE_ENCODING,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    env: Literal["development", "production"] = Field(
        "development", validation_alias="ENV", description="`production` hides `/docs` and `/openapi.json`."
    )
    version: str = Field(__version__, validation_alias="VERSION", description="Version that `/health` reports.")
    host: str = Field("127.0.0.1", description="Address that the HTTP API binds to.")
    port: int = Field(3000, ge=0, le=65535, validation_alias="PORT", description="Port of the HTTP API.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Accepted API keys, separated by commas. Required unless `FFMPEG_WORKER_HOST` is loopback.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Host names, separated by commas, by which callers may address a worker without API keys, "
        "such as that of a proxy in front of it. `localhost` and loopback addresses are always allowed. With API "
        "keys, every name is.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins of web pages, separated by commas, whose scripts may call the API, such as "
        "`https://app.example`; `*` for all, which needs API keys. Default: none.",
    )
    api_base_url: str = Field(
        "http://localhost:3000/api",
        validation_alias="FFMPEG_API_BASE_URL",
        description="Base URL of the HTTP API that the RunPod worker uses.",
    )
    api_timeout_s: float = Field(
        300,
        gt=0,
        validation_alias="FFMPEG_API_TIMEOUT",
        description="Seconds that the RunPod worker waits for the result of a job.",
    )
    shutdown_s: float = Field(
        60,
        ge=0,
        description="Seconds that running jobs may take after the RunPod worker is told to end; then they are "
        "stopped and returned as retryable failures.",
    )
    runpod_fan_out: int | None = Field(
        None,
        ge=2,
        description="Minimum number of processes of a `multi_process` job that is split among workers of the same "
        "RunPod endpoint. Default: jobs are not split.",
    )
    runpod_fan_out_workers: int = Field(
        3,
        ge=2,
        le=50,
        description="Number of parts of a split job; one of them runs on the worker that splits it.",
    )
    runpod_fan_out_queue_s: float = Field(
        30,
        ge=0,
        description="Seconds after which a part that no other worker has started runs on the worker that "
        "split the job.",
    )
    runpod_api_key: SecretStr | None = Field(
        None, description="RunPod API key for the worker's own endpoint; only needed to split jobs."
    )
    runpod_endpoint_id: str | None = Field(
        None, validation_alias="RUNPOD_ENDPOINT_ID", description="Id of the worker's own endpoint. RunPod sets it."
    )
    runpod_base_url: str = Field(
        "https://api.runpod.ai/v2",
        validation_alias="RUNPOD_ENDPOINT_BASE_URL",
        description="Base URL of RunPod's endpoints.",
    )
    test_input_file_name: str = Field(
        "test_input.json",
        validation_alias="TEST_INPUT_FILE_NAME",
        description="File beside `runpod/handler.py` with the job of its local test mode.",
    )
    data_root: Path = Field(
        Path("data"),
        validation_alias="FS_PATH",
        description="Data root: relative names of inputs and outputs refer to this folder. It is made if missing.",
    )
    presets_root: Path | None = Field(
        None,
        description="Folder with presets of the operator, as `.json` files, which docs/presets.md describes. It "
        "is read at start.",
    )
    allowed_roots: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="More folders, separated by `:` or `,`, in which absolute names are allowed. They must exist.",
    )
    scratch_root: Path = Field(
        Path(tempfile.gettempdir()) / f"ffmpeg-worker-{os.getuid()}",
        description="Folder for temporary files of jobs; best on the disk of the data root.",
    )
    warm_canvas: bool = Field(
        False,
        description="Load the renderer of compositions at start instead of with the first such job. It takes "
        "about 100 MB of memory.",
    )
    ffmpeg_path: str | None = Field(
        None,
        validation_alias="FFMPEG_PATH",
        description="FFmpeg to use: a path, a name on PATH, or `system`. Default: the embedded FFmpeg.",
    )
    ffprobe_path: str | None = Field(
        None,
        validation_alias="FFPROBE_PATH",
        description="ffprobe to use: a path, a name on PATH, or `none` for the embedded probe. "
        "Default: ffprobe on PATH, else the embedded probe.",
    )
    allow_http_inputs: bool = Field(
        False,
        description="Fetch inputs from `http://` URLs and send webhooks to them too, not only `https://`.",
    )
    fetch_allow_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts, separated by commas, from which inputs are fetched on any port, even if the name "
        "resolves to a private address.",
    )
    fetch_allow_cidrs: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        description="Private networks such as `10.1.0.0/16`, separated by commas, from which inputs are "
        "fetched on any port.",
    )
    fetch_deny_cidrs: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (), description="Networks, separated by commas, from which inputs are never fetched."
    )
    max_input_bytes: int = Field(5 << 30, ge=1, description="Maximum size of an input from a URL, in bytes.")
    max_job_input_bytes: int = Field(
        10 << 30, ge=1, description="Maximum total size of the inputs that a job fetches from URLs, in bytes."
    )
    cache_bytes: int = Field(
        2 << 30,
        ge=0,
        description="Size of the cache of fetched inputs, in bytes. A cached input is revalidated with its server "
        "before it is used. 0 disables the cache.",
    )
    ranged_inputs: bool = Field(
        True,
        description="Read inputs from URLs by range where their server allows it: only the parts that a job reads "
        "are fetched, and it starts before they have all arrived. Otherwise inputs are downloaded whole.",
    )
    ranged_min_bytes: int = Field(
        8 << 20,
        ge=0,
        description="Size from which inputs are read by range, in bytes; smaller ones are downloaded.",
    )
    upload_memory_bytes: int = Field(
        80 << 20,
        ge=64 << 20,
        description="Maximum memory for the parts of uploads to buckets, over all jobs, in bytes. A job uses a "
        "quarter of it at most; more makes uploads to distant stores faster.",
    )
    upload_while_encoding: bool = Field(
        True,
        description="Whether parts of an output are uploaded to its bucket while FFmpeg still writes it. Outputs "
        "of less than 15 MiB, and those that FFmpeg rewrites in the end, are uploaded when they are complete.",
    )
    cloud_storage_type: Literal["LOCAL", "AWS", "R2", "GCP", "AZURE"] = Field(
        "LOCAL",
        validation_alias="CLOUD_STORAGE_TYPE",
        description="Where outputs of jobs without `upload` go: `LOCAL` is the data root, the others are kinds of "
        "stores, with the bucket in `BUCKET_NAME`. The default is `AWS` if `BUCKET_ENDPOINT_URL` is set.",
    )
    bucket_name: str | None = Field(
        None,
        validation_alias="BUCKET_NAME",
        description="Default bucket, for jobs without `upload`. Default: the bucket in `BUCKET_ENDPOINT_URL`.",
    )
    bucket_endpoint_url: str | None = Field(
        None,
        validation_alias="BUCKET_ENDPOINT_URL",
        description="Endpoint of the S3-compatible store with the default bucket.",
    )
    bucket_access_key_id: SecretStr | None = Field(
        None,
        validation_alias="BUCKET_ACCESS_KEY_ID",
        description="Access key id for the default bucket. Default: the worker's own credentials (`AWS_…`, "
        "`GOOGLE_…`, `AZURE_…`).",
    )
    bucket_secret_access_key: SecretStr | None = Field(
        None, validation_alias="BUCKET_SECRET_ACCESS_KEY", description="Secret access key for the default bucket."
    )
    bucket_prefix: str = Field("", description="Prefix of all keys in the default bucket; the job id follows it.")
    bucket_public_url: str | None = Field(
        None, description="Base of the `url` in results for the default bucket, e.g. of a CDN."
    )
    bucket_presign_s: int = Field(
        604800,
        ge=0,
        le=604800,
        description="Seconds that a presigned `url` in results is valid, if the default bucket has no public URL. "
        "0: results have the plain URL of the object.",
    )
    result_manifests: bool = Field(
        True,
        description="Write a small manifest beside the outputs that a RunPod job uploads to a bucket. A job that "
        "RunPod delivers twice is then not done twice.",
    )
    allow_own_credentials: bool = Field(
        False,
        description="Let jobs without credentials use the worker's own (`AWS_…`, `GOOGLE_…`, `AZURE_…`), for "
        "every bucket that these can access.",
    )
    google_storage_url: str = Field(
        "https://storage.googleapis.com", description="Endpoint of Google Cloud Storage."
    )
    option_policy: Literal["on", "off"] = Field(
        "on",
        description="`off` runs commands without checking their arguments and without protective input "
        "options: only for callers who may do on this machine whatever FFmpeg can do.",
    )
    sandbox: Literal["require", "degraded", "off"] = Field(
        "require",
        description="How jobs are confined. `require`: the worker does not start if it cannot confine them. "
        "`degraded`: it confines them as far as possible. `off`: no confinement, for trusted callers and files.",
    )
    sandbox_first_uid: int = Field(
        200000,
        ge=1000,
        description="If the worker is root, each job runs as a separate user: the user ids from this number, "
        "4096 of them.",
    )
    lock_root: Path | None = Field(
        None,
        description="If the worker is root: the folder in which the workers of a machine agree on the user ids of "
        "their jobs. Containers on one kernel can share it as a volume. Default: `/run/ffmpeg-worker`, or `users` "
        "in the scratch folder where that cannot be written.",
    )
    max_memory_bytes: int | None = Field(
        None,
        ge=64 << 20,
        description="Maximum memory of one FFmpeg process, in bytes. Default: 4 GiB, or four fifths of the "
        "container's memory divided by `MAX_CONCURRENCY` if that is less.",
    )
    max_output_file_bytes: int = Field(
        10 << 30, ge=1, description="Maximum size of a file that FFmpeg or the renderer writes, in bytes."
    )
    max_job_bytes: int = Field(
        20 << 30, ge=1, description="Maximum total size of the files that a job writes, in bytes."
    )
    max_job_files: int = Field(20_000, ge=1, description="Maximum number of files that a job writes.")
    max_open_files: int = Field(512, ge=64, description="Maximum number of open files of one FFmpeg process.")
    max_threads: int = Field(
        max(512, 16 * (os.cpu_count() or 1)),
        ge=16,
        description="Maximum number of threads of all FFmpeg processes of a job; only enforced if each job "
        "runs as a separate user.",
    )
    min_free_disk_bytes: int = Field(
        2 << 30,
        ge=0,
        description="Minimum free space on the disks of the scratch folder, of the data root and of the state "
        "folder, in bytes: "
        "below it no new job that writes there is accepted, below half of it running jobs are stopped.",
    )
    max_concurrency: int = Field(
        os.cpu_count() or 1,
        ge=1,
        validation_alias="MAX_CONCURRENCY",
        description="Maximum number of concurrent FFmpeg processes, over all jobs.",
    )
    max_waiting_jobs: int = Field(
        100, ge=0, description="Maximum number of waiting jobs; further jobs are refused with 503."
    )
    max_concurrency_per_key: int | None = Field(
        None,
        ge=1,
        description="Maximum number of concurrent FFmpeg processes of one API key. Default: `MAX_CONCURRENCY`, "
        "since keys whose jobs wait take turns.",
    )
    max_waiting_jobs_per_key: int | None = Field(
        None,
        ge=0,
        description="Maximum number of waiting jobs of one API key; further ones are refused with 429. Default "
        "with one key: no limit of its own; with several: no more jobs than places are left free.",
    )
    max_requests_per_key: int | None = Field(
        None,
        ge=1,
        description="Maximum number of open requests of one API key; further ones are refused with 429. Default "
        "with one key: no limit; with several: no more than are left free of 1000.",
    )
    max_scratch_bytes_per_key: int | None = Field(
        None,
        ge=1,
        description="Maximum total size of the files of one API key's jobs in the scratch folder, in bytes. "
        "Default with one key: no limit; with several: no more than is left free on the disk.",
    )
    max_data_bytes_per_key: int | None = Field(
        None,
        ge=1,
        description="Maximum total size of one API key's outputs in the data root and in the state folder, in "
        "bytes. Default with one "
        "key: no limit; with several: at most nine times what is left free on the disk.",
    )
    max_data_bytes: int | None = Field(
        None,
        ge=1,
        description="Maximum total size of all uploaded files and of outputs in the data root and in the state "
        "folder, in bytes. Default: what the disk has.",
    )
    max_upload_bytes: int = Field(
        5 << 30,
        ge=1,
        description="Maximum size of a file that is sent over HTTP, with a job or to `/api/files`, in bytes.",
    )
    file_retention_s: float | None = Field(
        None,
        ge=60,
        description="Seconds after which a file that was uploaded to `/api/files` is removed. Default: never. "
        "Other files of the data root stay.",
    )
    upload_retention_s: float = Field(
        86400,
        ge=60,
        description="Seconds without a further byte after which an unfinished upload in parts is removed.",
    )
    queue: Literal["on", "off"] = Field(
        "on",
        description="`off` refuses jobs that need a queue: asynchronous ones, and those with a callback or an "
        "idempotency key. On RunPod, where the platform is the queue, it is off.",
    )
    state_root: Path = Field(
        Path("state"),
        description="Folder of queued jobs: their database, their working files, and outputs that wait to be "
        "fetched. It must survive restarts, on a local disk if it holds the database. It is made when the first "
        "job is queued.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL database of queued jobs (`postgresql://user:password@host/name`), which any "
        "number of API and worker processes share. Default: a file in the state folder, for one machine.",
    )
    state_key: SecretStr | None = Field(
        None,
        description="Key that seals queued jobs in the database and signs download links; the same for all "
        "processes of a database. Default with a database file: a key file beside it. Required with PostgreSQL.",
    )
    max_queued_jobs: int = Field(
        100_000, ge=1, description="Maximum number of jobs that wait in the queue; further ones get 429."
    )
    max_queued_jobs_per_key: int | None = Field(
        None, ge=1, description="The same for each API key. Default: `FFMPEG_WORKER_MAX_QUEUED_JOBS`."
    )
    queue_grace_s: float = Field(
        20,
        ge=0,
        description="Seconds that running queued jobs may take after the worker is told to end; then they are "
        "stopped and given back to the queue.",
    )
    job_retention_s: float = Field(
        30 * 86400, ge=60, description="Seconds after which the record of an ended job is removed."
    )
    output_retention_s: float = Field(
        86400,
        ge=60,
        description="Seconds after the end of a queued job without `upload` after which its outputs are removed.",
    )
    link_lifetime_s: float = Field(
        86400,
        ge=60,
        le=30 * 86400,
        description="Seconds for which a link to an output is valid; it also ends when the output is removed.",
    )
    public_url: str | None = Field(
        None,
        description="Base of links in answers, e.g. `https://media.example`, and a host name by which callers "
        "may address a worker without API keys. Default: the host of the request.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="Secret that signs webhooks (`whsec_…`, see standardwebhooks.com), or several, separated by "
        "commas or blanks: each signs, so that receivers can change from one to the next. Default: one derived "
        "from the state key, which `ffmpeg-worker settings --webhook-secret` shows.",
    )
    default_timeout_s: float = Field(600, gt=0, description="Timeout of a job without `timeout`, in seconds.")
    max_timeout_s: float = Field(21600, gt=0, description="Maximum timeout of a job, in seconds.")
    max_body_bytes: int = Field(1 << 20, ge=1024, description="Maximum size of a request body, in bytes.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Lowest level that is logged."
    )

    @field_validator("cloud_storage_type", mode="before")
    @classmethod
    def _to_upper_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator(
        "api_keys",
        "allowed_hosts",
        "cors_origins",
        "fetch_allow_hosts",
        "fetch_allow_cidrs",
        "fetch_deny_cidrs",
        mode="before",
    )
    @classmethod
    def _split_at_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_roots", mode="before")
    @classmethod
    def _split_roots(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(folder for part in value.split(os.pathsep) for folder in _split_folders(part))
        return value

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError("must be origins such as https://app.example, without a path, or *")
        return tuple(origin.lower() for origin in value)

    @field_validator("webhook_secret")
    @classmethod
    def _check_secrets(cls, value: SecretStr | None) -> SecretStr | None:
        for secret in _split_secrets(value):
            encoded = secret.removeprefix(WEBHOOK_SECRET_PREFIX)
            try:
                size = len(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
            except ValueError:
                size = 0
            if not secret.startswith(WEBHOOK_SECRET_PREFIX) or not 24 <= size <= 64:
                raise ValueError("must be whsec_ and then 24 to 64 random bytes in base64")
        return value

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets that sign webhooks; empty: one is derived."""
        return _split_secrets(self.webhook_secret)

    @cached_property
    def has_several_keys(self) -> bool:
        """Whether several API keys share the worker."""
        return len({key.get_secret_value() for key in self.api_keys}) > 1

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that jobs may read and write."""
        return (self.data_root, *self.allowed_roots)

    @property
    def jobs_root(self) -> Path:
        """The folder with one folder for each queued job."""
        return self.state_root.absolute() / "jobs"

    @cached_property
    def api_base_url_is_set(self) -> bool:
        """Whether the operator set the URL of the API, so that the RunPod worker starts none itself."""
        return "api_base_url" in self.model_fields_set

    @cached_property
    def api_timeout_is_set(self) -> bool:
        """Whether the operator set the timeout of the RunPod worker, so that jobs cannot extend it."""
        return "api_timeout_s" in self.model_fields_set

    def check_exposure(self) -> None:
        """Refuse to serve a network, or the pages of all origins, without an API key.

        Raises:
            Misconfigured: `host` is not loopback, or all origins are allowed, and there is no API key.
        """
        if self.host not in _LOOPBACK_HOSTS and not self.api_keys:
            raise Misconfigured(
                f"Binding to {self.host} without an API key would let everybody who can reach it run commands.",
                hint=f"Set {_PREFIX}API_KEYS=<key>[,<key>…], or bind to 127.0.0.1.",
            )

        if "*" in self.cors_origins and not self.api_keys:
            raise Misconfigured(
                "Without an API key, every web page that a user of this machine opens could run commands.",
                hint=f"Set {_PREFIX}API_KEYS, or name the origins in {_PREFIX}CORS_ORIGINS.",
            )

    def check_queue(self) -> None:
        """Refuse to start a process that needs the queue without one.

        Raises:
            Misconfigured: the queue is off.
        """
        if self.queue == "off":
            raise Misconfigured("The queue of jobs is off.", hint=f"Set {_PREFIX}QUEUE=on, or leave it out.")


def read_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` replace values from the environment, which replace those of `.env`.

    Raises:
        Misconfigured: a variable of the environment or of `.env` has an invalid value (which is not shown), or an
            unknown name; `.env` lets jobs write its own folder.
    """
    _refuse_unknown_names(os.environ)
    try:
        settings = Settings(**overrides)
        return _add_env_file(settings, overrides) if has_env_file() else settings
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = environment_variable_of(str(first["loc"][0])) if first["loc"] else "settings"
        raise Misconfigured(
            f"{name}: {describe_problem(first)}.", hint="docs/settings.md lists every setting."
        ) from None


def _add_env_file(settings: Settings, overrides: dict[str, Any]) -> Settings:
    if lies_in(settings.roots):
        log(
            logging.WARNING,
            "The file .env was not read: it is in the data root or another folder that jobs write.",
        )
        return settings
    _refuse_unknown_names(read_env_file(), " in the file .env")
    completed = Settings(_env_file=ENV_FILE, **overrides)
    if lies_in(completed.roots):
        raise Misconfigured(
            "The file .env lets jobs write the folder that it is in.",
            hint="Move it out of the data root (FS_PATH) and of FFMPEG_WORKER_ALLOWED_ROOTS.",
        )
    return completed


def pop_store_credentials() -> dict[str, str]:
    """Take the worker's own store credentials out of the environment, where libraries would find them."""
    names = [name for name in os.environ if name.upper().startswith(_STORE_PREFIXES)]
    return {name: os.environ.pop(name) for name in names}


def _split_secrets(value: SecretStr | None) -> tuple[str, ...]:
    return () if value is None else tuple(value.get_secret_value().replace(",", " ").split())


def _split_folders(text: str) -> list[str]:
    """Split a list at its commas, unless a comma belongs to the name of a folder."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return parts if all(part.startswith("/") for part in parts) else [text]


def _refuse_unknown_names(variables: Iterable[str], place: str = "") -> None:
    """Refuse names with our prefix that are no settings; other programs have other names."""
    known = [environment_variable_of(name) for name in Settings.model_fields]
    for name in variables:
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            nearest = find_nearest(name, known)
            raise Misconfigured(
                f"There is no setting {name}{place}.",
                hint=f"Did you mean {nearest}?" if nearest else "docs/settings.md lists every setting.",
            )


def environment_variable_of(field: str) -> str:
    """Return the environment variable of a settings field, given by its name or its variable."""
    info = Settings.model_fields.get(field)
    if info is None:
        return field
    return str(info.validation_alias or _PREFIX + field.upper())
