"""Errors of a connection to a web server."""

from __future__ import annotations

import ssl

import aiohttp

CONNECTION_ERRORS = (aiohttp.ClientError, TimeoutError, ConnectionError, ssl.SSLError)
"""Exceptions of a connection that cannot be made, breaks off or stalls."""
