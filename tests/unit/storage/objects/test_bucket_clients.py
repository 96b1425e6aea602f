"""Clients of buckets are kept for the operations of one job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from ffmpeg_worker.storage.objects.bucket_clients import BucketClients, OpenedClient


class Ticket:
    def __init__(self) -> None:
        self.is_closed = False

    def close_connections(self) -> None:
        self.is_closed = True


class Opener:
    """Opens clients for one bucket."""

    def __init__(self, clients: BucketClients, config: Mapping[str, Any]) -> None:
        self.opened: list[Ticket] = []
        self._clients = clients
        self._config = config

    def lease(self) -> Any:
        return self._clients.lease("bucket", self._config, self._open)

    def _open(self) -> OpenedClient:
        self.opened.append(Ticket())
        return cast(OpenedClient, (object(), self.opened[-1]))


def test_operations_one_after_the_other_use_one_client() -> None:
    opener = Opener(BucketClients(), {"key": "secret"})
    used = []
    for _ in range(3):
        with opener.lease() as (client, _):
            used.append(client)
    assert len(opener.opened) == 1
    assert len({*map(id, used)}) == 1


def test_operations_at_once_use_clients_of_their_own() -> None:
    opener = Opener(BucketClients(), {})
    with opener.lease(), opener.lease():
        pass
    with opener.lease(), opener.lease():
        pass
    assert len(opener.opened) == 2


def test_other_credentials_have_other_clients() -> None:
    clients = BucketClients()
    one, other = Opener(clients, {"key": "a"}), Opener(clients, {"key": "b"})
    with one.lease():
        pass
    with other.lease():
        pass
    assert (len(one.opened), len(other.opened)) == (1, 1)


def test_a_client_whose_operation_failed_is_closed() -> None:
    opener = Opener(BucketClients(), {})
    with pytest.raises(OSError, match="broken"), opener.lease():
        raise OSError("broken")
    with opener.lease():
        pass
    assert [ticket.is_closed for ticket in opener.opened] == [True, False]


def test_closing_closes_idle_clients_and_later_those_in_use() -> None:
    clients = BucketClients()
    opener = Opener(clients, {})
    with opener.lease():
        with opener.lease():
            pass
        clients.close()
        assert [ticket.is_closed for ticket in opener.opened] == [False, True]
    assert [ticket.is_closed for ticket in opener.opened] == [True, True]
    assert "secret" not in repr(vars(clients))
