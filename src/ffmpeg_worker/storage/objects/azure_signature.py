"""Azure's signatures for one blob; those of the other stores come from the client's library.

The library signs the address as it is spelt, which is wrong where an account's name stands in its path.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

_VERSION = "2023-11-03"


def azure_signature(account: str, account_key: str, container: str, key: str, lasts_s: int) -> str:
    """The query that lets anybody read a blob for so many seconds.

    Raises:
        ValueError: `account_key` is not base64.
    """
    end = (datetime.now(UTC) + timedelta(seconds=lasts_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
    resource = f"/blob/{account}/{container}/{key}"
    # Between them: start, policy, addresses, protocols; snapshot, encryption and five headers of the answer.
    fields = ["r", "", end, resource, "", "", "", _VERSION, "b", *[""] * 7]
    digest = hmac.digest(base64.b64decode(account_key), "\n".join(fields).encode(), "sha256")
    return urlencode({"sv": _VERSION, "sr": "b", "sp": "r", "se": end, "sig": base64.b64encode(digest).decode()})
