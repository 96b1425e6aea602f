"""A bucket in a local S3 server, accessed with another client than the worker's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]

from support.servers.s3_server import (
    ACCESS_KEY_ID,
    BUCKET,
    REGION,
    SECRET_ACCESS_KEY,
    S3Server,
    running_s3,
)

_PATH = f"/{BUCKET}/"


@dataclass
class Bucket:
    """The bucket of the tests, in `server`."""

    server: S3Server
    client: Any

    def credentials(self, **more: str) -> dict[str, str]:
        """The credentials of the bucket."""
        return {
            "aws_access_key_id": ACCESS_KEY_ID,
            "aws_secret_access_key": SECRET_ACCESS_KEY,
            "aws_session_token": "",
            "aws_region": REGION,
            "aws_url": self.server.url,
            "aws_public_url": "",
            **more,
        }

    def upload(self, key: str = "", **more: Any) -> dict[str, Any]:
        """The `upload` field of a job."""
        return {"bucket": BUCKET, "key": key, "cloud_type": "AWS", "credentials": self.credentials(), **more}

    def objects(self) -> list[str]:
        """The keys of all objects, sorted."""
        return sorted(entry["Key"] for entry in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", []))

    def outputs(self) -> list[str]:
        """The keys of all objects but manifests of results, sorted."""
        return [key for key in self.objects() if "/.ffmpeg-worker/" not in f"/{key}"]

    def asked(self, method: str) -> list[str]:
        """The keys of all requests with a method, in order, with their queries."""
        paths = [path for asked, path in self.server.requests if asked == method and path.startswith(_PATH)]
        return [unquote(path.removeprefix(_PATH)) for path in paths]

    def signed(self, operation: str, key: str) -> str:
        """A presigned URL for `get_object` or `put_object`."""
        address: str = self.client.generate_presigned_url(operation, Params={"Bucket": BUCKET, "Key": key})
        return address

    def empty(self) -> None:
        """Remove all objects and forget all requests and faults."""
        self.server.fault = lambda _method, _path: None
        for key in self.objects():
            self.client.delete_object(Bucket=BUCKET, Key=key)
        self.server.requests.clear()


@contextmanager
def open_bucket() -> Iterator[Bucket]:
    """Serve an empty bucket on 127.0.0.1."""
    with running_s3() as server:
        client = boto3.client(
            "s3",
            endpoint_url=server.url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )
        try:
            yield Bucket(server, client)
        finally:
            client.close()
