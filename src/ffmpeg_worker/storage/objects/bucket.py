"""One bucket (Azure: container) with what opens it: where it is, and the client that speaks to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from urllib.parse import quote

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store
from pydantic import SecretStr
from yarl import URL

from ffmpeg_worker import __version__
from ffmpeg_worker.errors import AddressNotAllowed, InvalidJob, UnsupportedFeature
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.outbound.proxy import EgressProxy, ProxyTicket
from ffmpeg_worker.outbound.rules import IDLE_S
from ffmpeg_worker.settings import pop_store_credentials
from ffmpeg_worker.storage.objects.azure_signature import azure_signature
from ffmpeg_worker.storage.objects.credentials import complete_credentials, read_connection_string

Client = S3Store | GCSStore | AzureStore

_REGION = re.compile(r"[a-z0-9-]{1,64}")
_ACCOUNT = re.compile(r"[a-z0-9-]{1,63}")
_GOOGLE = "https://storage.googleapis.com"
_CONNECT_S = 15.0
_REQUEST_S = 300.0
_KEY_FILE_FIELDS = ("client_email", "private_key", "private_key_id")


@dataclass(frozen=True, slots=True)
class ObjectAccess:
    """How buckets may be reached, the same for all jobs.

    `own_environment`: the worker's variables, where jobs may use its credentials, else `None`.
    `google_url`: another endpoint of Google Cloud Storage, which only the operator may choose.
    """

    proxy: EgressProxy
    own_environment: Mapping[str, str] | None = field(default=None, repr=False)
    google_url: str = _GOOGLE
    retries: int = 3
    backoff_s: float = 0.3
    """Seconds before the first retry of a request, about; twice as long before each further one."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that can be opened; made by `find_bucket`."""

    cloud: CloudType
    name: str
    url: str
    """Of the bucket itself, without a slash at its end."""
    public_url: str | None
    can_sign: bool
    _kind: type[Client] = field(repr=False)
    _config: Mapping[str, Any] = field(repr=False)
    _access: ObjectAccess = field(repr=False)

    def url_of(self, key: str) -> str:
        """Where an object is, without any signature."""
        return f"{self.url}/{quote(key, safe='/~')}"

    def identity(self, key: str) -> str:
        """Names an object over all jobs."""
        return f"{self.cloud} {self.url_of(key)}"

    async def presigned_url(self, key: str, lasts_s: int) -> str:
        """Where anybody can GET an object for so many seconds; nobody is asked for it.

        Raises:
            InvalidJob: `invalid_credentials`.
        """
        try:
            if self.cloud is CloudType.AZURE:
                account, secret = self._config["account_name"], self._config["account_key"]
                return f"{self.url_of(key)}?{azure_signature(account, secret, self.name, key, lasts_s)}"
            client = cast("S3Store | GCSStore", self.open(self._access.proxy.issue()))
            # For Google the library takes the key as a piece of an address.
            spelt = quote(key, safe="/~") if self.cloud is CloudType.GCP else key
            return await obstore.sign_async(client, "GET", spelt, timedelta(seconds=lasts_s))
        except (BaseError, ValueError):
            raise _invalid(self.cloud, "nothing can be signed with them") from None

    def open(self, ticket: ProxyTicket) -> Client:
        """A client that goes by a pass of the egress proxy.

        Raises:
            InvalidJob: `invalid_credentials`.
        """
        access = self._access
        # The client's library takes what it is not told from the environment, some even over what it is told.
        pop_store_credentials()
        try:
            return self._kind(
                self.name,
                config=self._config,  # type: ignore[arg-type]  # built for this kind below
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
            raise _invalid(self.cloud, "they cannot be read") from None


def find_bucket(cloud: CloudType, name: str, credentials: Credentials | None, access: ObjectAccess) -> Bucket:
    """The bucket of that name.

    Args:
        cloud: AWS, R2, GCP or AZURE.
        name: of the bucket or container, checked before by `describe_bucket_problem`.
        credentials: the job's.
        access: the worker's side.

    Raises:
        InvalidJob: `credentials_missing`, `invalid_credentials`.
        AddressNotAllowed: the endpoint is none that can be called.
    """
    if cloud not in _FINDERS:
        raise UnsupportedFeature(f'"{cloud}" is no store of objects.', hint="Use AWS, R2, GCP or AZURE.")
    return _FINDERS[cloud](cloud, name, complete_credentials(cloud, credentials, access.own_environment), access)


def _find_s3(cloud: CloudType, name: str, credentials: Credentials, access: ObjectAccess) -> Bucket:
    region = credentials.aws_region or ("auto" if cloud is CloudType.R2 else "us-east-1")
    if not _REGION.fullmatch(region):
        raise _invalid(cloud, '"aws_region" is no region')
    endpoint = _endpoint(credentials.aws_url, "aws_url", access) if credentials.aws_url else None
    if endpoint is None:
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        # A certificate for *.s3.… does not hold for names with more dots.
        host = f"s3.{region}.{domain}" if "." in name else f"{name}.s3.{region}.{domain}"
        endpoint = URL(f"https://{host}")
    has_bucket = (endpoint.host or "").startswith(f"{name.lower()}.")
    base = str(endpoint).rstrip("/")
    base = base.removesuffix(f"/{name}")
    config = {
        "access_key_id": _plain(credentials.aws_access_key_id),
        "secret_access_key": _plain(credentials.aws_secret_access_key),
        "region": region,
        "endpoint": base,
        "virtual_hosted_style_request": has_bucket,
        "skip_signature": False,
        "disable_bulk_delete": True,
    }
    if credentials.aws_session_token is not None:
        config["session_token"] = _plain(credentials.aws_session_token)
    url = base if has_bucket else f"{base}/{name}"
    return Bucket(cloud, name, url, credentials.aws_public_url, True, S3Store, config, access)


def _find_google(cloud: CloudType, name: str, credentials: Credentials, access: ObjectAccess) -> Bucket:
    try:
        document = json.loads(_plain(credentials.gcp_service_account_key))
    except ValueError:
        document = None
    if not isinstance(document, dict) or not all(
        isinstance(document.get(key), str) and document[key] for key in _KEY_FILE_FIELDS
    ):
        raise _invalid(cloud, '"gcp_service_account_key" is no key file of a service account')
    # Only these: a key file may also name an endpoint, and ask to send no credentials.
    key_file = {key: document[key] for key in _KEY_FILE_FIELDS} | {"disable_oauth": False}
    config = {
        "service_account_key": json.dumps({**key_file, "gcs_base_url": access.google_url}),
        "skip_signature": False,
    }
    url = f"{access.google_url}/{name}"
    return Bucket(cloud, name, url, credentials.gcp_public_url, True, GCSStore, config, access)


def _find_azure(cloud: CloudType, name: str, credentials: Credentials, access: ObjectAccess) -> Bucket:
    credentials = read_connection_string(credentials)
    account = credentials.azure_account_name or ""
    if not _ACCOUNT.fullmatch(account):
        raise _invalid(cloud, '"azure_account_name" is no name of a storage account')
    given = credentials.azure_url or f"https://{account}.blob.core.windows.net"
    base = str(_endpoint(given, "azure_url", access)).rstrip("/")
    config = {"account_name": account, "endpoint": base, "skip_signature": False}
    key = _plain(credentials.azure_account_key)
    if key:
        config |= {"account_key": key, "credential_type": "access_key"}
    else:
        signature = _plain(credentials.azure_sas_token).lstrip("?")
        config |= {"sas_key": signature, "credential_type": "sas_token"}
    return Bucket(
        cloud, name, f"{base}/{name}", credentials.azure_public_url, bool(key), AzureStore, config, access
    )


_FINDERS = {
    CloudType.AWS: _find_s3,
    CloudType.R2: _find_s3,
    CloudType.GCP: _find_google,
    CloudType.AZURE: _find_azure,
}


def _endpoint(text: str, name: str, access: ObjectAccess) -> URL:
    """A caller's endpoint; where its host leads is looked at when it is called."""
    refusal = AddressNotAllowed(
        f'The endpoint in "{name}" cannot be used.',
        hint="Write https://HOST, without user, query or fragment; http:// only where the operator allows it.",
    )
    if not text.isascii() or re.search(r"[\x00-\x20\x7f\\]", text):
        raise refusal
    try:
        url = URL(text, encoded=True)
        has_user = "@" in url.raw_authority
        is_strange = has_user or bool(url.raw_query_string or url.raw_fragment) or not url.raw_host or not url.port
    except ValueError:
        raise refusal from None
    if is_strange or url.scheme not in {"http", "https"} or (url.scheme == "http" and not access.proxy.allow_http):
        raise refusal
    return url


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def _invalid(cloud: CloudType, reason: str) -> InvalidJob:
    return InvalidJob(
        f"The credentials for {cloud} cannot be used: {reason}.",
        code="invalid_credentials",
        hint="Copy them again from where they were made, whole and unchanged.",
    )
