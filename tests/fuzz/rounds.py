"""The duration and the seed of fuzz tests: `FUZZ_SECONDS`, `FUZZ_SEED`."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator

from support.extent import IS_FULL

DEFAULT_SECONDS = 10 if IS_FULL else 1
SECONDS = float(os.environ.get("FUZZ_SECONDS", DEFAULT_SECONDS))
"""Seconds that each test takes."""
SEED = os.environ.get("FUZZ_SEED", "1")
"""Any word; `FUZZ_SEED=1#commands:17` runs only round 17 of the test `commands`."""


def rounds(name: str, share: float = 1.0) -> Iterator[tuple[str, random.Random]]:
    """Yield labels and random number generators, at least ten of them, until the time is used up.

    `FUZZ_SEED=LABEL` repeats the round of that label.

    Args:
        name: name of the test.
        share: share of `FUZZ_SECONDS`.
    """
    base, _, only = SEED.partition("#")
    if only:
        if only.partition(":")[0] == name:
            label = f"{base}#{only}"
            yield label, random.Random(label)
        return
    end = time.monotonic() + SECONDS * share
    number = 0
    while number < 10 or time.monotonic() < end:
        label = f"{base}#{name}:{number}"
        yield label, random.Random(label)
        number += 1
    print(f"FUZZ_SEED={base}: {number} rounds of {name}")  # noqa: T201 - shown with -s and for failed tests
