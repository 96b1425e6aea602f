"""`ffmpeg-worker settings`: generates `docs/settings.md` from the settings."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, get_args, get_origin

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from ffmpeg_worker.cli.problems import exit_on_error
from ffmpeg_worker.settings import Settings, environment_variable_of, read_settings

_HEAD = """\
# Settings

The worker reads its settings once, at start, from the environment and from a file `.env` in the current folder; \
the environment wins. `runpod/handler.py` also finds the file in the folder of the project. Where that folder is \
in the data root or in an allowed root, the file is not read, and a \
warning says so: jobs write there. With an invalid value, the worker does not start: it names the variable and \
ends with exit code 78.

This page is generated: `ffmpeg-worker settings > docs/settings.md`.

| Variable | Values | Default | Meaning |
|---|---|---|---|
"""
# Defaults that depend on the machine or the release.
_COMPUTED = {
    "version": "the version of the release",
    "scratch_root": "`ffmpeg-worker-<user id>` in the system's folder of temporary files",
    "lock_root": "`/run/ffmpeg-worker`",
    "max_concurrency": "number of cores",
    "max_threads": "16 per core, at least 512",
    "max_memory_bytes": "4 GiB or less",
}
_LIMITS = {"ge": "from", "le": "to", "gt": "above"}
_KINDS = {int: "integer", float: "number", str: "text", Path: "folder", bool: "`true`, `false`"}
_LISTED = {SecretStr: "keys", Path: "folders", str: "hosts", IPv4Network | IPv6Network: "networks"}


@click.command("settings")
@click.option("--webhook-secret", is_flag=True, help="Print the secret that signs webhooks instead.")
def command(*, webhook_secret: bool) -> None:
    """Print a Markdown table of all settings with variable, values, default and meaning.

    With --webhook-secret, print what receivers of webhooks verify them with: the secret of
    FFMPEG_WORKER_WEBHOOK_SECRET, of several the first, else the one that is derived from the state key.
    """
    with exit_on_error():
        click.echo(find_webhook_secret(read_settings()) if webhook_secret else settings_page(), nl=webhook_secret)


def find_webhook_secret(settings: Settings) -> str:
    """Return the first secret that signs webhooks; the key that it is derived from is made if it is missing.

    Raises:
        Misconfigured: there is no state key, or its folder cannot be used.
    """
    # Imported late: the library of the seal takes longer than the page.
    from ffmpeg_worker.job_queue.queue_access import open_seal  # noqa: PLC0415
    from ffmpeg_worker.job_queue.webhooks.signing_secrets import derive_secret  # noqa: PLC0415

    return settings.webhook_secrets[0] if settings.webhook_secrets else derive_secret(open_seal(settings))


def settings_page() -> str:
    """Return the page as Markdown."""
    rows = [
        (f"`{environment_variable_of(name)}`", _values(field), _default(name, field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _values(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    if get_origin(kind) is tuple:
        return f"list of {_LISTED[get_args(kind)[0]]}"
    words = [next((words for type_, words in _KINDS.items() if kind in {type_, type_ | None}), "text")]
    for rule in field.metadata:
        words += [f"{word} {getattr(rule, name)}" for name, word in _LIMITS.items() if hasattr(rule, name)]
    return " ".join(words)


def _default(name: str, field: FieldInfo) -> str:
    if name in _COMPUTED:
        return _COMPUTED[name]
    if isinstance(field.default, bool):
        return f"`{field.default}`".lower()
    return "none" if field.default in (None, ()) else f"`{field.default}`"
