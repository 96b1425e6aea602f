"""The names of all environment variables that the project reads and documents."""

from __future__ import annotations

import re

from support.docs.json_examples import ROOT

KNOWN = frozenset(
    name
    for page in ("docs/settings.md", "docs/runpod.md")
    for name in re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
) | {"RUNPOD_MIN_MEMORY_GB"}
