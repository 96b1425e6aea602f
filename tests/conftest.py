"""What tests of several kinds use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.servers.bucket import Bucket


@pytest.fixture(scope="module")
def served() -> Iterator[Bucket]:
    """A bucket for all tests of a module."""
    from support.servers.bucket import open_bucket  # the server takes a second to load, and few tests want it

    with open_bucket() as bucket:
        yield bucket


@pytest.fixture
def bucket(served: Bucket) -> Bucket:
    """That bucket, empty."""
    served.empty()
    return served
