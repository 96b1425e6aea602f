"""Chooses the credentials for a store: the job's own, or the worker's where the operator allows that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from ffmpeg_worker.errors import InvalidJob
from ffmpeg_worker.job.credentials import CloudType, Credentials

_S3 = ("aws_access_key_id", "aws_secret_access_key")
# Sets of fields that are sufficient for a store; errors name the first one.
_SUFFICIENT: Mapping[CloudType, tuple[tuple[str, ...], ...]] = {
    CloudType.AWS: (_S3,),
    CloudType.R2: ((*_S3, "aws_url"),),
    CloudType.GCP: (("gcp_service_account_key",),),
    CloudType.AZURE: (
        ("azure_account_name", "azure_account_key"),
        ("azure_account_name", "azure_sas_token"),
        ("azure_connection_string",),
    ),
}
# Fields that may be combined with the worker's credentials. The others name an endpoint or an account: a job that
# sets one of them never gets the worker's credentials.
_COMBINABLE = {"aws_region", "aws_public_url", "gcp_public_url", "azure_public_url"}
_VARIABLES: Mapping[CloudType, Mapping[str, tuple[str, ...]]] = {
    CloudType.AWS: {
        "aws_access_key_id": ("AWS_ACCESS_KEY_ID",),
        "aws_secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
        "aws_session_token": ("AWS_SESSION_TOKEN",),
        "aws_region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
        "aws_url": ("AWS_ENDPOINT_URL",),
    },
    CloudType.GCP: {"gcp_service_account_key": ("GOOGLE_SERVICE_ACCOUNT_KEY",)},
    CloudType.AZURE: {
        "azure_account_name": ("AZURE_STORAGE_ACCOUNT_NAME",),
        "azure_account_key": ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_KEY"),
        "azure_sas_token": ("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS"),
        "azure_connection_string": ("AZURE_STORAGE_CONNECTION_STRING",),
    },
}


def complete_credentials(
    cloud: CloudType, given: Credentials | None, own: Mapping[str, str] | None
) -> Credentials:
    """Credentials that are complete for the cloud.

    Args:
        cloud: AWS, R2, GCP or AZURE.
        given: the job's.
        own: the worker's environment, if jobs may use its credentials. They are never combined with the job's, nor
            sent to an endpoint that the job names.

    Raises:
        InvalidJob: `credentials_missing`, with the missing fields.
    """
    given = given or Credentials()
    if _is_complete(cloud, given):
        return given
    if own is not None and not _names_account(cloud, given):
        found = _from_environment(cloud, own).model_copy(
            update={name: getattr(given, name) for name in given.model_fields_set if getattr(given, name)}
        )
        if _is_complete(cloud, found):
            return found
    raise _missing(cloud, given)


def _is_complete(cloud: CloudType, credentials: Credentials) -> bool:
    return any(all(getattr(credentials, name) for name in names) for names in _SUFFICIENT[cloud])


def _names_account(cloud: CloudType, given: Credentials) -> bool:
    foreign = given.find_foreign_fields(cloud)
    return any(value is not None and name not in {*_COMBINABLE, *foreign} for name, value in given)


def _from_environment(cloud: CloudType, own: Mapping[str, str]) -> Credentials:
    named = _VARIABLES[CloudType.AWS if cloud is CloudType.R2 else cloud]
    values = {
        name: next((own[variable] for variable in variables if own.get(variable)), "")
        for name, variables in named.items()
    }
    key_file = own.get("GOOGLE_APPLICATION_CREDENTIALS")
    if cloud is CloudType.GCP and key_file and not values["gcp_service_account_key"]:
        values["gcp_service_account_key"] = _read(Path(key_file))
    return Credentials.model_validate(values)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _missing(cloud: CloudType, given: Credentials) -> InvalidJob:
    sets = _SUFFICIENT[cloud]
    # The set with the fewest missing fields: a job that gives an account needs its key, not a connection string.
    missing = min(([name for name in names if not getattr(given, name)] for names in sets), key=len)
    if not _names_account(cloud, given):
        missing = list(sets[0])
    names = " and ".join(f'"{name}"' for name in missing)
    verb = "is" if len(missing) == 1 else "are"
    return InvalidJob(
        f"The credentials for {cloud} are incomplete: {names} {verb} missing or empty.",
        code="credentials_missing",
        hint='Give them in "credentials"; the worker\'s own are used only if its operator allows that.',
    )


def read_connection_string(credentials: Credentials) -> Credentials:
    """Split Azure's connection string into account, key or signature, and endpoint; without one, do nothing.

    Raises:
        InvalidJob: `invalid_credentials`.
    """
    if credentials.azure_connection_string is None:
        return credentials
    text = credentials.azure_connection_string.get_secret_value()
    parts = {
        name.strip().lower(): value.strip()
        for name, _, value in (part.partition("=") for part in text.split(";") if part.strip())
    }
    account, key, signature = (parts.get(name) for name in ("accountname", "accountkey", "sharedaccesssignature"))
    endpoint = parts.get("blobendpoint") or _endpoint_of(account, parts)
    if not endpoint or not (signature or (account and key)):
        raise InvalidJob(
            'The "azure_connection_string" needs an account with its key, or an endpoint with a signature.',
            code="invalid_credentials",
            hint="Copy the complete string that the Azure portal shows.",
        )
    return Credentials(
        azure_account_name=account or endpoint.partition("://")[2].partition(".")[0],
        azure_account_key=None if signature else SecretStr(key or ""),
        azure_sas_token=SecretStr(signature) if signature else None,
        azure_url=endpoint,
        azure_public_url=credentials.azure_public_url,
    )


def _endpoint_of(account: str | None, parts: Mapping[str, str]) -> str | None:
    if not account:
        return None
    scheme = parts.get("defaultendpointsprotocol", "https")
    return f"{scheme}://{account}.blob.{parts.get('endpointsuffix', 'core.windows.net')}"
