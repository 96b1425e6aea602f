"""Signed links to files of the data root, for callers without a key, until they expire.

A link is `/api/files/~{expires}.{covered}.{owner}.{signature}/{name}`: see `job_queue/output_links.py`. That of a
playlist in a folder covers the files of the folder; one directly in the data root covers itself only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ffmpeg_worker.job_queue.output_links import check_expiry, choose_expiry, hide_token, refused_link
from ffmpeg_worker.job_queue.queue_access import find_seal, has_seal
from ffmpeg_worker.settings import Settings
from ffmpeg_worker.storage.content_types import is_manifest

FILES_PATH = "/api/files"
_ONE_FILE = "x"
_TOKEN = r"~(\d{1,11})\.(x|\d{1,4})\.([a-z0-9-]{1,32})\.([0-9a-f]{64})"
_LINK = re.compile(rf"{FILES_PATH}/({_TOKEN})/(.+)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class FileLink:
    """The parts of a link, unchecked."""

    expires: int
    covered: str
    owner: str
    signature: str
    name: str


class FileLinks:
    """Makes and checks links; processes with the same state key accept each other's."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._lifetime_s = settings.link_lifetime_s
        self._clock = clock
        self._own_key = secrets.token_bytes(32)

    def make(self, base_url: str, owner: str, name: str) -> str:
        """Return a link to a file; `base_url` has no slash at its end."""
        expires = choose_expiry(self._clock(), self._lifetime_s)
        folders = name.count("/")
        covered = str(folders) if folders and is_manifest(name) else _ONE_FILE
        signature = self._sign(self._keys()[0], expires, covered, owner, name)
        return f"{base_url}{FILES_PATH}/~{expires}.{covered}.{owner}.{signature}/{quote(name)}"

    def check(self, link: FileLink) -> None:
        """Check a link.

        Raises:
            JobOutputError: it is not valid for this file, or not any more.
        """
        parts = (link.expires, link.covered, link.owner, link.name)
        signatures = [self._sign(key, *parts) for key in self._keys()]
        if not any(hmac.compare_digest(link.signature, signature) for signature in signatures):
            raise refused_link()
        check_expiry(link.expires, self._clock(), self._lifetime_s)

    def link_outputs(self, result: Mapping[str, Any], base_url: str, owner: str, root: Path) -> dict[str, Any]:
        """Return a result in which every output below `root` has a link as its `url`, if it has none."""
        linked = self._link_all(result, base_url, owner, root)
        if isinstance(reports := linked.get("results"), list):  # those of the processes of `multi_process`
            linked["results"] = [self._link_all(report, base_url, owner, root) for report in reports]
        return linked

    def _link_all(self, holder: Mapping[str, Any], base_url: str, owner: str, root: Path) -> dict[str, Any]:
        outputs = holder.get("outputs")
        if not isinstance(outputs, list) or not outputs:
            return {**holder}
        return {**holder, "outputs": [self._link(output, base_url, owner, root) for output in outputs]}

    def _link(self, output: Mapping[str, Any], base_url: str, owner: str, root: Path) -> Mapping[str, Any]:
        path = Path(str(output.get("path")))
        if output.get("url") or not path.is_relative_to(root):
            return output
        linked = {**output, "url": self.make(base_url, owner, str(path.relative_to(root)))}
        return {key: linked[key] for key in ("name", "path", "url", *linked) if key in linked}

    def _keys(self) -> Sequence[bytes]:
        """Return the key that signs, and another that is accepted: the one from before there was a state key."""
        if not has_seal(self._settings):
            return (self._own_key,)
        return (self._sealed_key, self._own_key)

    @cached_property
    def _sealed_key(self) -> bytes:
        seal = find_seal(self._settings)
        return self._own_key if seal is None else seal.derive("links to files")

    @staticmethod
    def _sign(key: bytes, expires: int, covered: str, owner: str, name: str) -> str:
        scope = name if covered == _ONE_FILE else "/".join(name.split("/")[:-1][: int(covered)])
        return hmac.new(key, json.dumps([expires, covered, owner, scope]).encode(), hashlib.sha256).hexdigest()


def find_file_link(path: str) -> FileLink | None:
    """Return the link in the path of a request, unchecked; `None` if it is none."""
    found = _LINK.fullmatch(path)
    return FileLink(int(found[2]), found[3], found[4], found[5], found[6]) if found else None


def hide_tokens(path: str) -> str:
    """Return a path as the log may show it: who has the token of a link may fetch the file."""
    found = _LINK.fullmatch(path)
    return f"{FILES_PATH}/~…/{found[6]}" if found else hide_token(path)
