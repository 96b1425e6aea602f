"""The gallery's scripts, which are not part of the package."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from typing import Any

from support.docs.json_examples import ROOT


@cache
def load_gallery(name: str) -> Any:
    """Load `gallery_entries`, which reads the entries, or `gallery_check`, which checks them."""
    folder = str(ROOT / "examples/canvas")
    sys.path.append(folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)
