"""Builds a `Bucket` from its cloud, name and credentials."""

from __future__ import annotations

import json
import re

from obstore.store import AzureStore, GCSStore, S3Store
from pydantic import SecretStr
from pydantic_core import Url
from yarl import URL

from ffmpeg_worker.errors import AddressNotAllowed
from ffmpeg_worker.job.credentials import CloudType, Credentials
from ffmpeg_worker.outbound.addresses import has_usable_host
from ffmpeg_worker.storage.objects.bucket import Bucket, BucketAccess
from ffmpeg_worker.storage.objects.credentials import complete_credentials, read_connection_string
from ffmpeg_worker.storage.objects.errors import invalid_credentials

_REGION = re.compile(r"[a-z0-9-]{1,64}")
_ACCOUNT = re.compile(r"[a-z0-9-]{1,63}")
_KEY_FILE_FIELDS = ("client_email", "private_key", "private_key_id")


def find_bucket(cloud: CloudType, name: str, credentials: Credentials | None, access: BucketAccess) -> Bucket:
    """The bucket of that name.

    Args:
        cloud: AWS, R2, GCP or AZURE.
        name: of the bucket or container; must have passed `is_bucket_name`.
        credentials: the job's.
        access: the worker's proxy, own credentials and endpoints.

    Raises:
        InvalidJob: `credentials_missing`, `invalid_credentials`.
        AddressNotAllowed: the worker may not call the endpoint.
    """
    bucket = _FINDERS[cloud](cloud, name, complete_credentials(cloud, credentials, access.own_environment), access)
    try:
        # obstore panics at what its parser of URLs, which is this one, refuses.
        Url(bucket.url)
    except ValueError:
        raise AddressNotAllowed(
            "The name of the bucket and its endpoint or account make no URL.", hint="Correct them."
        ) from None
    return bucket


def _find_s3(cloud: CloudType, name: str, credentials: Credentials, access: BucketAccess) -> Bucket:
    region = credentials.aws_region or ("auto" if cloud is CloudType.R2 else "us-east-1")
    if not _REGION.fullmatch(region):
        raise invalid_credentials(cloud, '"aws_region" is not a region')
    endpoint = _read_endpoint(credentials.aws_url, "aws_url", access) if credentials.aws_url else None
    if endpoint is None:
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        # The certificate for *.s3.… does not cover names with further dots.
        host = f"s3.{region}.{domain}" if "." in name else f"{name}.s3.{region}.{domain}"
        endpoint = URL(f"https://{host}")
    has_bucket = (endpoint.raw_host or "").startswith(f"{name.lower()}.")
    base = str(endpoint).rstrip("/").removesuffix(f"/{name}")
    config = {
        "access_key_id": _reveal(credentials.aws_access_key_id),
        "secret_access_key": _reveal(credentials.aws_secret_access_key),
        "region": region,
        "endpoint": base,
        "virtual_hosted_style_request": has_bucket,
        "skip_signature": False,
        "disable_bulk_delete": True,
    }
    if credentials.aws_session_token is not None:
        config["session_token"] = _reveal(credentials.aws_session_token)
    url = base if has_bucket else f"{base}/{name}"
    return Bucket(cloud, name, url, credentials.aws_public_url, True, S3Store, config, access)


def _find_google(cloud: CloudType, name: str, credentials: Credentials, access: BucketAccess) -> Bucket:
    try:
        document = json.loads(_reveal(credentials.gcp_service_account_key))
    except ValueError:
        document = None
    if not isinstance(document, dict) or not all(
        isinstance(document.get(key), str) and document[key] for key in _KEY_FILE_FIELDS
    ):
        raise invalid_credentials(cloud, '"gcp_service_account_key" is not the key file of a service account')
    # Only these fields: a key file may also name an endpoint, and ask to send no credentials.
    key_file = {key: document[key] for key in _KEY_FILE_FIELDS} | {"disable_oauth": False}
    config = {
        "service_account_key": json.dumps({**key_file, "gcs_base_url": access.google_url}),
        "skip_signature": False,
    }
    url = f"{access.google_url}/{name}"
    return Bucket(cloud, name, url, credentials.gcp_public_url, True, GCSStore, config, access)


def _find_azure(cloud: CloudType, name: str, credentials: Credentials, access: BucketAccess) -> Bucket:
    credentials = read_connection_string(credentials)
    account = credentials.azure_account_name or ""
    if not _ACCOUNT.fullmatch(account):
        raise invalid_credentials(cloud, '"azure_account_name" is not the name of a storage account')
    given = credentials.azure_url or f"https://{account}.blob.core.windows.net"
    base = str(_read_endpoint(given, "azure_url", access)).rstrip("/")
    config = {"account_name": account, "endpoint": base, "skip_signature": False}
    key = _reveal(credentials.azure_account_key)
    if key:
        config |= {"account_key": key, "credential_type": "access_key"}
    else:
        signature = _reveal(credentials.azure_sas_token).lstrip("?")
        config |= {"sas_key": signature, "credential_type": "sas_token"}
    url = f"{base}/{name}"
    return Bucket(cloud, name, url, credentials.azure_public_url, bool(key), AzureStore, config, access)


_FINDERS = {
    CloudType.AWS: _find_s3,
    CloudType.R2: _find_s3,
    CloudType.GCP: _find_google,
    CloudType.AZURE: _find_azure,
}


def _read_endpoint(text: str, name: str, access: BucketAccess) -> URL:
    """Parse a caller's endpoint; the egress proxy checks the addresses of its host when it is called."""
    refusal = AddressNotAllowed(
        f'The endpoint in "{name}" cannot be used.',
        hint="Write https://HOST, without user, query or fragment; http:// only where the operator allows it.",
    )
    if not text.isascii() or re.search(r"[\x00-\x20\x7f\\]", text):
        raise refusal
    try:
        url = URL(text, encoded=True)
        has_user = "@" in url.raw_authority
        has_more = has_user or bool(url.raw_query_string or url.raw_fragment)
        is_strange = has_more or not has_usable_host(url) or not url.port
    except ValueError:
        raise refusal from None
    if is_strange or url.scheme not in {"http", "https"} or (url.scheme == "http" and not access.proxy.allow_http):
        raise refusal
    return url


def _reveal(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
