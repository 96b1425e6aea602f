"""Finds what does not agree among compositions, entries, pictures and pages. Draws nothing.

docs/images/gallery.json has a digest of what each picture was made from, so that a picture of an older composition
is found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from gallery_entries import ROOT, all_entries, read_recipes
from gallery_page import write_pages

MAX_BYTES = {"gallery": 25_000, "recipes": 20_000}
"""Of one picture, by folder of docs/images."""
MAX_FOLDER_BYTES = {"gallery": 900_000, "recipes": 400_000}
_MEDIA_SCRIPTS = ("dishes.py", "make_media.py", "people.py", "pictures.py", "rooms.py", "things.py")


def digest_media(root: Path = ROOT) -> str:
    """A digest of the scripts that make the media."""
    return _digest(*((root / "examples/canvas" / name).read_bytes() for name in _MEDIA_SCRIPTS))


def list_pictures(root: Path = ROOT) -> dict[str, str]:
    """The pictures there should be, and the digest of what each is made from."""
    media = digest_media(root)
    found = {}
    for entry in all_entries(root):
        path = root / f"examples/canvas/{entry.name}.json"
        composition = path.read_bytes() if path.exists() else b""
        found[f"gallery/{entry.name}.webp"] = _digest(composition, repr((entry.times, entry.rows)).encode(), media)
    for recipe in read_recipes(root).values():
        found[f"recipes/{recipe.name}.webp"] = _digest(repr(recipe).encode(), media)
    return found


def read_manifest(root: Path = ROOT) -> dict[str, dict[str, str]]:
    """For each picture that has been drawn: `from`, the digest of what it was made from, and `file`, its own."""
    path = root / "docs/images/gallery.json"
    found: dict[str, dict[str, str]] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def write_manifest(drawn: dict[str, str], root: Path = ROOT) -> None:
    """Record the digests of all pictures; `drawn` are those of their origins."""
    images = root / "docs/images"
    found = {
        name: {"from": origin, "file": _digest((images / name).read_bytes())}
        for name, origin in sorted(drawn.items())
    }
    (images / "gallery.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def find_stale(root: Path = ROOT) -> list[str]:
    """The pictures that are missing, or were made from something else than what is there now."""
    manifest, images = read_manifest(root), root / "docs/images"
    return [
        name
        for name, origin in list_pictures(root).items()
        if not (images / name).exists()
        or manifest.get(name) != {"from": origin, "file": _digest((images / name).read_bytes())}
    ]


def find_problems(root: Path = ROOT) -> Iterator[str]:
    """Yield what does not agree among compositions, entries, pictures and pages."""
    files = {path.stem for path in (root / "examples/canvas").glob("*.json")}
    names = [entry.name for entry in all_entries(root)]
    yield from (f"examples/canvas/{name}.json has no entry in gallery.toml" for name in sorted(files - {*names}))
    yield from (f"the entry {name} of gallery.toml has no composition" for name in sorted({*names} - files))
    yield from (f"gallery.toml has {name} twice" for name in sorted({*names}) if names.count(name) > 1)
    yield from (f"docs/images/{name} is out of date" for name in find_stale(root))
    for folder, most in MAX_FOLDER_BYTES.items():
        paths = sorted((root / "docs/images" / folder).glob("*"))
        known = list_pictures(root)
        yield from (
            f"docs/images/{folder}/{path.name} is not used"
            for path in paths
            if f"{folder}/{path.name}" not in known
        )
        sizes = {path.name: path.stat().st_size for path in paths}
        yield from (f"{name} has {size} bytes" for name, size in sizes.items() if size > MAX_BYTES[folder])
        if sum(sizes.values()) > most:
            yield f"docs/images/{folder} has {sum(sizes.values())} bytes, more than {most}"
    if not {*names} - files:
        yield from (
            f"{path} is out of date" for path, text in write_pages(root).items() if path.read_text("utf-8") != text
        )


def _digest(*parts: bytes | str) -> str:
    whole = hashlib.sha256()
    for part in parts:
        one = part.encode() if isinstance(part, str) else part
        whole.update(len(one).to_bytes(8, "big") + one)
    return whole.hexdigest()[:20]
