"""An API in a child process, with folders of its own, for the demo."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ffmpeg_worker.client import ApiError, AsyncClient
from ffmpeg_worker.client.local_server import LocalServer
from ffmpeg_worker.errors import EngineUnavailable

_LOG_LINES_SHOWN = 10


@asynccontextmanager
async def open_local_api(data_root: Path) -> AsyncIterator[AsyncClient]:
    """Start an API whose data root is `data_root`; it ends with the context, or when this process dies.

    Raises:
        EngineUnavailable: it did not start; `stderr` has the last lines of its log.
    """
    # On the disk of the data root, so that an output is delivered by a rename.
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=data_root) as scratch:
        log_path = Path(scratch, "server.log")
        # The demo's own commands and files are harmless, so it runs on machines without a sandbox too.
        environment = {
            "FFMPEG_WORKER_SANDBOX": "degraded",
            **os.environ,
            "ENV": "development",
            "FS_PATH": str(data_root),
            "CLOUD_STORAGE_TYPE": "LOCAL",
            "BUCKET_ENDPOINT_URL": "",
            "FFMPEG_WORKER_SCRATCH_ROOT": scratch,
        }
        server = LocalServer(environment, log_path=log_path, restarts=False)
        client = AsyncClient.at(server)
        server.start()
        try:
            try:
                await client.wait_until_healthy()
            except ApiError:
                raise EngineUnavailable(
                    "The server did not start.",
                    code="server_not_started",
                    hint="`ffmpeg-worker doctor` shows what is missing.",
                    stderr="\n".join(log_path.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]),
                ) from None
            yield client
        finally:
            await asyncio.to_thread(server.close)
