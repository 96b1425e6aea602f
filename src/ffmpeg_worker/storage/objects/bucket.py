"""A bucket (Azure: container) with the credentials that open it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode

import obstore
from obstore.exceptions import BaseError

from ffmpeg_worker import __version__
from ffmpeg_worker.job.credentials import CloudType
from ffmpeg_worker.outbound.proxy import EgressProxy, ProxyTicket
from ffmpeg_worker.outbound.rules import IDLE_S
from ffmpeg_worker.settings import pop_store_credentials
from ffmpeg_worker.storage.objects.bucket_clients import BucketClients, Client
from ffmpeg_worker.storage.objects.errors import invalid_credentials

if TYPE_CHECKING:
    from obstore.store import GCSStore, S3Store

_GOOGLE_URL = "https://storage.googleapis.com"
_CONNECT_S = 15.0
_REQUEST_S = 300.0
_AZURE_VERSION = "2023-11-03"


@dataclass(frozen=True, slots=True)
class BucketAccess:
    """Access to buckets, shared by all jobs but for `clients`: those of one job, if they are kept until it ends.

    `own_environment`: the worker's environment variables if jobs may use its credentials, else `None`.
    `google_url`: endpoint of Google Cloud Storage; only the operator may choose another one.
    """

    proxy: EgressProxy
    own_environment: Mapping[str, str] | None = field(default=None, repr=False)
    google_url: str = _GOOGLE_URL
    retries: int = 3
    backoff_s: float = 0.3
    """Approximate seconds before the first retry of a request; they double with each further retry."""
    clients: BucketClients | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and the means to open it; made by `find_bucket`."""

    cloud: CloudType
    name: str
    url: str
    """URL of the bucket, without a trailing slash."""
    public_url: str | None
    """Base of public URLs of its objects, such as a CDN."""
    can_sign: bool
    """Whether its credentials can presign URLs."""
    _kind: type[Client] = field(repr=False)
    config: Mapping[str, Any] = field(repr=False)
    """Options of the client, with the credentials."""
    _access: BucketAccess = field(repr=False)

    def url_of(self, key: str) -> str:
        """The URL of an object, without a signature."""
        return f"{self.url}/{quote(key, safe='/~')}"

    async def presign(self, key: str, valid_s: int) -> str:
        """A URL that anybody can GET an object from for `valid_s` seconds; computed without a request.

        Raises:
            InvalidJob: `invalid_credentials`.
        """
        try:
            if self.cloud is CloudType.AZURE:
                # obstore signs the percent-encoded URL, which is wrong if the path contains the account's name.
                account, secret = self.config["account_name"], self.config["account_key"]
                return f"{self.url_of(key)}?{sign_azure_blob(account, secret, self.name, key, valid_s)}"
            # For Google, obstore takes the key as a part of a URL.
            encoded_key = quote(key, safe="/~") if self.cloud is CloudType.GCP else key
            with self.lease() as (client, _):
                signer = cast("S3Store | GCSStore", client)
                return await obstore.sign_async(signer, "GET", encoded_key, timedelta(seconds=valid_s))
        except (BaseError, ValueError):
            raise invalid_credentials(self.cloud, "they cannot sign an address") from None

    @contextmanager
    def lease(self) -> Iterator[tuple[Client, ProxyTicket]]:
        """A client for one operation of the job, which a later operation takes over; errors as for `open`."""
        clients = self._access.clients
        if clients is None:
            client, ticket = self.open()
            try:
                yield client, ticket
            finally:
                ticket.close_connections()
        else:
            with clients.lease(f"{self.cloud} {self.url}", self.config, self.open) as opened:
                yield opened

    def open(self) -> tuple[Client, ProxyTicket]:
        """Make a client that connects through the egress proxy with a ticket of its own.

        Raises:
            InvalidJob: `invalid_credentials`.
        """
        access = self._access
        ticket = access.proxy.issue_ticket()
        # obstore reads missing options from the environment, and some variables override given options.
        pop_store_credentials()
        try:
            client = self._kind(
                self.name,
                config=self.config,  # type: ignore[arg-type]  # find_bucket builds it for this kind
                client_options={
                    "proxy_url": ticket.url,
                    "allow_http": access.proxy.allow_http,
                    "connect_timeout": timedelta(seconds=_CONNECT_S),
                    "read_timeout": timedelta(seconds=IDLE_S),
                    "timeout": timedelta(seconds=_REQUEST_S),
                    "user_agent": f"ffmpeg-worker/{__version__}",
                },
                retry_config={
                    "max_retries": access.retries,
                    "backoff": {"init_backoff": timedelta(seconds=access.backoff_s)},
                    "retry_timeout": timedelta(seconds=_REQUEST_S),
                },
            )
        except (BaseError, ValueError):
            raise invalid_credentials(self.cloud, "they are malformed") from None
        return client, ticket


def sign_azure_blob(
    account: str, account_key: str, container: str, key: str, valid_s: int, permissions: str = "r"
) -> str:
    """The query (a service SAS) that allows anybody to read a blob for `valid_s` seconds.

    `permissions` may allow something else, such as `cw`: create and write.

    See https://learn.microsoft.com/rest/api/storageservices/create-service-sas.

    Raises:
        ValueError: `account_key` is not base64.
    """
    end = (datetime.now(UTC) + timedelta(seconds=valid_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
    resource = f"/blob/{account}/{container}/{key}"
    # Empty fields: start, policy, addresses, protocols; snapshot, encryption and five response headers.
    fields = [permissions, "", end, resource, "", "", "", _AZURE_VERSION, "b", *[""] * 7]
    digest = hmac.digest(base64.b64decode(account_key), "\n".join(fields).encode(), "sha256")
    signature = base64.b64encode(digest).decode()
    return urlencode({"sv": _AZURE_VERSION, "sr": "b", "sp": permissions, "se": end, "sig": signature})
