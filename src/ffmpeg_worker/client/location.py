"""The location of an API: its URL and the key it accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class ApiLocation(Protocol):
    """An API that may be starting, running or gone."""

    @property
    def api_key(self) -> str | None:
        """The key to send as bearer token."""

    def base_url(self) -> str | None:
        """The URL up to `/api`; None while the API is not running."""

    def failure(self) -> str | None:
        """A sentence that says why the API will never run; None while it still may."""

    def close(self) -> None:
        """Stop the API if this process started it."""


@dataclass(frozen=True, slots=True)
class ExternalApi:
    """An API that another process runs, at a known URL."""

    url: str
    api_key: str | None

    def base_url(self) -> str:
        """The URL up to `/api`."""
        return self.url

    def failure(self) -> None:
        """None: an external API may always come back."""

    def close(self) -> None:
        """Do nothing: this process did not start the API."""
