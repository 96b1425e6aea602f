"""Opens the queue with the first job that needs it: the engine takes half a second and 60 MB."""

from __future__ import annotations

import asyncio
import importlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ffmpeg_worker.errors import Misconfigured, UnsupportedFeature
from ffmpeg_worker.job_queue.queue_options import QueueOptions
from ffmpeg_worker.job_queue.sqlite_files import FILE_PRAGMAS
from ffmpeg_worker.pipeline.resources import WorkerResources
from ffmpeg_worker.settings import SEAL_KEY_FILE, Settings

if TYPE_CHECKING:
    from ffmpeg_worker.job_queue.job_endings import OnEnd
    from ffmpeg_worker.job_queue.job_queue import JobQueue
    from ffmpeg_worker.job_queue.seal import Seal

_JOBS_FILE, _ENGINE_FILE = "jobs.db", "engine.db"


class QueueAccess:
    """The queue of a worker, which may not be open yet, or is switched off.

    Attributes:
        runs_jobs: whether this process runs jobs of the queue; otherwise it only takes them.
    """

    def __init__(
        self, settings: Settings, resources: WorkerResources, on_end: OnEnd, *, runs_jobs: bool = True
    ) -> None:
        self._settings = settings
        self._resources = resources
        self._on_end = on_end
        self.runs_jobs = runs_jobs
        self._lock = asyncio.Lock()
        self._queue: JobQueue | None = None
        self._is_closed = False

    @property
    def is_on(self) -> bool:
        """Whether jobs can be queued."""
        return self._settings.queue == "on"

    @property
    def opened(self) -> JobQueue | None:
        """The queue if it is open."""
        return self._queue

    async def open_if_used(self) -> None:
        """Open the queue if jobs may wait in it from before.

        Raises:
            Misconfigured: see `get`.
        """
        if self.is_on and (
            self._settings.database_url is not None or (self._settings.state_root / _JOBS_FILE).exists()
        ):
            await self.get()

    async def get(self) -> JobQueue:
        """Return the open queue.

        Raises:
            UnsupportedFeature: it is switched off.
            Misconfigured: its folder or its database cannot be used.
        """
        if not self.is_on or self._is_closed:
            raise UnsupportedFeature(
                "This worker has no queue.",
                hint="Send the job without fields that need one, or set FFMPEG_WORKER_QUEUE=on.",
            )
        async with self._lock:
            if self._queue is None:
                self._queue = await self._open()
        return self._queue

    async def close(self) -> None:
        """Give running jobs back, and close the queue."""
        self._is_closed = True
        async with self._lock:
            if self._queue is not None:
                await self._queue.close()
            self._queue = None

    async def _open(self) -> JobQueue:
        settings = self._settings
        root = settings.state_root.absolute()
        # Imported late: the engine and its database library take as long as the rest of the start.
        modules = await asyncio.to_thread(_import_all)
        seal = open_seal(settings)
        database_url, engine_url = await asyncio.to_thread(_urls, settings, root)
        database = modules["database"].Database(database_url)
        options = QueueOptions(
            engine_url=engine_url,
            slots=settings.max_concurrency if self.runs_jobs else 0,
            max_queued=settings.max_queued_jobs,
            max_queued_per_key=settings.max_queued_jobs_per_key,
            grace_s=settings.queue_grace_s,
            job_retention_s=settings.job_retention_s,
            output_retention_s=settings.output_retention_s,
            link_lifetime_s=settings.link_lifetime_s,
            default_timeout_s=settings.default_timeout_s,
            max_timeout_s=settings.max_timeout_s,
        )
        folders = modules["job_folders"].JobFolders(settings.jobs_root)
        self._resources.stores.data_usage.add_folder(settings.jobs_root)
        webhooks = modules["webhooks.webhooks"].Webhooks(settings, database, seal)
        queue: JobQueue = modules["job_queue"].JobQueue(
            self._resources, database, seal, folders, webhooks, options, self._on_end
        )
        await queue.open()
        return queue


def has_seal(settings: Settings) -> bool:
    """Whether there is a key for the seal of queued jobs already."""
    return settings.state_key is not None or (settings.state_root / SEAL_KEY_FILE).exists()


def find_seal(settings: Settings) -> Seal | None:
    """Return the seal of queued jobs if there is a key for it; nothing is made.

    Raises:
        Misconfigured: the key cannot be used.
    """
    if not has_seal(settings):
        return None
    from ffmpeg_worker.job_queue.seal import Seal, open_key_file  # noqa: PLC0415 - loads the cryptography

    key = settings.state_key
    return Seal(open_key_file(settings.state_root.absolute()) if key is None else key.get_secret_value())


def open_seal(settings: Settings) -> Seal:
    """Return the seal of queued jobs; without a key in the settings, the state folder has one, or gets one.

    Raises:
        Misconfigured: there is no key, or the folder cannot be used.
    """
    from ffmpeg_worker.job_queue.seal import Seal, open_key_file  # noqa: PLC0415 - loads the cryptography

    root, key = settings.state_root.absolute(), settings.state_key
    _make_private(root)
    if key is not None:
        return Seal(key.get_secret_value())
    if settings.database_url is not None:
        raise Misconfigured(
            "FFMPEG_WORKER_DATABASE_URL needs FFMPEG_WORKER_STATE_KEY, the same for all processes.",
            hint="Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'.",
        )
    return Seal(open_key_file(root))


def _import_all() -> dict[str, Any]:
    names = ("database", "job_folders", "job_queue", "webhooks.webhooks")
    return {name: importlib.import_module(f"ffmpeg_worker.job_queue.{name}") for name in names}


def _make_private(root: Path) -> None:
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"The state folder {root} cannot be made: {error.strerror}.",
            hint="Set FFMPEG_WORKER_STATE_ROOT to a folder that the worker's user may write.",
        ) from None


def _urls(settings: Settings, root: Path) -> tuple[str, str]:
    """Return the URLs of the database for our own tables, and for those of the engine."""
    if settings.database_url is None:
        engine = root / _ENGINE_FILE
        try:
            with closing(sqlite3.connect(engine)) as connection:  # the engine does not choose it, and it stays
                for pragma in FILE_PRAGMAS:
                    connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise Misconfigured(
                f"The database {engine} cannot be opened: {error}.",
                hint="Set FFMPEG_WORKER_STATE_ROOT to a folder that the worker's user may write.",
            ) from None
        return f"sqlite:///{root / _JOBS_FILE}", f"sqlite:///{engine}"
    url = settings.database_url.get_secret_value()
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        raise Misconfigured(
            "FFMPEG_WORKER_DATABASE_URL is not the URL of a PostgreSQL database.",
            hint="It looks like postgresql://user:password@host:5432/name.",
        )
    return f"postgresql+psycopg://{rest}", f"postgresql://{rest}"
