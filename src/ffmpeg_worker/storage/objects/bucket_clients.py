"""Clients of buckets that the operations of one job use one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from obstore.store import AzureStore, GCSStore, S3Store

from ffmpeg_worker.outbound.proxy import ProxyTicket

Client = S3Store | GCSStore | AzureStore
OpenedClient = tuple[Client, ProxyTicket]


class BucketClients:
    """Clients by bucket and credentials; making one takes as long as half a request.

    A client serves one operation at a time, since one that is cancelled closes its connections. One whose
    operation failed is not used again.
    """

    def __init__(self) -> None:
        self._idle: dict[bytes, list[OpenedClient]] = {}
        self._is_closed = False

    @contextmanager
    def lease(
        self, bucket: str, config: Mapping[str, Any], open_client: Callable[[], OpenedClient]
    ) -> Iterator[OpenedClient]:
        """A client for one operation: an idle one, or one that `open_client` makes."""
        key = sha256(json.dumps([bucket, config], sort_keys=True).encode()).digest()
        idle = self._idle.setdefault(key, [])
        client, ticket = idle.pop() if idle else open_client()
        is_kept = False
        try:
            yield client, ticket
            is_kept = not self._is_closed
        finally:
            if is_kept:
                idle.append((client, ticket))
            else:
                ticket.close_connections()

    def close(self) -> None:
        """Close all connections and forget the credentials; clients in use are closed when they are given back."""
        self._is_closed = True
        for clients in self._idle.values():
            for _, ticket in clients:
                ticket.close_connections()
        self._idle.clear()
